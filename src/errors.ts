/**
 * The one error of the house: what failed, on what, why, and what to do.
 *
 * Codes are stable and listed in README.md (a test keeps the two in step). They are mapped to an HTTP status, an exit
 * status or silence at the edges, never here.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: 'the configuration file, an override or a mapping is wrong',
  USAGE: 'the command line is wrong',
  NOT_IN_THIS_VERSION: 'the feature exists in the design but not in this version',
  REFERENCE_INVALID: 'an image reference does not follow the grammar',
  DIGEST_INVALID: 'a digest is not sha256:<64 hex digits>',
  IMAGE_NOT_FOUND: 'the registry or layout does not have this image, tag or digest',
  IMAGE_INVALID: 'a manifest, index or configuration is malformed, too large or of an unknown kind',
  IMAGE_NO_PLATFORM: 'the image has no manifest for this architecture, operating system or variant',
  REGISTRY_UNREACHABLE: 'the registry did not answer, or answered with a server error',
  REGISTRY_DENIED: 'the registry refused access',
  DIGEST_MISMATCH: 'bytes were received that do not have the promised digest or size',
  BLOB_UNKNOWN: 'no assignment and no issued plan leads to this digest',
  BLOB_UNAVAILABLE: 'the bytes of a known blob cannot be had now',
  DISK_FULL: 'the disk that holds the cache or the state is full',
  DATA_UNUSABLE: 'the data folder or its contents cannot be used',
  PLAN_IMPOSSIBLE: 'the image and the machine do not fit together',
  PORT_UNAVAILABLE: 'a port cannot be listened on',
  DHCP_CONFLICT: 'another server gives addresses on the same network',
  SERVER_UNREACHABLE: 'no running server answers the command',
  REQUEST_INVALID: 'the request is malformed',
  UNAUTHORIZED: 'the API wants a token, and none or a wrong one was sent',
  FORBIDDEN: 'the role of the token does not allow this',
  RATE_LIMITED: 'somebody asks too much at a time',
  METHOD_NOT_ALLOWED: 'this is asked by another method of HTTP',
  NOT_FOUND: 'there is nothing under this path',
  CONFLICT: 'an entry cannot be beside another one',
  READ_ONLY_ENTRY: 'an entry is written in a file, and is changed there',
  NO_LEASES: 'this server gives no addresses, so that it has no leases',
  PRECONDITION_FAILED: 'an entry is not as the request says that it must be',
  INTERRUPTED: 'a signal ended the command',
  INTERNAL: 'a fault of this program',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** More than the sentence: the remedy is printed after the message, details go to JSON outputs only. */
export type ErrorExtras = {
  readonly remedy?: string;
  readonly details?: unknown;
  readonly cause?: unknown;
};

/** What others wrote may be in it, and is in logs and on screens then: no sentence needs more. */
const MAX_MESSAGE = 16 * 1024;

function bounded(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}...`;
}

export class BootlayerError extends Error {
  override readonly name = 'BootlayerError';
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(bounded(message), extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.remedy = extras.remedy;
    this.details = extras.details;
  }

  /** Makes anything that was thrown one of ours; what is not ours is INTERNAL, with the original as cause. */
  static from(thrown: unknown): BootlayerError {
    if (thrown instanceof BootlayerError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new BootlayerError('INTERNAL', message, { cause: thrown });
  }
}

/** One line for a person: the message, then what to do about it. */
export function describeError(thrown: unknown): string {
  const error = BootlayerError.from(thrown);
  return error.remedy === undefined ? error.message : `${error.message}; ${error.remedy}`;
}

const DISK_FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

/** Whether a file system's error says that there is no room. */
export function isDiskFull(thrown: unknown): boolean {
  return DISK_FULL.has(systemErrorCode(thrown));
}

/**
 * What the network is told of an error: of faults, of this host's disk and of credentials only that there is something, since
 * the details are the log's.
 */
export function publicMessage(error: BootlayerError): string {
  switch (error.code) {
    case 'INTERNAL':
      return 'internal error';
    case 'DISK_FULL':
      return "the disk of the server's data is full";
    case 'DATA_UNUSABLE':
      return 'the server cannot use its data now';
    // It may name users and files.
    case 'REGISTRY_DENIED':
      return 'the registry refuses access';
    default:
      return error.message;
  }
}

/** What may be done about it, as far as the network is told what it is. */
export function publicRemedy(error: BootlayerError): string | undefined {
  return publicMessage(error) === error.message ? error.remedy : undefined;
}

/** The errno name (`ENOSPC`, `EADDRINUSE`) that node puts on system errors, when there is one. */
export function systemErrorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
