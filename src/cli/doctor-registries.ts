import { type MappedReference, mappedReferences } from '../booter/mapped-references.js';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { ACCEPTED_MANIFESTS } from '../oci/media-type.js';
import { manifestNameOf, type RegistryReference } from '../oci/reference.js';
import type { RegistryClient } from '../oci/registry-client.js';
import { repositoryPath } from '../oci/registry-repository.js';
import { openRegistries, settingsIn } from '../registries.js';
import { type Awaited, type CheckResult, failed, warned } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';

const CHECK = 'registries';
const PATIENCE_MILLISECONDS = 4_000;

/** What a registry said of the time, and when it was heard, both in milliseconds since the epoch. */
export type HeardTime = { readonly who: string; readonly said: number; readonly heard: number };

export type RegistriesAsked = {
  readonly results: readonly CheckResult[];
  /** By `host[:port]`: what is mapped there is not to be had. */
  readonly failing: ReadonlySet<string>;
  readonly times: readonly HeardTime[];
};

/** Where one manifest is asked for: the registry itself, or a mirror that is asked before it. */
type Asked = { readonly registry: string; readonly host: string; readonly base: URL; readonly path: string };

/** Each registry that something is mapped of, and its mirrors, by one manifest, with the credentials that there are. Never rejects. */
export async function askRegistries({ config, mapping }: DoctorSite, awaited: Awaited): Promise<RegistriesAsked> {
  const odd: string[] = [];
  const client = openRegistries(
    (registry) => settingsIn(config, registry),
    (text) => odd.push(text),
  );
  try {
    const places = await mappedReferences(mapping);
    const first = [...places.values()].flatMap(([one]) => registryReferenceOf(one) ?? []);
    const answers = await Promise.all(
      first.flatMap((reference) =>
        placesOf(reference, config, client).map((at) => awaited.by(at.host, ask(client, reference, at))),
      ),
    );
    return summary(answers, odd);
  } finally {
    await client.close();
  }
}

function registryReferenceOf(one: MappedReference | undefined): RegistryReference | undefined {
  return one?.reference.kind === 'registry' ? one.reference : undefined;
}

function placesOf(
  { registry = '', repository }: RegistryReference,
  config: Config,
  client: RegistryClient,
): readonly Asked[] {
  const own = { registry, host: registry, base: client.baseUrl(registry), path: repositoryPath(registry, repository) };
  const { mirrors = [] } = settingsIn(config, registry);
  const others = mirrors.map(({ host, plainHttp, path }) => ({
    ...{ registry, host, base: new URL(`${plainHttp ? 'http' : 'https'}://${host}/v2/`) },
    path: [path, own.path].filter((part) => part !== '').join('/'),
  }));
  return [...others, own];
}

/** Of one place. */
export type RegistryAnswer = Pick<Asked, 'registry' | 'host'> & { readonly ms: number } & (
    | { readonly kind: 'answered'; readonly status: number; readonly time?: HeardTime }
    | { readonly kind: 'failed'; readonly thrown: unknown }
  );

async function ask(client: RegistryClient, reference: RegistryReference, at: Asked): Promise<RegistryAnswer> {
  const { registry, host, base, path } = at;
  const name = manifestNameOf(reference);
  const wanted = name?.kind === 'digest' ? name.digest : (name?.tag ?? 'latest');
  const context = {
    ...{ registry: host, repository: path, name: `${host}/${path}`, origin: base.origin, what: `manifest ${wanted}` },
    ...{ scope: `repository:${path}:pull`, tries: 1 },
  };
  const started = performance.now();
  const since = () => Math.round(performance.now() - started);
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const request = { method: 'HEAD', headers: { accept: ACCEPTED_MANIFESTS }, signal } as const;
  try {
    const read = await client.ask(new URL(`${path}/manifests/${wanted}`, base), request, context, async (response) => {
      const date = response.header('date');
      await response.discard();
      return { status: response.status, said: Date.parse(date ?? '') };
    });
    const time = Number.isNaN(read.said) ? undefined : { who: host, said: read.said, heard: Date.now() };
    return { kind: 'answered', registry, host, ms: since(), status: read.status, ...(time !== undefined && { time }) };
  } catch (thrown) {
    return { kind: 'failed', registry, host, ms: since(), thrown: signal.aborted ? late(host) : thrown };
  }
}

function late(host: string): BootlayerError {
  const what = `${host} does not answer within ${PATIENCE_MILLISECONDS / 1_000} s`;
  return new BootlayerError('REGISTRY_UNREACHABLE', what, {
    remedy: 'see that it runs, and can be reached from this host',
  });
}

/** Pure. */
export function summary(answers: readonly RegistryAnswer[], odd: readonly string[]): RegistriesAsked {
  const working = new Set(answers.filter(({ kind }) => kind === 'answered').map(({ registry }) => registry));
  const results = answers.map((answer): CheckResult => {
    // Whatever else has the same does for it.
    if (answer.kind === 'failed') return failed(CHECK, answer.thrown, working.has(answer.registry) ? 'warn' : 'fail');
    const { host, registry, ms } = answer;
    const role = host === registry ? '' : `, a mirror of ${registry},`;
    return { check: CHECK, state: 'ok', what: `${host}${role} answers, and lets us in (${ms} ms)` };
  });
  const none: CheckResult = { check: CHECK, state: 'skipped', what: 'nothing is mapped of a registry' };
  return {
    results: [...(answers.length === 0 ? [none] : results), ...warned(CHECK, odd)],
    failing: new Set(answers.map(({ registry }) => registry).filter((registry) => !working.has(registry))),
    times: answers.flatMap((answer) => (answer.kind === 'answered' ? (answer.time ?? []) : [])),
  };
}
