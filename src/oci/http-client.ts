import { Agent, type Dispatcher, request } from 'undici';

/** A request to a registry or its token server. Bodies that are sent are opened anew for every try. */
export type HttpRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
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
  /** Forgets the body, and its connection when much of it is left. */
  readonly discard: () => Promise<void>;
};

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const CONNECT_MILLISECONDS = 10_000;
const HEADERS_MILLISECONDS = 30_000;
const IDLE_MILLISECONDS = 60_000;

/** HTTP as registries need it: bounded waits, and redirects that never carry credentials elsewhere. */
export class HttpClient {
  readonly #agent = new Agent({
    connect: { timeout: CONNECT_MILLISECONDS },
    headersTimeout: HEADERS_MILLISECONDS,
    bodyTimeout: IDLE_MILLISECONDS,
    maxHeaderSize: 64 * 1024,
  });

  /** Follows redirects of GET and HEAD; rejects with the network's error. */
  async send(url: URL, wanted: HttpRequest): Promise<HttpResponse> {
    let target = url;
    let headers = wanted.headers;
    for (let hops = 0; ; hops += 1) {
      const response = await this.#once(target, { ...wanted, headers });
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

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #once(url: URL, { method, headers, body, signal }: HttpRequest): Promise<HttpResponse> {
    const answer = await request(url, {
      dispatcher: this.#agent,
      method,
      headers,
      ...(body !== undefined && { body: body() as unknown as NonNullable<Dispatcher.DispatchOptions['body']> }),
      ...(signal !== undefined && { signal }),
    });
    const header = (name: string) => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    // A body that nobody reads any more may still break; that is nobody's error then.
    answer.body.on('error', () => undefined);
    return {
      status: answer.statusCode,
      url,
      header,
      body: answer.body,
      bytes: (limit) => collect(answer.body, limit),
      discard: () => answer.body.dump({ limit: 64 * 1024 }).catch(() => undefined),
    };
  }
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

/** A secure registry must not be left for an insecure place. */
function redirectTarget(from: URL, location: string): URL {
  const target = new URL(location, from);
  const allowed = target.protocol === 'https:' || (target.protocol === 'http:' && from.protocol === 'http:');
  if (!allowed) throw new Error(`it redirects to ${target.protocol}//${target.host}, which is not secure`);
  return target;
}

/** Object stores refuse requests that carry another server's credentials, and must not see them. */
function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'cookie'));
}
