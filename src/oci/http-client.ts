import tls from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import type { FindProxy } from './proxy.js';
import { proxyConnector, throughProxy } from './proxy-client.js';

/** A request to a registry or its token server. Bodies that are sent are opened anew for every try. */
export type HttpRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: (() => AsyncIterable<Uint8Array>) | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type HttpResponse = {
  readonly status: number;
  /** Where it came from after redirects. */
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Throws RangeError when there are more than `limit` bytes. */
  readonly bytes: (limit: number) => Promise<Uint8Array>;
  /** The same of an error's body, which is wanted for its words only: whoever is slow to say them is not waited for. */
  readonly words: (limit: number) => Promise<Uint8Array>;
  /** Forgets the body, and its connection when much of it is left. */
  readonly discard: () => Promise<void>;
  /** Ends the connection at once. */
  readonly destroy: () => void;
};

/** How long a server may take, in milliseconds. */
export type HttpLimits = {
  readonly connect: number;
  /** From the request, or the last piece of it that could be sent, to the answer's headers. */
  readonly headers: number;
  /** Between two pieces of a body. */
  readonly idle: number;
  /** For a body that is read whole. */
  readonly whole: number;
  /** For a body that nobody needs. */
  readonly aside: number;
};

type Body = Dispatcher.ResponseData['body'];

/** The first digit of what a server answered, or that none did. */
export type AnsweredStatus = '2xx' | '3xx' | '4xx' | '5xx' | 'none';

const LIMITS: HttpLimits = { connect: 10_000, headers: 30_000, idle: 30_000, whole: 20_000, aside: 1_000 };
const MAX_REDIRECTS = 5;
const MAX_AGENTS = 32;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** HTTP as registries need it: bounded waits, and redirects that never carry credentials elsewhere. */
export class HttpClient {
  readonly #limits: HttpLimits;
  readonly #findProxy: FindProxy;
  readonly #answered: (status: AnsweredStatus) => void;
  /** By the proxy, and the certificate authorities that are trusted beside the system's. */
  readonly #agents = new Map<string, Dispatcher>();
  /** With requests under way. */
  readonly #retired = new Set<Dispatcher>();

  constructor(
    limits: Partial<HttpLimits> = {},
    findProxy: FindProxy = () => undefined,
    answered: (status: AnsweredStatus) => void = () => undefined,
  ) {
    this.#limits = { ...LIMITS, ...limits };
    this.#findProxy = findProxy;
    this.#answered = answered;
  }

