import type { HttpClient } from './http-client.js';
import { denied } from './registry-error.js';

export type TokenRequest = {
  readonly registry: URL;
  /** The challenge's parameters: realm, service, scope. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Asked for when the challenge names none: `repository:<name>:pull`. */
  readonly scope: string;
};

const MAX_TOKEN_BYTES = 64 * 1024;
const MAX_TOKENS = 1_000;
const DEFAULT_SECONDS = 60;
const LONGEST_SECONDS = 3_600;

/** Anonymous bearer tokens (distribution's token.md), kept for four fifths of their life. */
export class TokenClient {
  readonly #http: HttpClient;
  readonly #now: () => number;
  readonly #tokens = new Map<string, { readonly token: string; readonly until: number }>();

  constructor(http: HttpClient, now: () => number) {
    this.#http = http;
    this.#now = now;
  }

  /** A token got before for the same registry and scope, so that most requests need no challenge. */
  remembered(registry: URL, scope: string): string | undefined {
    const known = this.#tokens.get(keyOf(registry, scope));
    return known !== undefined && known.until > this.#now() ? known.token : undefined;
  }

  forget(registry: URL, scope: string): void {
    this.#tokens.delete(keyOf(registry, scope));
  }

  /** Throws REGISTRY_DENIED when the realm may not be asked or gives nothing; other errors are worth another try. */
  async fetch({ registry, parameters, scope }: TokenRequest, signal?: AbortSignal): Promise<string> {
    const url = realmUrl(registry, parameters.realm);
    if (parameters.service !== undefined) url.searchParams.set('service', parameters.service);
    for (const one of (parameters.scope ?? scope).split(' ')) url.searchParams.append('scope', one);
    const response = await this.#http.send(url, { method: 'GET', headers: { accept: 'application/json' }, signal });
    if (response.status !== 200) {
      await response.discard();
      if (response.status >= 500 || response.status === 429) {
        throw new Error(`its token server answered ${response.status}`);
      }
      throw denied(registry.host, `its token server answered ${response.status}`);
    }
    const { token, seconds } = readToken(registry, await response.bytes(MAX_TOKEN_BYTES));
    this.#remember(keyOf(registry, scope), token, seconds);
    return token;
  }

  #remember(key: string, token: string, seconds: number): void {
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size >= MAX_TOKENS && oldest !== undefined) this.#tokens.delete(oldest);
    this.#tokens.set(key, { token, until: this.#now() + Math.min(seconds, LONGEST_SECONDS) * 800 });
  }
}

function keyOf(registry: URL, scope: string): string {
  return `${registry.origin} ${scope}`;
}

/** A realm may be any HTTPS server; a plain one only beside its own plain registry. */
function realmUrl(registry: URL, realm: string | undefined): URL {
  const url = realm !== undefined && URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined) throw denied(registry.host, 'its challenge names no token server');
  const plainBeside = url.protocol === 'http:' && registry.protocol === 'http:' && url.hostname === registry.hostname;
  if (url.protocol !== 'https:' && !plainBeside)
    throw denied(registry.host, `its token server ${url.origin} is not secure`);
  return url;
}

function readToken(registry: URL, bytes: Uint8Array): { token: string; seconds: number } {
  try {
    const body = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown> | null;
    const token = body?.token ?? body?.access_token;
    const seconds = body?.expires_in;
    // Header-safe: it is sent back as it is.
    if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) {
      return { token, seconds: typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_SECONDS };
    }
  } catch {
    // Falls through: it is not what a token server answers.
  }
  throw denied(registry.host, 'its token server gave no token');
}
