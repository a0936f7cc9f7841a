import { createMapping, type Mapping } from '../booter/mapping.js';
import type { ReadFiles } from '../config/load.js';
import type { Loaded } from '../config/read.js';
import type { Config } from '../config/schema.js';
import type { Endpoint } from '../net/endpoint.js';
import type { ServedInterface, ServedInterfaces } from '../pxe/served-interfaces.js';
import { nearestUrl } from './api-server.js';
import { loadWithWarnings } from './common.js';
import { interfacesOnThisHost, servedBy } from './explained-site.js';

/** What the checks look at. */
export type DoctorSite = Omit<Loaded, 'tokens'> & {
  /** Why what it names for TLS, as tokens or as documents cannot be used; the rest of it is looked at all the same. */
  readonly refusal?: unknown;
  readonly read: Pick<ReadFiles, 'included'>;
  readonly mapping: Mapping;
  readonly server: RunningServer;
  /** Where DHCP is, or would be, answered on this host. */
  readonly decided: ServedInterfaces;
  readonly served: readonly ServedInterface[];
};

/** Of this configuration, on this host. `unknown`: the ports are chosen by the system, so that nobody knows where to ask. */
export type RunningServer =
  | { readonly kind: 'ready' | 'unready' | 'other'; readonly url: string }
  | { readonly kind: 'none' | 'unknown' };

const PATIENCE_MILLISECONDS = 2_000;

/** Throws CONFIG_INVALID where the configuration itself is wrong. */
export async function readSite(options: { readonly config?: string }): Promise<DoctorSite> {
  const { refusal, ...loaded } = await readAsFarAsPossible(options);
  const { config } = loaded;
  const mapping = createMapping(config);
  const decided = interfacesOnThisHost(config);
  const server = await findServer(config);
  return { ...loaded, ...(refusal !== undefined && { refusal }), mapping, server, decided, served: servedBy(decided) };
}

async function readAsFarAsPossible(options: {
  readonly config?: string;
}): Promise<Awaited<ReturnType<typeof loadWithWarnings>> & { readonly refusal?: unknown }> {
  try {
    return await loadWithWarnings(options, { withSecrets: true });
  } catch (refusal) {
    return { ...(await loadWithWarnings(options)), refusal };
  }
}

/** Both listeners say whether it is ready; one of them may be held by somebody else. */
async function findServer({ api, http }: Config): Promise<RunningServer> {
  const known = [api.listen, http.listen].filter(({ port }) => port !== 0);
  if (known.length === 0) return { kind: 'unknown' };
  const found = await Promise.all(known.map(askReadiness));
  const ours = found.find(({ kind }) => kind === 'ready' || kind === 'unready');
  return ours ?? found.find(({ kind }) => kind === 'other') ?? { kind: 'none' };
}

/** Who answers there, if anybody: in words that only ours has. Never rejects. */
export async function askReadiness(at: Endpoint): Promise<RunningServer> {
  const url = nearestUrl(at);
  const kind = await readinessAt(url);
  return kind === 'none' ? { kind } : { kind, url };
}

/** The same by a URL. Never rejects. */
export async function readinessAt(url: string): Promise<'ready' | 'unready' | 'other' | 'none'> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
    const answer = await fetch(`${url}/readyz`, { signal, redirect: 'error' });
    const said = (await answer.text()).slice(0, 100);
    if (said === 'ready\n') return 'ready';
    return said === 'not ready\n' ? 'unready' : 'other';
  } catch (thrown) {
    // Whoever takes the connection and does not speak as we do.
    return /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL/.test(codeOf(thrown))
      ? 'none'
      : 'other';
  }
}

function codeOf(thrown: unknown): string {
  const { cause } = thrown as { readonly cause?: { readonly code?: unknown } };
  return String(cause?.code);
}

export function isOurs({ kind }: RunningServer): boolean {
  return kind === 'ready' || kind === 'unready';
}
