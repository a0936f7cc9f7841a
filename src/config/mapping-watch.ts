import { type FSWatcher, watch } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.js';
import { findIncluded, folderOf, readSources, touchOf } from './disk-sources.js';
import { type Fingerprints, fingerprintsOf, holdTheSame } from './fingerprint.js';
import type { ReadFiles } from './load.js';

export type MappingWatchParts = {
  /** What was read last, whether it was taken or refused. */
  readonly lastRead: () => ReadFiles;
  /** Of the configuration that counts, whatever was refused since. */
  readonly inForce: () => ReadFiles;
  /** The files hold something else than what was read, and have come to rest with that: reads them. */
  readonly onChange: (atRest: Fingerprints) => Promise<void>;
  /** Told once when changes can no longer be noticed at once. */
  readonly onBlind: (reason: string) => void;
  /** How long after something happened the files are looked at. */
  readonly quietMilliseconds?: number;
  /** How often they are looked at though nothing was noticed: network file systems tell nothing. */
  readonly pollMilliseconds?: number;
};

type Seen = { readonly touch: string; readonly fingerprints: Fingerprints };

const UNSEEN: Seen = { touch: '', fingerprints: new Map() };

const QUIET_MILLISECONDS = 200;
const POLL_MILLISECONDS = 10_000;

/**
 * Notices that the configuration's files changed. Their folders are watched, not the files: editors and atomic renames
 * put another file in their place, and Kubernetes swaps a link beside them (`..data`). What counts is what the files
 * hold; it must be the same twice in a row, so that a file which is just being written is not read half.
 */
export class MappingWatch {
  readonly #parts: Required<MappingWatchParts>;
  readonly #folders = new Map<string, FSWatcher>();
  readonly #poll: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  /** What the files held when they were looked at last, and by what to know that they were not touched since. */
  #seen: Seen = UNSEEN;
  #looking: Promise<void> = Promise.resolve();
  #blind = false;
  #closed = false;

  private constructor(parts: MappingWatchParts) {
    this.#parts = { quietMilliseconds: QUIET_MILLISECONDS, pollMilliseconds: POLL_MILLISECONDS, ...parts };
    this.#poll = setInterval(() => this.#soon(), this.#parts.pollMilliseconds);
    this.#poll.unref();
  }

  /** Watches from now on; they may have changed between being read and being watched. */
  static async start(parts: MappingWatchParts): Promise<MappingWatch> {
    const mappingWatch = new MappingWatch(parts);
    await mappingWatch.#watchFolders(await mappingWatch.#files());
    mappingWatch.#soon();
    return mappingWatch;
  }

  /** What is just being looked at is nobody's concern any more. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #isOpen(): boolean {
    return !this.#closed;
  }

  /** A folder in which something happens all the time is looked at all the same: what waits is not put off. */
  #soon(): void {
    if (!this.#isOpen() || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#looking = this.#looking.then(() => this.#look());
    }, this.#parts.quietMilliseconds);
    this.#timer.unref();
  }

  /** Never rejects: what cannot be read is part of what is seen. */
  async #look(): Promise<void> {
    if (!this.#isOpen()) return;
    const files = await this.#files();
    // What is in a folder may have changed before it was watched.
    if (await this.#watchFolders(files)) this.#soon();
    const before = this.#seen;
    this.#seen = await this.#see(files);
    const { fingerprints } = this.#seen;
    const known = this.#parts.lastRead();
    if (!this.#isOpen() || holdTheSame(fingerprints, known.fingerprints)) return;
    if (!holdTheSame(fingerprints, before.fingerprints)) return this.#soon();
    await this.#parts.onChange(fingerprints);
    // Not taken though it is there: it changed once more, which somebody tells, or what was seen is not what there is.
    if (this.#parts.lastRead() === known) this.#seen = UNSEEN;
    else this.#soon();
  }

  async #see(files: readonly string[]): Promise<Seen> {
    const touch = (await Promise.all(files.map(touchOf))).join('\n');
    if (touch === this.#seen.touch) return this.#seen;
    const sources = await readSources(files);
    // What cannot be read may be readable later, though nothing of it changes.
    const isReadable = sources.every(({ kind }) => kind !== 'unreadable');
    return { touch: isReadable ? touch : '', fingerprints: fingerprintsOf(sources) };
  }

  async #files(): Promise<readonly string[]> {
    const { file, include, named } = this.#parts.lastRead();
    return [file, ...named, ...(await findIncluded(file, include, this.#parts.inForce())).files];
  }

  /** Whether any of them was not watched before. */
  async #watchFolders(files: readonly string[]): Promise<boolean> {
    const wanted = await this.#wantedFolders(files);
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    if (!this.#isOpen()) return false;
    const others = [...wanted].filter((folder) => !this.#folders.has(folder));
    return others.map((folder) => this.#watchFolder(folder)).includes(true);
  }

  /** Of the files themselves, of what they are links to, and of the patterns, where more may appear. */
  async #wantedFolders(files: readonly string[]): Promise<ReadonlySet<string>> {
    const { file, include } = this.#parts.lastRead();
    const real = await Promise.all(files.map((name) => realpath(name).catch(() => name)));
    const ofPatterns = include.map((pattern) => folderOf(file, pattern));
    return new Set([...[...files, ...real].map((name) => dirname(name)), ...ofPatterns]);
  }

  #watchFolder(folder: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#soon());
      watcher.on('error', (thrown) => {
        watcher.close();
        this.#folders.delete(folder);
        this.#goBlind(folder, thrown);
      });
      this.#folders.set(folder, watcher);
      return true;
    } catch (thrown) {
      this.#goBlind(folder, thrown);
      return false;
    }
  }

  #goBlind(folder: string, thrown: unknown): void {
    const code = systemErrorCode(thrown) ?? String(thrown);
    // Folders come and go; the next look finds out.
    if (this.#blind || code === 'ENOENT') return;
    this.#blind = true;
    this.#parts.onBlind(`${folder} cannot be watched (${code})`);
  }
}
