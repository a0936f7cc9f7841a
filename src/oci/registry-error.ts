import { BootlayerError, systemErrorCode } from '../errors.js';

/** What one request is about, for its token and its errors. */
export type RequestContext = {
  /** `registry/repository`. */
  readonly name: string;
  /** `manifest 12`, `blob sha256:...`. */
  readonly what: string;
  /** `repository:<name>:pull`. */
  readonly scope: string;
};

/** Access was refused; `why` says to what and by whom. */
export function denied(name: string, why: string): BootlayerError {
  return new BootlayerError('REGISTRY_DENIED', `${name} refuses access: ${why}`, {
    remedy: 'make the repository public: credentials are not in this version',
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
  const reason = message.replace(/\s+/g, ' ').trim() || name;
  if (systemErrorCode(problem) === 'ENOTFOUND') {
    return { reason, remedy: "its name does not resolve: check its spelling and this host's name servers" };
  }
  return { reason, remedy: REMEDY };
}
