import { setTimeout as sleep } from 'node:timers/promises';
import { BootlayerError } from '../errors.js';
import { parseChallenges } from './challenge.js';
import { HttpClient, type HttpLimits, type HttpRequest, type HttpResponse } from './http-client.js';
import { denied, type RequestContext, unreachable } from './registry-error.js';
import { RegistryRepository, type RegistryTransport } from './registry-repository.js';
import { TokenClient } from './token-client.js';

export type RegistryClientOptions = {
  /** Whether this registry (`host[:port]`) is talked to without TLS. */
  readonly plainHttp: (registry: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Waits so many milliseconds between tries, no longer than until the signal. */
  readonly wait?: Wait;
  readonly limits?: Partial<HttpLimits>;
};

type Wait = (milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>;

/** How often a request is tried when the network or the registry fails. */
const TRIES = 3;
const FIRST_PAUSE_MILLISECONDS = 300;
const LONGEST_PAUSE_MILLISECONDS = 5_000;
const USER_AGENT = 'bootlayer';

/** Talks to registries (OCI distribution-spec): plain HTTP where told, HTTPS elsewhere, anonymous. */
export class RegistryClient implements RegistryTransport {
  readonly #http: HttpClient;
  readonly #tokens: TokenClient;
  readonly #plainHttp: (registry: string) => boolean;
  readonly #wait: Wait;

  constructor({ plainHttp, now = Date.now, wait = waitFor, limits }: RegistryClientOptions) {
    this.#plainHttp = plainHttp;
    this.#wait = wait;
    this.#http = new HttpClient(limits);
    this.#tokens = new TokenClient(this.#http, now);
  }

  repository(registry: string, repository: string): RegistryRepository {
    return new RegistryRepository(this, registry, repository);
  }

  /** Ends all connections; requests under way fail. */
  async close(): Promise<void> {
    await this.#http.close();
  }

  /** Where the registry's API is. */
  baseUrl(registry: string): URL {
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    return new URL(`${this.#plainHttp(registry) ? 'http' : 'https'}://${host}/v2/`);
  }

  /**
   * One request with its retries and its token. A place that is good for one try only is found anew for each. `read` gets any status below 500 but 401, 403 and 429; when it fails
   * with an error that is not ours, the body broke, and that is a reason to try again. Throws REGISTRY_UNREACHABLE,
   * REGISTRY_DENIED, the signal's reason, and ours from `read`.
   */
  async ask<T>(
    place: URL | (() => Promise<URL>),
    wanted: HttpRequest,
    context: RequestContext,
    read: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    let problem: unknown;
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      try {
        if (attempt > 1) await this.#wait(pauseBefore(attempt, problem), wanted.signal);
        wanted.signal?.throwIfAborted();
        const url = typeof place === 'function' ? await place() : place;
        const response = await this.#authorized(url, wanted, context);
        if (response.status < 500 && response.status !== 429) return await read(response);
        problem = new StatusProblem(response.status, response.header('retry-after'));
        await response.discard();
      } catch (thrown) {
        if (thrown instanceof BootlayerError) throw thrown;
        wanted.signal?.throwIfAborted();
        problem = thrown;
      }
    }
    throw unreachable(context, problem);
  }

  /** With the token that is known; when the registry wants another one, once more with that. */
  async #authorized(url: URL, wanted: HttpRequest, context: RequestContext): Promise<HttpResponse> {
    const known = this.#tokens.remembered(url, context.scope);
    const response = await this.#once(url, wanted, known);
    if (response.status === 403) return refuse(response, context, 'it answered 403');
    if (response.status !== 401) return response;
    const challenges = parseChallenges(response.header('www-authenticate') ?? '');
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer === undefined) {
      const offered = challenges.map(({ scheme }) => scheme).join(', ');
      return refuse(response, context, `it wants credentials (${offered || 'of no kind it names'})`);
    }
    await response.discard();
    this.#tokens.forget(url, context.scope);
    const { parameters } = bearer;
    const token = await this.#tokens.fetch({ registry: url, parameters, scope: context.scope }, wanted.signal);
    const again = await this.#once(url, wanted, token);
    if (again.status !== 401 && again.status !== 403) return again;
    return refuse(again, context, `it answered ${again.status} to an anonymous token`);
  }

  #once(url: URL, wanted: HttpRequest, token: string | undefined): Promise<HttpResponse> {
    const headers = {
      'user-agent': USER_AGENT,
      ...wanted.headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    return this.#http.send(url, { ...wanted, headers });
  }
}

function waitFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
}

class StatusProblem extends Error {
  readonly retryAfter: string | undefined;

  constructor(status: number, retryAfter: string | undefined) {
    super(`it answered ${status}`);
    this.retryAfter = retryAfter;
  }
}

/** Doubling with jitter, or what the registry asks for, within bounds. */
function pauseBefore(attempt: number, problem: unknown): number {
  const asked = problem instanceof StatusProblem ? Number(problem.retryAfter) * 1000 : Number.NaN;
  const own = FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 2) * (0.5 + Math.random());
  return Math.min(LONGEST_PAUSE_MILLISECONDS, Number.isFinite(asked) && asked > 0 ? asked : own);
}

async function refuse(response: HttpResponse, context: RequestContext, why: string): Promise<never> {
  await response.discard();
  throw denied(context.name, `${context.what}: ${why}`);
}