  /**
   * Follows redirects of GET and HEAD; rejects with the network's error, or the signal's reason. `ca`: PEM of authorities
   * that are trusted beside the system's, wherever it leads.
   */
  async send(url: URL, wanted: HttpRequest, { ca = '' }: { ca?: string | undefined } = {}): Promise<HttpResponse> {
    const watch = new Watch(this.#limits.connect + this.#limits.headers, wanted);
    try {
      return await this.#followed(url, watch.request, ca);
    } finally {
      watch.end();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values(), ...this.#retired].map((agent) => agent.destroy()));
  }

  #agentFor(proxy: URL | undefined, ca: string): Dispatcher {
    const key = `${proxy?.href ?? ''} ${ca}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const agent = this.#newAgent(proxy, ca);
    this.#agents.set(key, agent);
    const [oldest] = this.#agents.keys();
    if (this.#agents.size > MAX_AGENTS && oldest !== undefined) this.#retire(oldest);
    return agent;
  }

  /** Renewed authorities: what is under way by the old ones comes to its end. */
  #retire(key: string): void {
    const agent = this.#agents.get(key);
    this.#agents.delete(key);
    if (agent === undefined) return;
    this.#retired.add(agent);
    agent.close().then(
      () => this.#retired.delete(agent),
      () => this.#retired.delete(agent),
    );
  }

  #newAgent(proxy: URL | undefined, ca: string): Dispatcher {
    const { connect: timeout, headers: headersTimeout, idle: bodyTimeout } = this.#limits;
    const bounds = { headersTimeout, bodyTimeout, maxHeaderSize: 64 * 1024 };
    const tls = { timeout, ...(ca !== '' && { ca: [...systemAuthorities(), ca] }) };
    return new Agent({ connect: proxy === undefined ? tls : proxyConnector(proxy, tls), ...bounds });
  }

  async #followed(url: URL, wanted: HttpRequest, ca: string): Promise<HttpResponse> {
    let target = url;
    let headers = wanted.headers;
    for (let hops = 0; ; hops += 1) {
      const response = await this.#counted(target, { ...wanted, headers }, ca);
      const location = response.header('location');
      const follows = wanted.method === 'GET' || wanted.method === 'HEAD';
      if (!follows || !REDIRECTS.has(response.status) || location === undefined) return response;
      await response.discard();
      if (hops === MAX_REDIRECTS) throw new Error(`it redirects more than ${MAX_REDIRECTS} times`);
      const next = redirectTarget(target, location);
      if (next.origin !== target.origin) headers = withoutCredentials(headers);
      target = next;
    }
  }

  async #counted(url: URL, wanted: HttpRequest, ca: string): Promise<HttpResponse> {
    try {
      const response = await this.#once(url, wanted, ca);
      this.#answered(statusClassOf(response.status));
      return response;
    } catch (thrown) {
      this.#answered('none');
      throw thrown;
    }
  }

  async #once(url: URL, { method, headers, body, signal }: HttpRequest, ca: string): Promise<HttpResponse> {
    const proxy = this.#findProxy(url);
    // A proxy connects others for TLS alone, as it mostly is told to: what is plain goes through its own hands.
    const byProxy = proxy !== undefined && url.protocol === 'http:' ? throughProxy(proxy, url) : undefined;
    const asked = this.#agentFor(byProxy === undefined ? proxy : undefined, ca).request({
      origin: byProxy?.origin ?? url.origin,
      path: byProxy?.path ?? `${url.pathname}${url.search}`,
      method,
      headers: { ...headers, ...byProxy?.headers },
      ...(body !== undefined && { body: body() as unknown as NonNullable<Dispatcher.DispatchOptions['body']> }),
      ...(signal !== undefined && { signal }),
    });
    const answer = await (byProxy === undefined ? asked : asked.catch(failedBy(byProxy.name, url, signal)));
    const header = (name: string) => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    // A body that nobody reads any more may still break; that is nobody's error then.
    answer.body.on('error', () => undefined);
    if (byProxy !== undefined && answer.statusCode === 407) {
      answer.body.destroy();
      throw new Error(`the proxy ${byProxy.name} answered 407 for ${url.host}`);
    }
    const { whole, aside } = this.#limits;
    return {
      status: answer.statusCode,
      url,
      header,
      body: answer.body,
      bytes: (limit) => inTime(whole, answer.body, () => collect(answer.body, limit)),
      words: (limit) => inTime(aside, answer.body, () => collect(answer.body, limit)),
      discard: () => inTime(aside, answer.body, () => answer.body.dump({ limit: 64 * 1024 })).catch(() => undefined),
      destroy: () => answer.body.destroy(),
    };
  }
}

function statusClassOf(status: number): AnsweredStatus {
  if (status < 300) return '2xx';
  if (status < 400) return '3xx';
  return status < 500 ? '4xx' : '5xx';
}

/** A plain request is the proxy's to make: what goes wrong with its connection is no word about the registry. */
function failedBy(proxy: string, { host }: URL, signal: AbortSignal | undefined) {
  return (thrown: unknown): never => {
    signal?.throwIfAborted();
    throw new Error(`the proxy ${proxy} cannot be asked for ${host}: ${messageOf(thrown)}`, { cause: thrown });
  };
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') return messageOf(thrown.errors[0]);
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** A body that trickles is never idle, so it has a time limit as well as a size limit. */
async function inTime<T>(milliseconds: number, body: Body, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => body.destroy(new Error('it sends too slowly')), milliseconds);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Ends a request that makes no headway. undici's own limits start anew with every hop and every interim answer, and do
 * not count while a body is being sent.
 */
class Watch {
  readonly request: HttpRequest;
  readonly #milliseconds: number;
  readonly #slow = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(milliseconds: number, wanted: HttpRequest) {
    this.#milliseconds = milliseconds;
    const { body, signal } = wanted;
    this.request = {
      ...wanted,
      signal: signal === undefined ? this.#slow.signal : AbortSignal.any([signal, this.#slow.signal]),
      ...(body !== undefined && { body: () => this.#watched(body()) }),
    };
    this.#restart();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #restart(): void {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#timer = setTimeout(() => this.#slow.abort(new Error('it does not answer in time')), this.#milliseconds);
  }

  async *#watched(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const piece of body) {
      this.#restart();
      yield piece;
    }
  }
}

/** Node's own, with those of NODE_EXTRA_CA_CERTS where it tells them (from Node 22.15 on). */
function systemAuthorities(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (kind: 'default') => readonly string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}

async function collect(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw new RangeError(`it is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Where a Location header leads. A secure registry must not be left for an insecure place: throws Error then. */
export function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new Error('it redirects to what is no address');
  const target = new URL(location, from);
  const allowed = target.protocol === 'https:' || (target.protocol === 'http:' && from.protocol === 'http:');
  if (!allowed) throw new Error(`it redirects to ${target.protocol}//${target.host}, which is not secure`);
  return target;
}

/** Object stores refuse requests that carry another server's credentials, and must not see them. */
function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'cookie'));
}
