import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { IPXE_BINARIES, type IpxeBinary } from './binaries.js';

/** A file that is open. Whoever opened it closes it. */
export type OpenBinary = {
  /** Bytes. */
  readonly size: number;
  /** Changes with the contents. */
  readonly version: string;
  /** How many bytes from `position` on there are. */
  available(position: number): Promise<number>;
  /** Reads up to `target.length` bytes at `position` and answers how many. */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
};

/** Files and nothing else: no folders, nothing hidden. */
const NAME = /^[A-Za-z0-9][\w.+-]{0,127}$/;
const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);
/** Of a pipe that somebody put there, nobody waits for the other end. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** The iPXE binaries, and whatever else their folders hold, by name. What replaces a file counts at once. */
export class IpxeBinaries {
  readonly folders: readonly string[];

  /** Folders that may be missing; of two files of a name the first folder's counts. */
  constructor(folders: readonly string[]) {
    this.folders = folders;
  }

  /** undefined when there is no such file. Throws DATA_UNUSABLE. */
  async open(name: string): Promise<OpenBinary | undefined> {
    if (!NAME.test(name)) return undefined;
    for (const folder of this.folders) {
      const opened = await openFile(join(folder, name));
      if (opened !== undefined) return opened;
    }
    return undefined;
  }

  /** Those of the table that are in none of the folders. */
  async missing(): Promise<readonly IpxeBinary[]> {
    const found = await Promise.all(IPXE_BINARIES.map(({ file }) => this.#has(file)));
    return IPXE_BINARIES.filter((_binary, index) => found[index] !== true);
  }

  /** The files of the table that there are. */
  async available(): Promise<ReadonlySet<string>> {
    const missing = new Set(await this.missing());
    return new Set(IPXE_BINARIES.filter((binary) => !missing.has(binary)).map(({ file }) => file));
  }

  /** As this user, whom access(2) does not ask for while root may still be become. */
  async #has(name: string): Promise<boolean> {
    const opened = await this.open(name).catch(() => undefined);
    await opened?.close();
    return opened !== undefined && opened.size > 0;
  }
}

async function openFile(path: string): Promise<OpenBinary | undefined> {
  const handle = await openHandle(path);
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (stats.isFile()) return opened(handle, stats, path);
  } catch (cause) {
    await handle.close();
    throw unreadable(path, cause);
  }
  await handle.close();
  return undefined;
}

async function openHandle(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, FLAGS);
  } catch (cause) {
    if (ABSENT.has(systemErrorCode(cause))) return undefined;
    throw unreadable(path, cause);
  }
}

function opened(handle: FileHandle, stats: Pick<Stats, 'ino' | 'mtimeMs' | 'size'>, path: string): OpenBinary {
  const { size } = stats;
  const version = versionOf(stats);
  return {
    size,
    version,
    available: async (position) => Math.max(0, size - position),
    read: async (target, position) => {
      const { bytesRead } = await handle.read(target, 0, target.length, position);
      // A client that has all of it starts it: half of one and half of another is worse than none.
      if (position + bytesRead >= size && versionOf(await handle.stat()) !== version) throw changed(path);
      return bytesRead;
    },
    close: () => handle.close(),
  };
}

function versionOf({ ino, mtimeMs, size }: Pick<Stats, 'ino' | 'mtimeMs' | 'size'>): string {
  return [ino, mtimeMs, size].map((number) => number.toString(16)).join('-');
}

function changed(path: string): BootlayerError {
  const remedy = 'write a new one beside it, and rename it into its place';
  return new BootlayerError('DATA_UNUSABLE', `${path} was written to while it was being sent`, { remedy });
}

function unreadable(path: string, cause: unknown): BootlayerError {
  const remedy = 'make it readable for the user that the server runs as';
  return new BootlayerError('DATA_UNUSABLE', `${path} cannot be read (${systemErrorCode(cause)})`, { remedy, cause });
}
