import { type Wait, waitFor } from '../clock.js';
import { BootlayerError } from '../errors.js';
import { type Authorization, Authorizer } from './authorizer.js';
import { ANONYMOUS, type FindCredential } from './credential.js';
import { CertificateFiles } from './disk-certificates.js';
import {
  type AnsweredStatus,
  HttpClient,
  type HttpLimits,
  type HttpRequest,
  type HttpResponse,
} from './http-client.js';
import type { ImageSource, ImageTarget, Place } from './image-source.js';
import { MirrorHealth } from './mirror-health.js';
import { type Mirror, MirroredRepository, type Mirrors } from './mirrored-repository.js';
import type { FindProxy } from './proxy.js';
import { denied, type RequestContext, unreachable } from './registry-error.js';
import { RegistryRepository, type RegistryTransport, repositoryPath } from './registry-repository.js';
import type { FindSettings, Mirror as MirrorSettings } from './registry-settings.js';
import { TokenClient } from './token-client.js';

export type RegistryClientOptions = {
  /** How to reach a registry (`host[:port]`); asked anew each time. */
  readonly settings: FindSettings;
  readonly credentials?: FindCredential;
  readonly proxy?: FindProxy;
  readonly warn?: (text: string) => void;
  /** Milliseconds since the epoch, for dates that registries name. */
  readonly now?: () => number;
  /** Milliseconds that only go forward, for how long something is good. */
  readonly ticks?: () => number;
  /** Between tries. */
  readonly wait?: Wait;
  readonly limits?: Partial<HttpLimits>;
  /** Of every request, those for tokens too, what came of it. */
  readonly answered?: (status: AnsweredStatus) => void;
};

/** How often a request is tried when the network or the registry fails. */
const TRIES = 3;
const FIRST_PAUSE_MILLISECONDS = 300;
const LONGEST_PAUSE_MILLISECONDS = 5_000;
const USER_AGENT = 'bootlayer';

/** A mirror's URL says how it is reached; credentials are those of its host, and go by what is said of that. */
const IN_CLEAR = 'it answered 401, and without TLS it is shown no credentials unless plainHttp is set for its host';

const NOBODY: FindCredential = async () => ANONYMOUS;

/** Talks to registries (OCI distribution-spec): HTTPS, plain HTTP where told, with what credentials there are. */
export class RegistryClient implements RegistryTransport {
  readonly #http: HttpClient;
  readonly #authorizer: Authorizer;
  readonly #settings: FindSettings;
  readonly #mirrors: MirrorHealth;
  readonly #wait: Wait;
  readonly #now: () => number;
  readonly #authorities = new CertificateFiles();
  readonly #closing = new AbortController();

  constructor({ settings, now = Date.now, wait = waitFor, limits, ...parts }: RegistryClientOptions) {
    const { credentials = NOBODY, warn = () => undefined, proxy, answered, ticks = () => performance.now() } = parts;
    this.#settings = settings;
    this.#mirrors = new MirrorHealth(ticks, warn);
    this.#wait = wait;
    this.#now = now;
    this.#http = new HttpClient(limits, proxy, answered);
    this.#authorizer = new Authorizer({ tokens: new TokenClient(this.#http), credentials, ticks, warn });
  }

