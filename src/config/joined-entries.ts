import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../boot/assignment.js';
import type { EntryDocument, EntryKind, EntrySource, ShownEntry } from '../boot/entry.js';
import { ALL_IN_FORCE, type OutOfForce } from '../boot/out-of-force.js';
import type { StoredEntry } from '../boot/ports.js';
import type { Machine } from '../machine/machine.js';
import type { IpAddress } from '../net/ip.js';
import {
  type ApiEntry,
  identitiesOf,
  problemsOf,
  revisionOf,
  saidBy,
  taken,
  UNJUDGED,
  UNREADABLE,
  type Verdict,
} from './api-entry.js';
import { describeTaken, findNetworkAddresses } from './dhcp-problems.js';
import { documentOf, type FileEntries } from './file-entries.js';
import { type EntryProblem, type Judged, judgeAssignment, judgeMachine } from './judge-entry.js';
import { EntriesOutOfForce } from './out-of-force.js';
import { type Identities, noSuchMachine, Taken } from './unique.js';

type Value = { readonly machine: Machine; readonly assignment: Assignment };

/** A file's entry or one of the API's, with what it says where that is right. */
export type FoundEntry = {
  readonly shown: () => ShownEntry;
  readonly value: Machine | Assignment | undefined;
  readonly source: EntrySource['kind'];
};

/** How many entries of the API are judged at once: packets are not to wait. */
const AT_ONCE = 200;
/** To find the name that was meant among so many takes some milliseconds. */
const MOST_HINTS = 10_000;

/**
 * The API's machines and assignments beside those of the files: what is wrong, or is taken already, is kept and shown, and does
 * not count.
 */
export class JoinedEntries {
  readonly files: FileEntries;
  readonly #entries: Readonly<Record<EntryKind, Map<string, ApiEntry>>> = { machine: new Map(), assignment: new Map() };
  /** By the names of those that count. */
  readonly #taken: Readonly<Record<EntryKind, Taken<string>>> = { machine: new Taken(), assignment: new Taken() };
  #machines: readonly Machine[];
  #assignments: readonly Assignment[];
  #outOfForce: OutOfForce = ALL_IN_FORCE;
  readonly #apart: EntriesOutOfForce;
  readonly #networkAddresses: ReadonlyMap<IpAddress, string>;

  private constructor(files: FileEntries) {
    this.files = files;
    this.#apart = new EntriesOutOfForce(files.config);
    this.#networkAddresses = findNetworkAddresses(files.config.dhcp);
    this.#machines = files.config.machines;
    this.#assignments = files.config.assignments;
  }

  /** `stored`: each name once. What `before` knows of them that still holds is not found out anew. */
  static async join(
    files: FileEntries,
    stored: readonly StoredEntry[],
    before?: JoinedEntries,
  ): Promise<JoinedEntries> {
    const joined = new JoinedEntries(files);
    const { file, written } = files.config;
    const old = before?.files.config;
    const isAlike = old?.file === file && isDeepStrictEqual(old.written.shared, written.shared);
    // Assignments may name machines wherever these come.
    const inOrder = [...stored].sort((one, other) => Number(other.kind === 'machine') - Number(one.kind === 'machine'));
    for (const entry of inOrder) joined.#entries[entry.kind].set(entry.name, { ...entry, verdict: UNJUDGED });
    for (const [position, entry] of inOrder.entries()) {
      const known = isAlike ? before?.entry(entry.kind, entry.name) : undefined;
      joined.#keep({ ...entry, verdict: joined.judge(entry, known && saidBy(known)) });
      if (position % AT_ONCE === AT_ONCE - 1) await setImmediate();
    }
    joined.#gather();
    return joined;
  }

  /** Those that count, of files and of the API, and those that do not; each list is the same for as long as nothing in it changes. */
  get lists() {
    return { machines: this.#machines, assignments: this.#assignments, outOfForce: this.#outOfForce };
  }

  /** How many entries of the API do not count. */
  disregarded(): number {
    let count = 0;
    for (const { verdict } of this.all()) if (verdict.kind !== 'sound') count += 1;
    return count;
  }

  /** Of the API. */
  entry(kind: EntryKind, name: string): ApiEntry | undefined {
    return this.#entries[kind].get(name);
  }

  /** All of the API. */
  *all(): Generator<ApiEntry, void> {
    yield* this.#entries.machine.values();
    yield* this.#entries.assignment.values();
  }

  /** Whether it may count, beside all but itself. `known`: what it says, where that is known to be right by itself. Pure. */
  judge({ kind, name, document }: Omit<StoredEntry, 'revision'>, known?: Machine | Assignment): Verdict {
    if (document === undefined) return UNREADABLE;
    const judged: Judged<Machine | Assignment> =
      known === undefined ? this.#judgeAlone(kind, document) : { kind: 'sound', value: known };
    if (judged.kind === 'wrong') return judged;
    const { value } = judged;
    const clashes = this.#clashes(kind, name, identitiesOf(kind, value));
    const more = kind === 'assignment' ? this.#missing(value as Assignment) : this.#ofNetworks(value as Machine);
    const problems = [...clashes, ...more];
    return problems.length === 0 ? judged : { kind: 'clashing', value, problems };
  }

  #judgeAlone(kind: EntryKind, document: EntryDocument): Judged<Machine | Assignment> {
    const { config } = this.files;
    return kind === 'machine' ? judgeMachine(document, config) : judgeAssignment(document, config);
  }

