import { BootlayerError, systemErrorCode } from '../errors.js';

/** What one request is about, for its token and its errors. */
export type RequestContext = {
  /** As references name it, `host[:port]`. */
  readonly registry: string;
  readonly repository: string;
  /** `registry/repository`. */
  readonly name: string;
  /** `manifest 12`, `blob sha256:...`. */
  readonly what: string;
  /** `repository:<name>:pull`. */
  readonly scope: string;
  /** How often it is tried; as often as usual when left out. */
  readonly tries?: number;
};

/** Access was refused; `why` says to what and by whom. */
export function denied(name: string, why: string): BootlayerError {
  return new BootlayerError('REGISTRY_DENIED', `${name} refuses access: ${why}`, {
    remedy: 'see that the repository is there and may be read, with registries.<host>.credentials or "docker login"',
  });
}

/** What went wrong on the network, named and with a remedy. */
export function unreachable({ name, what }: RequestContext, cause: unknown): BootlayerError {
  const { reason, remedy } = diagnose(cause);
  return new BootlayerError('REGISTRY_UNREACHABLE', `${name} cannot be asked for ${what}: ${reason}`, {
    remedy,
    cause,
  });
}

function remedyOfProxy(message: string): string {
  return message.includes(' answered 407 ')
    ? 'put the user and password that it wants into HTTP_PROXY and HTTPS_PROXY: http://user:password@proxy:3128'
    : 'see that it may ask this registry, or name the registry in NO_PROXY';
}

/** OpenSSL's codes, as node names them. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);
const REMEDY = 'see that the registry runs and can be reached from this host';

function diagnose(problem: unknown): { readonly reason: string; readonly remedy: string } {
  if (!(problem instanceof Error)) return { reason: String(problem), remedy: REMEDY };
  const inner = problem instanceof AggregateError ? problem.errors.find((error) => error instanceof Error) : undefined;
  const { message, name } = inner ?? problem;
  // OpenSSL's words for an answer in plain HTTP.
  if (message.includes('wrong version number')) {
    const remedy = 'if it has no TLS, set plainHttp for it in the configuration, or say --plain-http';
    return { reason: 'it does not speak TLS', remedy };
  }
  if (UNKNOWN_AUTHORITY.has(systemErrorCode(inner ?? problem) ?? '')) {
    const remedy = "set registries.<host>.ca to its authority's certificate, in PEM";
    return { reason: `its certificate is of nobody that is known (${message})`, remedy };
  }
  if (message.startsWith('the proxy ')) return { reason: message, remedy: remedyOfProxy(message) };
  const reason = message.replace(/\s+/g, ' ').trim() || name;
  if (systemErrorCode(problem) === 'ENOTFOUND') {
    return { reason, remedy: "its name does not resolve: check its spelling and this host's name servers" };
  }
  return { reason, remedy: REMEDY };
}