  /** By way of the mirrors that its registry has. */
  mirrored(registry: string, repository: string): ImageSource {
    const own = this.repository(registry, repository);
    if (this.#settings(registry).mirrors === undefined) return own;
    return new MirroredRepository(own, () => this.#mirrorsOf(registry, own));
  }

  /**
   * The places that have a repository's blobs, in the order in which they are to be asked: its mirrors, itself, and last those
   * mirrors that failed a moment ago.
   */
  places(registry: string, repository: string): readonly Place[] {
    const own = this.repository(registry, repository);
    const { before, after } = this.#mirrorsOf(registry, own);
    return [...before, { source: own, failed: () => undefined }, ...after];
  }

  /** The repository itself, past the mirrors. */
  repository(registry: string, repository: string): ImageSource & ImageTarget {
    const path = repositoryPath(registry, repository);
    const name = `${registry}/${repository}`;
    return new RegistryRepository(this, { registry, repository: path, base: this.baseUrl(registry) }, name);
  }

  /** Each is tried once, since another place has the same. */
  #mirrorsOf(registry: string, { name }: ImageSource): Mirrors {
    const { mirrors = [] } = this.#settings(registry);
    const by = (health: boolean) => mirrors.filter(({ host }) => this.#mirrors.isHealthy(host) === health);
    const mirrorAt = ({ host, plainHttp, path }: MirrorSettings): Mirror => {
      const repository = [path, name.slice(registry.length + 1)].filter((part) => part !== '').join('/');
      const base = new URL(`${plainHttp ? 'http' : 'https'}://${host}/v2/`);
      const place = { registry: host, repository, base, tries: 1 };
      return {
        source: new RegistryRepository(this, place, `${host}/${repository}`),
        failed: (problem) => this.#mirrors.failed(host, name, problem),
        lacked: () => this.#mirrors.lacked(host, name, `${host}/${repository}`),
      };
    };
    return { before: by(true).map(mirrorAt), after: by(false).map(mirrorAt) };
  }

  /** Ends all connections; requests under way fail, and those that come later. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the program ends'));
    await this.#http.close();
  }

  /** Where the registry's API is. */
  baseUrl(registry: string): URL {
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    return new URL(`${this.#settings(registry).plainHttp ? 'http' : 'https'}://${host}/v2/`);
  }

  /**
   * One request with its retries and its credentials. A place that is good for one try only is found anew for each.
   * `read` gets any status below 500 but 401, 403 and 429; when it fails with an error that is not ours, the body broke,
   * and that is a reason to try again. Throws REGISTRY_UNREACHABLE,
   * REGISTRY_DENIED, the signal's reason, and ours from `read`.
   */
  async ask<T>(
    place: URL | (() => Promise<URL>),
    wanted: HttpRequest,
    context: RequestContext,
    read: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    let problem: unknown;
    const { tries = TRIES } = context;
    const { signal: closing } = this.#closing;
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      try {
        if (attempt > 1) await this.#wait(pauseBefore(attempt, problem), wanted.signal ?? closing);
        wanted.signal?.throwIfAborted();
        closing.throwIfAborted();
        const url = typeof place === 'function' ? await place() : place;
        const response = await this.#authorized(url, wanted, context);
        if (response.status < 500 && response.status !== 429) return await read(response);
        problem = new StatusProblem(response.status, this.#askedPause(response));
        await response.discard();
      } catch (thrown) {
        if (thrown instanceof BootlayerError) throw thrown;
        wanted.signal?.throwIfAborted();
        problem = thrown;
        if (closing.aborted) break;
      }
    }
    throw unreachable(context, problem);
  }

  /** With what was good before; when the registry wants something else, once more with that. */
  async #authorized(url: URL, wanted: HttpRequest, context: RequestContext): Promise<HttpResponse> {
    const ca = await this.#certificates(context.registry);
    const known = url.origin === context.origin ? this.#authorizer.remembered(url, context) : undefined;
    const response = await this.#once(url, wanted, { ca, authorization: known });
    if (response.status === 403) return refuse(response, context, { why: 'it answered 403', shown: known });
    if (response.status !== 401) return response;
    // Whoever the registry sends on to, or names a place at, is nobody to show its credentials to.
    if (response.url.origin !== context.origin)
      return refuse(response, context, { why: `${response.url.host}, where it sends us, answered 401` });
    if (url.protocol === 'http:' && !this.#settings(context.registry).plainHttp)
      return refuse(response, context, { why: IN_CLEAR });
    await response.discard();
    this.#authorizer.forget(url, context);
    const challenge = response.header('www-authenticate') ?? '';
    const authorization = await this.#authorizer.renew({ url, context, challenge, ca });
    const again = await this.#once(url, wanted, { ca, authorization });
    if (again.status !== 401 && again.status !== 403) return again;
    this.#authorizer.forget(url, context);
    return refuse(again, context, { why: `it answered ${again.status}`, shown: authorization });
  }

  /** Seconds, or a date (RFC 9110, 10.2.3), in milliseconds from now; undefined when it asks for none. */
  #askedPause(response: HttpResponse): number | undefined {
    const asked = response.header('retry-after')?.trim() ?? '';
    const pause = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - this.#now();
    return pause > 0 ? pause : undefined;
  }

  async #certificates(registry: string): Promise<string | undefined> {
    const { caFile } = this.#settings(registry);
    return caFile === undefined ? undefined : this.#authorities.read(caFile);
  }

  #once(
    url: URL,
    wanted: HttpRequest,
    { ca, authorization }: { ca: string | undefined; authorization: Authorization | undefined },
  ): Promise<HttpResponse> {
    const headers = {
      'user-agent': USER_AGENT,
      ...wanted.headers,
      ...(authorization !== undefined && { authorization: authorization.header }),
    };
    return this.#http.send(url, { ...wanted, headers }, { ca });
  }
}

class StatusProblem extends Error {
  /** Milliseconds. */
  readonly askedPause: number | undefined;

  constructor(status: number, askedPause: number | undefined) {
    super(`it answered ${status}`);
    this.askedPause = askedPause;
  }
}

/** Doubling with jitter, or what the registry asks for, within bounds. */
function pauseBefore(attempt: number, problem: unknown): number {
  const asked = problem instanceof StatusProblem ? problem.askedPause : undefined;
  const own = FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 2) * (0.5 + Math.random());
  return Math.min(LONGEST_PAUSE_MILLISECONDS, asked ?? own);
}

async function refuse(
  response: HttpResponse,
  context: RequestContext,
  { why, shown }: { readonly why: string; readonly shown?: Authorization | undefined },
): Promise<never> {
  await response.discard();
  const whom = shown === undefined ? '' : ` to ${shown.whom}`;
  throw denied(context, `${context.what}: ${why}${whom}`, { isKnown: shown?.isKnown === true });
}
