import type { BootlayerError } from '../errors.js';
import { basicAuthorization, type Credential, describeCredential } from './credential.js';
import type { HttpClient, HttpRequest } from './http-client.js';
import { once } from './image-source.js';
import { denied } from './registry-error.js';

export type TokenRequest = {
  readonly registry: URL;
  /** How references name it. */
  readonly name: string;
  /** The challenge's parameters: realm, service, scope. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Asked for when the challenge names none: `repository:<name>:pull`. */
  readonly scope: string;
  readonly credential: Exclude<Credential, { readonly kind: 'bearer' }>;
  /** Certificate authorities beside the system's, as PEM. */
  readonly ca?: string | undefined;
};

/** `seconds`: how long it is good. */
export type Token = { readonly token: string; readonly seconds: number };

const MAX_TOKEN_BYTES = 64 * 1024;
const DEFAULT_SECONDS = 60;
const CLIENT = 'bootlayer';

/** Asks token servers for bearer tokens: distribution's token.md, and oauth.md for identity tokens. */
export class TokenClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Throws REGISTRY_DENIED when the realm may not be asked or gives nothing; other errors are worth another try. */
  async fetch(wanted: TokenRequest): Promise<Token> {
    const { credential, ca } = wanted;
    const realm = realmUrl(wanted);
    const { url, request } =
      credential.kind === 'identity' ? byIdentity(realm, wanted, credential.token) : byQuery(realm, wanted);
    const response = await this.#http.send(url, request, { ca });
    if (response.status !== 200) {
      await response.discard();
      if (response.status >= 500 || response.status === 429) {
        throw new Error(`its token server answered ${response.status}`);
      }
      const isKnown = credential.kind !== 'anonymous';
      const whom = isKnown ? ` to ${describeCredential(credential)}` : '';
      throw refused(wanted, `its token server ${realm.origin} answered ${response.status}${whom}`, { isKnown });
    }
    return readToken(wanted, await response.bytes(MAX_TOKEN_BYTES));
  }
}

type Asked = { readonly url: URL; readonly request: HttpRequest };

function scopesOf({ parameters, scope }: TokenRequest): readonly string[] {
  return (parameters.scope ?? scope).split(' ');
}

/** The query of the realm stays; a user shows a password by Basic. */
function byQuery(url: URL, wanted: TokenRequest): Asked {
  const { service } = wanted.parameters;
  const { credential } = wanted;
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopesOf(wanted)) url.searchParams.append('scope', scope);
  const accept = { accept: 'application/json' };
  if (credential.kind !== 'basic') return { url, request: { method: 'GET', headers: accept } };
  url.searchParams.set('account', credential.username);
  const authorization = basicAuthorization(credential.username, credential.password);
  return { url, request: { method: 'GET', headers: { ...accept, authorization } } };
}

function byIdentity(url: URL, wanted: TokenRequest, refreshToken: string): Asked {
  const { service } = wanted.parameters;
  const grant = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: CLIENT };
  const form = new URLSearchParams({ ...grant, scope: scopesOf(wanted).join(' ') });
  if (service !== undefined) form.set('service', service);
  const bytes = Buffer.from(form.toString());
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(bytes.byteLength),
  };
  return { url, request: { method: 'POST', headers, body: () => once(bytes) } };
}

/** A realm may be any HTTPS server; a plain one only beside its own plain registry. */
function realmUrl(wanted: TokenRequest): URL {
  const { registry, parameters } = wanted;
  const { realm } = parameters;
  const url = realm !== undefined && URL.canParse(realm) ? new URL(realm) : undefined;
  if (url === undefined) throw refused(wanted, 'its challenge names no token server');
  const plainBeside = url.protocol === 'http:' && registry.protocol === 'http:' && url.hostname === registry.hostname;
  if (url.protocol !== 'https:' && !plainBeside) throw refused(wanted, `its token server ${url.origin} is not secure`);
  return url;
}

function readToken(wanted: TokenRequest, bytes: Uint8Array): Token {
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
  throw refused(wanted, 'its token server gave no token');
}

function refused({ name }: TokenRequest, why: string, { isKnown = false } = {}): BootlayerError {
  return denied({ registry: name, name }, why, { isKnown });
}
