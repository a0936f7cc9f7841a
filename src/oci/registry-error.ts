import { BootlayerError, systemErrorCode } from '../errors.js';

/** What one request is about, for its token and its errors. */
export type RequestContext = {
  /** As references name it, `host[:port]`. */
  readonly registry: string;
  readonly repository: string;
  /** `registry/repository`. */
  readonly name: string;
  /** Who may see its credentials, `https://host[:port]`. */
  readonly origin: string;
  /** `manifest 12`, `blob sha256:...`. */
  readonly what: string;
  /** `repository:<name>:pull`. */
  readonly scope: string;
  /** How often it is tried; as often as usual when left out. */
  readonly tries?: number;
};

/** Access was refused; `why` says to what, and to whom: `isKnown` when that was somebody. */
export function denied(
  { registry, name }: Pick<RequestContext, 'registry' | 'name'>,
  why: string,
  { isKnown = false } = {},
): BootlayerError {
  const login = `with credentials under registries in the configuration, or "docker login ${registry}"`;
  return new BootlayerError('REGISTRY_DENIED', `${name} refuses access: ${why}`, {
    remedy: isKnown
      ? 'see that the user and the password are right, and that this user may do that'
      : `see that the repository is there, and log in: ${login}`,
  });
}

/** What went wrong on the network, named and with a remedy. `now`: by the clock of this host. */
export function unreachable({ name, what, origin }: RequestContext, cause: unknown, now = new Date()): BootlayerError {
  const { reason, remedy } = diagnose(cause, { isPlain: origin.startsWith('http:'), now });
  return new BootlayerError('REGISTRY_UNREACHABLE', `${name} cannot be asked for ${what}: ${reason}`, {
    remedy,
    cause,
  });
}

/** OpenSSL's codes, as node names them. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);
/** The same, of certificates that are not of this time, which the clock of this host may be wrong about. */
const OUT_OF_TIME: Readonly<Record<string, string>> = {
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_HAS_EXPIRED: 'has expired',
};
/** undici's codes, in words. */
const SILENCE: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'it cannot be connected to in time',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it fell silent',
};
const CLOCK_REMEDY = 'see that the clock of this host is right, and kept by NTP (timedatectl set-ntp true)';
const REMEDY = 'see that the registry runs and can be reached from this host';

type Diagnosis = { readonly reason: string; readonly remedy: string };

type Way = { readonly isPlain: boolean; readonly now: Date };

function diagnose(problem: unknown, way: Way): Diagnosis {
  if (!(problem instanceof Error)) return { reason: String(problem), remedy: REMEDY };
  const inner = problem instanceof AggregateError ? problem.errors.find((error) => error instanceof Error) : undefined;
  const { message, name } = inner ?? problem;
  const code = systemErrorCode(inner ?? problem) ?? '';
  return (
    diagnoseTls(code, message, way) ?? {
      reason: SILENCE[code] ?? reasonOf(message, name),
      remedy: remedyOf(message, code, way),
    }
  );
}

function diagnoseTls(code: string, message: string, { now }: Way): Diagnosis | undefined {
  // OpenSSL's words for an answer in plain HTTP.
  if (message.includes('wrong version number')) {
    const remedy =
      'if it has no TLS, set plainHttp for it in the configuration, or say --plain-http; if it is a mirror, begin its URL with http://';
    return { reason: 'it does not speak TLS', remedy };
  }
  const time = OUT_OF_TIME[code];
  if (time !== undefined) {
    const reason = `its certificate, or its authority's, ${time} by the clock of this host, which says ${now.toISOString()}`;
    return { reason, remedy: `${CLOCK_REMEDY}; where that is right, have that certificate renewed` };
  }
  if (!UNKNOWN_AUTHORITY.has(code)) return undefined;
  const remedy = "set registries.<host>.ca to its authority's certificate, in PEM";
  return { reason: `its certificate is of nobody that is known (${message})`, remedy };
}

function reasonOf(message: string, name: string): string {
  return message.replace(/\s+/g, ' ').trim() || name;
}

function remedyOf(message: string, code: string, way: Way): string {
  if (message.startsWith('the proxy ')) return remedyOfProxy(message);
  if (code === 'ENOTFOUND') return "its name does not resolve: check its spelling and this host's name servers";
  if (message.startsWith('it answered ')) return remedyOfStatus(message, way);
  return REMEDY;
}

function remedyOfProxy(message: string): string {
  if (message.includes(' answered 407 '))
    return 'put the user and password that it wants into HTTP_PROXY and HTTPS_PROXY: http://user:password@proxy:3128';
  if (/ answered \d/.test(message)) return 'see that it may ask this registry, or name the registry in NO_PROXY';
  return 'see that HTTP_PROXY and HTTPS_PROXY are right and the proxy runs, or name the registry in NO_PROXY';
}

/** What answers can be reached. */
function remedyOfStatus(message: string, { isPlain }: Way): string {
  if (isPlain && message.startsWith('it answered 400'))
    return 'if it speaks TLS, leave out plainHttp and --plain-http; if it is a mirror, begin its URL with https://';
  if (message.startsWith('it answered 413'))
    return 'the registry, or a proxy before it, limits uploads: raise that limit';
  if (message.startsWith('it answered 429'))
    return 'wait, or log in: registries bear less from those without credentials';
  if (message.includes('web page'))
    return "see that it is a registry's address, and that no login page stands before it";
  return 'the log of the registry, or of a proxy before it, says why';
}
