import { BootlayerError, isDiskFull, systemErrorCode } from '../errors.js';

const TOO_MANY: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** The disk cannot give its bytes any more, or something else has its name (ENOTFILE: `openFile`). */
const LOST: ReadonlySet<string | undefined> = new Set([
  'EIO',
  'EBADMSG',
  'EUCLEAN',
  'ELOOP',
  'EISDIR',
  'ENXIO',
  'ENOTFILE',
]);

/** Whether the file itself is at fault, so that nobody will ever read it; else the trouble is this process's, and may pass. */
export function isLost(cause: unknown): boolean {
  return LOST.has(systemErrorCode(cause instanceof BootlayerError ? cause.cause : cause));
}

/** A file system's error as ours: which folder, why, and what to do. */
export function diskProblem(where: string, cause: unknown): BootlayerError {
  if (cause instanceof BootlayerError) return cause;
  const code = systemErrorCode(cause) ?? String(cause);
  const why = code === 'ENOTFILE' ? 'it is no file' : code;
  if (isDiskFull(cause)) {
    return new BootlayerError('DISK_FULL', `the disk of ${where} is full (${code})`, {
      remedy: 'make room there, or set "data" to a larger disk',
      cause,
    });
  }
  if (TOO_MANY.has(code)) {
    // The network is told this, and not where.
    const problem = new Error(`${where} cannot be opened`, { cause });
    return new BootlayerError('BLOB_UNAVAILABLE', `the server has too many files open now (${code})`, {
      remedy: 'raise the limit of open files, such as LimitNOFILE= of the systemd unit',
      cause: problem,
    });
  }
  return new BootlayerError('DATA_UNUSABLE', `${where} cannot be used (${why})`, {
    remedy: 'see that it is a folder this user may read and write, or set "data" to another',
    cause,
  });
}
