import type { IsoEntry } from './iso-folder.js';

/** What is in a directory, of which names are looked up many times. */
export class IsoListing {
  readonly entries: readonly IsoEntry[];
  readonly #named = new Map<string, IsoEntry>();
  readonly #folded = new Map<string, IsoEntry>();

  /** What has the same name as one before is left out, and so are names that no system has, and that screens would show as lines. */
  constructor(entries: readonly IsoEntry[]) {
    this.entries = entries.filter(({ name }) => !/\p{Cc}/u.test(name));
    for (const entry of this.entries) {
      const folded = entry.name.toLowerCase();
      if (!this.#named.has(entry.name)) this.#named.set(entry.name, entry);
      if (!this.#folded.has(folded)) this.#folded.set(folded, entry);
    }
  }

  /** Where there is no such name, case does not count: images without Rock Ridge have other names. */
  named(name: string): IsoEntry | undefined {
    return this.#named.get(name) ?? this.#folded.get(name.toLowerCase());
  }

  /** The first that is no folder and has such a name; `*` stands for part of one. */
  fileLike(pattern: string): IsoEntry | undefined {
    const [before = '', after] = pattern.toLowerCase().split('*');
    if (after === undefined) return fileIn(this.#folded.get(before));
    for (const [name, entry] of this.#folded)
      if (name.startsWith(before) && name.endsWith(after) && fileIn(entry) !== undefined) return entry;
    return undefined;
  }
}

function fileIn(entry: IsoEntry | undefined): IsoEntry | undefined {
  return entry?.kind === 'folder' ? undefined : entry;
}
