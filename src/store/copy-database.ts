import { type FileHandle, open, readdir, rm, stat, statfs, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { openFile } from '../disk-access.js';
import { threadModule } from '../disk-own-files.js';
import { BootlayerError, isDiskFull, systemErrorCode } from '../errors.js';
import { sqliteProblem, unusable } from './sqlite-problem.js';
import type { CopyReply, CopyWorkerData } from './worker-protocol.js';

const WORKER = threadModule('store/sqlite-copy-process.js');
/** Of a copy that is being made beside the state. */
const ENDING = '.copy';
/** What is left of the disk for the server that goes on writing. */
const SPARE_BYTES = 16 * 1024 * 1024;

/**
 * Makes a consistent copy of a SQLite file under a new name, which only its owner may read, also while a server writes it. Not
 * synced. Throws DATA_UNUSABLE, DISK_FULL, and leaves nothing then.
 */
export async function copyDatabase(
  file: string,
  copy: string,
  { now, script = WORKER }: { readonly now: number; readonly script?: URL | undefined },
): Promise<void> {
  await requireRoom(file, dirname(copy));
  try {
    // SQLite takes an empty file for a new one, and leaves its mode as it is.
    await (await open(copy, 'wx', 0o600)).close();
  } catch (cause) {
    throw uncopied(copy, cause);
  }
  const reply = await replyOf(script, { file, copy, now });
  if (reply.kind === 'copied') return;
  await removeCopy(copy);
  throw sqliteProblem(file, reply);
}

async function replyOf(script: URL, workerData: CopyWorkerData): Promise<CopyReply> {
  const worker = new Worker(script, { workerData });
  const { code, message } = { code: 'SQLITE_ERROR', message: 'the thread that copies it ended' };
  try {
    return await new Promise<CopyReply>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error) => resolve({ kind: 'error', code, message: String(error) }));
      worker.once('exit', () => resolve({ kind: 'error', code, message }));
    });
  } finally {
    await worker.terminate();
  }
}

/** A copy that fills the disk would keep the server from writing meanwhile. */
async function requireRoom(file: string, folder: string): Promise<void> {
  const [size, log] = await Promise.all([sizeOf(file), sizeOf(`${file}-wal`)]);
  if (size === undefined) throw new BootlayerError('NOT_FOUND', `there is no state yet in ${file}`);
  const { bavail, bsize } = await statfs(folder).catch((cause: unknown) => {
    throw uncopied(folder, cause);
  });
  if (bavail * bsize >= size + (log ?? 0) + SPARE_BYTES) return;
  throw new BootlayerError('DISK_FULL', `there is no room in ${folder} for a copy of the state`, {
    remedy: 'make room there',
  });
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw uncopied(file, cause);
  }
}

function uncopied(path: string, cause: unknown): BootlayerError {
  if (isDiskFull(cause)) return new BootlayerError('DISK_FULL', `the disk of ${path} is full`, { cause });
  return unusable(path, systemErrorCode(cause) ?? String(cause), 'see that this user may read and write there');
}

async function removeCopy(copy: string): Promise<void> {
  // A journal is there where the thread did not come to its end.
  await Promise.all(['', '-journal'].map((end) => rm(`${copy}${end}`, { force: true })));
}

/** A copy of the state. Whoever has it closes it. */
export type StateCopy = { readonly size: number; readonly file: FileHandle };

/** Copies of a state for whoever keeps them elsewhere, one at a time: nobody who asks again and again fills its disk. */
export class StateCopies {
  readonly #file: string;
  readonly #copy: string;
  readonly #script: URL | undefined;
  #making: Promise<unknown> | undefined;

  /** `name`: of who makes them, where that is not the server. */
  constructor(file: string, { script, name = '' }: { readonly script?: URL | undefined; readonly name?: string } = {}) {
    this.#file = file;
    this.#copy = `${file}${ENDING}${name}`;
    this.#script = script;
  }

  /** Removes what was left by those who were killed while they made one. */
  async tidy(): Promise<void> {
    const folder = dirname(this.#file);
    const isOne = (name: string) => name.startsWith(`${basename(this.#file)}${ENDING}`);
    const left = (await readdir(folder)).filter(isOne);
    await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  }

  /**
   * The file has no name any more, so that nothing is left of it once it is closed. Throws RATE_LIMITED while another is being
   * made, and as `copyDatabase` does.
   */
  async make(now: number): Promise<StateCopy> {
    if (this.#making !== undefined) {
      throw new BootlayerError('RATE_LIMITED', 'a copy of the state is being made already', {
        remedy: 'try again when it is done',
      });
    }
    const making = this.#make(now);
    this.#making = making;
    try {
      return await making;
    } finally {
      this.#making = undefined;
    }
  }

  /** When the one that is being made is done, or has failed. */
  async settled(): Promise<void> {
    await this.#making?.catch(() => undefined);
  }

  async #make(now: number): Promise<StateCopy> {
    await copyDatabase(this.#file, this.#copy, { now, script: this.#script });
    try {
      const file = await openFile(this.#copy);
      await unlink(this.#copy);
      return { size: (await file.stat()).size, file };
    } catch (cause) {
      throw uncopied(this.#copy, cause);
    }
  }
}
