import { BootlayerError } from '../errors.js';

/** What SQLite says: its extended code by name, and a sentence. */
export type SqliteFailure = { readonly code: string; readonly message: string };

const IN_USE = 'it is in use by another server';

/** Whether a database could not be had because a server has it. */
export function isInUse(thrown: unknown): thrown is BootlayerError {
  return thrown instanceof BootlayerError && thrown.message.endsWith(IN_USE);
}

/** DISK_FULL or DATA_UNUSABLE, with what to do about it. */
export function sqliteProblem(file: string, { code, message }: SqliteFailure): BootlayerError {
  if (code.startsWith('SQLITE_FULL')) {
    return new BootlayerError('DISK_FULL', `the disk of ${file} is full`, {
      remedy: 'make room there, or set "data" to a larger disk',
    });
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return unusable(file, IN_USE, 'end the other server, or set "data" to another folder');
  }
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
    return unusable(file, 'it is no database, or damaged', 'move the file away: the state is made anew');
  }
  if (message.includes('Unable to open')) {
    return unusable(file, 'it cannot be opened', 'see that it is a file which this user may read and write');
  }
  return unusable(file, message, 'see that the folder exists and this user may write there');
}

export function unusable(file: string, why: string, remedy: string): BootlayerError {
  return new BootlayerError('DATA_UNUSABLE', `${file} cannot be used: ${why}`, { remedy });
}

/** Of what a worker caught. */
export function sqliteFailure(thrown: unknown): SqliteFailure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = 'code' in error && typeof error.code === 'string' && error.code !== '' ? error.code : 'SQLITE_ERROR';
  return { code, message: error.message };
}
