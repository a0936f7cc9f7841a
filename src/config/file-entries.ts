import { setImmediate } from 'node:timers/promises';
import type { Assignment } from '../boot/assignment.js';
import type { EntryDocument, EntryKind, EntrySource } from '../boot/entry.js';
import type { Machine } from '../machine/machine.js';
import type { Config } from './schema.js';
import { assignmentIdentities, type Clash, type Identities, machineIdentities, Taken } from './unique.js';
import { type WrittenEntry, writtenEntries } from './written.js';

/** A file's entry, as it is written. */
export type FileEntry = { readonly source: EntrySource; readonly json: string };

type NamedSource = { readonly name: string; readonly source: EntrySource };

/** How many entries are gone through at once: packets are not to wait. */
const AT_ONCE = 2_000;

/** The machines and assignments of a configuration by their names and identities, each with where and how it is written. */
export class FileEntries {
  readonly config: Config;
  readonly #lists: Readonly<Record<EntryKind, FileList>>;

  private constructor(config: Config) {
    this.config = config;
    const { files } = config.written;
    this.#lists = {
      machine: new FileList(() => writtenEntries(files, 'machines')),
      assignment: new FileList(() => writtenEntries(files, 'assignments')),
    };
  }

  static async of(config: Config): Promise<FileEntries> {
    const entries = new FileEntries(config);
    await entries.#lists.machine.add(config.machines, machineIdentities);
    await entries.#lists.assignment.add(config.assignments, assignmentIdentities);
    return entries;
  }

  has(kind: EntryKind, name: string): boolean {
    return this.#lists[kind].taken.named(name) !== undefined;
  }

  find(kind: EntryKind, name: string): FileEntry | undefined {
    const position = this.#lists[kind].taken.named(name);
    return position === undefined ? undefined : this.#lists[kind].at(position);
  }

  /** What a machine says of itself; undefined when no file knows it. */
  machine(name: string): Machine | undefined {
    const position = this.#lists.machine.taken.named(name);
    return position === undefined ? undefined : this.config.machines[position];
  }

  assignment(name: string): Assignment | undefined {
    const position = this.#lists.assignment.taken.named(name);
    return position === undefined ? undefined : this.config.assignments[position];
  }

  names(kind: EntryKind): Iterable<string> {
    return this.#lists[kind].taken.names();
  }

  /** Files' entries that have already what the other wants to be. */
  clashes(kind: EntryKind, wanted: Identities): readonly Clash<NamedSource>[] {
    const list = this.#lists[kind];
    const values = kind === 'machine' ? this.config.machines : this.config.assignments;
    return list.taken.clashes(wanted).map(({ by, ...clash }) => {
      return { ...clash, by: { name: values[by]?.name ?? '', source: list.at(by).source } };
    });
  }
}

/** By position in the configuration. */
class FileList {
  readonly taken = new Taken<number>();
  readonly #read: () => readonly WrittenEntry[];
  #written: readonly WrittenEntry[] | undefined;

  constructor(read: () => readonly WrittenEntry[]) {
    this.#read = read;
  }

  async add<T>(values: readonly T[], identitiesOf: (value: T) => Identities): Promise<void> {
    for (const [position, value] of values.entries()) {
      this.taken.take(identitiesOf(value), position);
      if (position % AT_ONCE === AT_ONCE - 1) await setImmediate();
    }
  }

  /** Gone through when somebody asks for the first time. */
  at(position: number): FileEntry {
    this.#written ??= this.#read();
    const { file = '', line = 1, json = '{}' } = this.#written[position] ?? {};
    return { source: { kind: 'file', file, line }, json };
  }
}

/** What a file's entry reads. */
export function documentOf({ json }: FileEntry): EntryDocument {
  return JSON.parse(json) as EntryDocument;
}
