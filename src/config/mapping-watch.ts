import { type FSWatcher, watch } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.js';
import { fingerprintOf } from './fingerprint.js';
import { findIncluded } from './load.js';
import type { Config } from './schema.js';

export type MappingWatchParts = {
  /** The configuration in force: which files count. */
  readonly config: () => Pick<Config, 'file' | 'include' | 'included' | 'fingerprint'>;
  /** The files hold something else than when they were looked at last, and have come to rest. */
  readonly onChange: () => void;
  /** Told once when changes can no longer be noticed at once. */
  readonly onBlind: (reason: string) => void;
  /** How long nothing may happen before the files are looked at. */
  readonly quietMilliseconds?: number;
  /** How often they are looked at though nothing was noticed: network file systems tell nothing. */
  readonly pollMilliseconds?: number;
};

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
  /** What the files held when the change was last told of, and when they were last looked at. */
  #told = '';
  #seen = '';
  #looking: Promise<void> = Promise.resolve();
  #blind = false;
  #closed = false;

  private constructor(parts: MappingWatchParts) {
    this.#parts = { quietMilliseconds: QUIET_MILLISECONDS, pollMilliseconds: POLL_MILLISECONDS, ...parts };
    this.#poll = setInterval(() => this.#soon(), this.#parts.pollMilliseconds);
    this.#poll.unref();
  }

  /** Watches from now on; what the files held when they were read is known. */
  static async start(parts: MappingWatchParts): Promise<MappingWatch> {
    const mappingWatch = new MappingWatch(parts);
    mappingWatch.#told = parts.config().fingerprint;
    await mappingWatch.#watchFolders();
    // They may have changed between being read and being watched.
    mappingWatch.#soon();
    return mappingWatch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
    await this.#looking;
  }

  #isOpen(): boolean {
    return !this.#closed;
  }

  #soon(): void {
    if (!this.#isOpen()) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#looking = this.#looking.then(() => this.#look());
    }, this.#parts.quietMilliseconds);
    this.#timer.unref();
  }

  /** Never rejects: what cannot be read is part of what is seen. */
  async #look(): Promise<void> {
    if (!this.#isOpen()) return;
    const now = await this.#fingerprint();
    await this.#watchFolders();
    const rests = now === this.#seen;
    this.#seen = now;
    if (now === this.#told) return;
    if (!rests) return this.#soon();
    this.#told = now;
    if (this.#isOpen()) this.#parts.onChange();
  }

  async #fingerprint(): Promise<string> {
    const files = await this.#files();
    const read = (file: string) => readFile(file).catch((thrown: unknown) => systemErrorCode(thrown) ?? 'unreadable');
    return fingerprintOf(await Promise.all(files.map(async (file) => ({ file, text: await read(file) }))));
  }

  async #files(): Promise<readonly string[]> {
    const { file, include, included } = this.#parts.config();
    return [file, ...(await findIncluded(file, include).catch(() => included))];
  }

  async #watchFolders(): Promise<void> {
    const wanted = await this.#wantedFolders();
    for (const [folder, watcher] of this.#folders) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of wanted) if (this.#isOpen() && !this.#folders.has(folder)) this.#watchFolder(folder);
  }

  /** Of the files themselves, of what they are links to, and of the patterns, where more may appear. */
  async #wantedFolders(): Promise<ReadonlySet<string>> {
    const files = await this.#files();
    const real = await Promise.all(files.map((file) => realpath(file).catch(() => file)));
    return new Set([...files, ...real, ...this.#parts.config().include.map(fixedPart)].map((name) => dirname(name)));
  }

  #watchFolder(folder: string): void {
    const blind = (thrown: unknown) => this.#goBlind(folder, thrown);
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#soon());
      watcher.on('error', (thrown) => {
        watcher.close();
        this.#folders.delete(folder);
        blind(thrown);
      });
      this.#folders.set(folder, watcher);
    } catch (thrown) {
      blind(thrown);
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

/** A name in the folder where the pattern's first wildcard is: `/a/b/*.yaml` gives `/a/b/x`. */
function fixedPart(pattern: string): string {
  const wildcard = pattern.search(/[*?[{(!]/);
  return wildcard === -1 ? pattern : `${pattern.slice(0, wildcard)}x`;
}
