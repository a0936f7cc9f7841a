import { BootlayerError } from '../errors.js';

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
  return new BootlayerError('REGISTRY_UNREACHABLE', `${name} cannot be asked for ${what}: ${reasonOf(cause)}`, {
    remedy: 'see that the registry runs and can be reached from this host; if it has no TLS, set plainHttp for it',
    cause,
  });
}

function reasonOf(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem);
  const inner = problem instanceof AggregateError ? problem.errors.find((error) => error instanceof Error) : undefined;
  const { message, name } = inner ?? problem;
  // OpenSSL's words for an answer in plain HTTP.
  if (message.includes('wrong version number')) return 'it does not speak TLS';
  return message.replace(/\s+/g, ' ').trim() || name;
}