  #clashes(kind: EntryKind, name: string, wanted: Identities): readonly EntryProblem[] {
    const ofFiles = this.files.clashes(kind, wanted).map((clash) => taken(kind, clash, clash.by.source, clash.by.name));
    const ofApi = this.#taken[kind]
      .clashes(wanted)
      .filter(({ by }) => by !== name)
      .map((clash) => taken(kind, clash, { kind: 'api' }, clash.by));
    return [...ofFiles, ...ofApi];
  }

  /** Machines that it names and nobody has. One that does not count itself is there all the same. */
  #missing({ match }: Assignment): readonly EntryProblem[] {
    const isThere = (name: string) => this.files.has('machine', name) || this.#entries.machine.has(name);
    const unknown = (match.machine ?? []).filter((name) => !isThere(name));
    if (unknown.length === 0) return [];
    const known = [...this.files.names('machine'), ...this.#entries.machine.keys()].slice(0, MOST_HINTS);
    return unknown.map((name) => ({ path: 'match.machine', message: noSuchMachine(name, known) }));
  }

  /** An address that is no machine's. */
  #ofNetworks({ ip }: Machine): readonly EntryProblem[] {
    const message = ip && describeTaken(this.#networkAddresses, ip);
    return message === undefined ? [] : [{ path: 'ip', message }];
  }

  /** Entries of the API that count and name a machine. */
  naming(machine: string): readonly string[] {
    return [...this.#entries.assignment.values()].flatMap(({ name, verdict }) => {
      if (verdict.kind !== 'sound') return [];
      return (verdict.value as Assignment).match.machine?.includes(machine) === true ? [name] : [];
    });
  }

  /** The same with this entry in the place of the one of its name, or without that. */
  candidate(kind: EntryKind, name: string, value: Machine | Assignment | undefined) {
    const others = <T extends { readonly name: string }>(list: readonly T[]) => {
      const left = list.filter((one) => one.name !== name || this.files.has(kind, name));
      return value === undefined ? left : [...left, value as unknown as T];
    };
    const { machines, assignments } = this.#outOfForce;
    const outOfForce = {
      machines:
        kind === 'machine'
          ? sameOr(
              machines,
              machines.filter(({ machine }) => machine.name !== name),
            )
          : machines,
      assignments: kind === 'assignment' ? assignments.filter((one) => one.name !== name) : assignments,
    };
    return {
      machines: kind === 'machine' ? others(this.#machines) : this.#machines,
      assignments: kind === 'assignment' ? others(this.#assignments) : this.#assignments,
      outOfForce,
    };
  }

  /** From now on it is this one. Those that only it kept from counting count. Answers them. */
  set(entry: ApiEntry): readonly ApiEntry[] {
    this.#forget(entry.kind, entry.name);
    this.#keep(entry);
    return this.#revive();
  }

  /** The same without it. */
  delete(kind: EntryKind, name: string): readonly ApiEntry[] {
    this.#forget(kind, name);
    return this.#revive();
  }

  #forget(kind: EntryKind, name: string): void {
    const old = this.#entries[kind].get(name);
    this.#entries[kind].delete(name);
    if (old?.verdict.kind === 'sound') this.#taken[kind].release(identitiesOf(kind, old.verdict.value), name);
  }

  #keep(entry: ApiEntry): void {
    const { kind, name, verdict } = entry;
    this.#entries[kind].set(name, entry);
    if (verdict.kind === 'sound') this.#taken[kind].take(identitiesOf(kind, verdict.value), name);
  }

  #revive(): readonly ApiEntry[] {
    const revived: ApiEntry[] = [];
    for (const entry of this.all()) {
      if (entry.verdict.kind !== 'clashing') continue;
      const next = { ...entry, verdict: this.judge(entry, entry.verdict.value) };
      this.#keep(next);
      if (next.verdict.kind === 'sound') revived.push(next);
    }
    this.#gather();
    return revived;
  }

  #gather(): void {
    this.#machines = sameOr(this.#machines, [...this.files.config.machines, ...this.#sound('machine')]);
    this.#assignments = sameOr(this.#assignments, [...this.files.config.assignments, ...this.#sound('assignment')]);
    this.#outOfForce = this.#apart.gather(this.all());
  }

  #sound<K extends EntryKind>(kind: K): readonly Value[K][] {
    return [...this.#entries[kind].values()].flatMap(({ verdict }) =>
      verdict.kind === 'sound' ? [verdict.value as Value[K]] : [],
    );
  }

  /** A file's entry goes before one of the API that has the same name. */
  find(kind: EntryKind, name: string): FoundEntry | undefined {
    const ofFile = this.files.find(kind, name);
    const ofApi = this.#entries[kind].get(name);
    if (ofFile !== undefined) {
      const { source, json } = ofFile;
      const problems = ofApi === undefined ? [] : [HIDING];
      const shown = () => ({ kind, name, source, problems, document: documentOf(ofFile), revision: revisionOf(json) });
      return { shown, value: this.files[kind](name), source: 'file' };
    }
    return ofApi && { shown: () => this.shownOf(ofApi), value: saidBy(ofApi), source: 'api' };
  }

  /** An entry of the API for those who look at it. */
  shownOf(entry: ApiEntry): ShownEntry {
    const { kind, name, revision, document = { name } } = entry;
    return { kind, name, revision, document, source: { kind: 'api' }, problems: problemsOf(entry) };
  }

  /** Of files and of the API, each once. */
  names(kind: EntryKind): readonly string[] {
    const ofApi = [...this.#entries[kind].keys()].filter((name) => !this.files.has(kind, name));
    return [...this.files.names(kind), ...ofApi];
  }
}

const HIDING = 'the API has an entry of the same name, which is out of force: delete that';

function sameOr<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  const isSame = before.length === after.length && before.every((one, position) => one === after[position]);
  return isSame ? before : Object.freeze(after);
}
