import { asAnother, type IsKnown, isOwn, leftUnder } from '../boot/divided-standing.js';
import { joinStandings, withEvidence } from '../boot/joined-standing.js';
import type { Doubt } from '../boot/policy.js';
import type { KeptStanding, LoadedStandings, StandingStore, UnreadableStanding } from '../boot/policy-ports.js';
import { isToldAnew, type NextBoot, newestTime, type Standing } from '../boot/standing.js';
import { areStrangers, isName, type Whose } from '../boot/standing-keys.js';
import { FoundStandings } from './found-standings.js';
import { MeetingTurns } from './meeting-turns.js';

export type StandingsParts = {
  readonly store: StandingStore;
  /** One that no other standing has. */
  readonly newId: () => string;
  /** By the mapping in force. Missing: any name may be that of a machine. */
  readonly isKnown?: IsKnown;
};

const NOTHING: LoadedStandings = { standings: [], unreadable: [], doubtedSince: undefined, newest: 0 };
/** Of one machine: who reports another card each time adds nothing for ever. The newest stay. */
const MOST_REPORTED = 32;

/** Where machines stand with their policies: in memory, and durable before a change counts. */
export class Standings {
  readonly #parts: StandingsParts;
  readonly #found = new FoundStandings();
  #unreadable: readonly UnreadableStanding[];
  #doubtedSince: number | undefined;
  #newest: number;
  /** Changes of one machine come one after the other, by whatever of it they know it. */
  readonly #turns = new MeetingTurns();

  /** `loaded`: what is kept already. */
  constructor(parts: StandingsParts, loaded: LoadedStandings = NOTHING) {
    this.#parts = parts;
    this.#unreadable = loaded.unreadable;
    this.#doubtedSince = loaded.doubtedSince;
    this.#newest = loaded.newest;
    for (const kept of loaded.standings) this.#found.put(kept);
  }

  /** Throws DATA_UNUSABLE. */
  static async open(parts: StandingsParts): Promise<Standings> {
    return new Standings(parts, await parts.store.loadStandings());
  }

  /** Machines of which something is known. */
  get size(): number {
    return this.#found.size;
  }

  /** Those of them that have no record. */
  get strangers(): number {
    return this.#found.strangers;
  }

  /** The newest time that the state holds: milliseconds since the epoch. */
  get newest(): number {
    return this.#newest;
  }

  /** Joined where several of its keys have one each; of what another's says that has one of them, only that it is done. */
  of(keys: readonly string[]): Standing | undefined {
    const { its, others } = this.#ofWhom(keys);
    return joinStandings([
      ...its.map(({ standing }) => standing),
      ...others.flatMap(({ standing }) => asAnother(standing) ?? []),
    ]);
  }

  /** The same with what others' standings say of a stranger. */
  seen({ machine, keys, evidence = [] }: Whose): Standing | undefined {
    const own = this.of(keys);
    if (evidence.length === 0) return own;
    const ids = new Set(keys.map((key) => this.#found.idOf(key)));
    const others = this.#found.reporting(evidence).filter(({ id }) => !ids.has(id));
    const nothing = { machine };
    const standing = withEvidence(
      own ?? nothing,
      others.map((other) => other.standing),
    );
    return standing === nothing ? undefined : standing;
  }

  /** Why it cannot be known whether such a machine is done. */
  doubt({ keys }: Whose): Doubt | undefined {
    if (this.#doubtedSince !== undefined) return { kind: 'since', at: this.#doubtedSince };
    const isDamaged =
      this.#unreadable.some((damaged) => mayBeOf(damaged.keys, keys)) ||
      this.#found.of(keys).some((kept) => kept.isDamaged === true);
    return isDamaged ? { kind: 'damaged' } : undefined;
  }

  /** Since when the whole state is in doubt: milliseconds since the epoch. */
  get allDoubtedSince(): number | undefined {
    return this.#doubtedSince;
  }

  /** Whether the state is not taken for whole. */
  get isDoubted(): boolean {
    if (this.#doubtedSince !== undefined || this.#unreadable.length > 0) return true;
    return [...this.#found.all()].some((kept) => kept.isDamaged === true);
  }

  /** What counts from now on is what is known. Throws DATA_UNUSABLE, DISK_FULL. */
  async trust(): Promise<void> {
    await this.#parts.store.trust();
    this.#doubtedSince = undefined;
    this.#unreadable = [];
    this.#newest = 0;
    for (const { isDamaged, ...kept } of [...this.#found.all()]) if (isDamaged === true) this.#found.put(kept);
  }

  /** Every wish for a next boot, with whose it is. */
  *wishes(): Generator<{ readonly machine: string; readonly keys: readonly string[]; readonly next: NextBoot }> {
    for (const { keys, standing } of this.#found.all()) {
      if (standing.next !== undefined) yield { machine: standing.machine, keys, next: standing.next };
    }
  }

  /**
   * Durable when it resolves; a change that answers the same object changes nothing, but that what the machine reports is kept where
   * something is known of it. Throws DATA_UNUSABLE, DISK_FULL, and nothing is changed then.
   */
  change(whose: Whose, change: (standing: Standing) => Standing): Promise<Standing> {
    return this.#turns.take(this.#about(whose.keys), () => this.#change(whose, change));
  }

  /**
   * Forgets all that is known of a machine by these keys; whether there was anything. What they share a standing with is no less done
   * than before. Throws DATA_UNUSABLE, DISK_FULL.
   */
  forget({ keys }: Whose): Promise<boolean> {
    return this.#turns.take(this.#about(keys), async () => {
      const { its, others } = this.#ofWhom(keys);
      const damaged = this.#damagedOf(keys);
      if (its.length + others.length + damaged.length === 0) return false;
      for (const other of others) await this.#save({ ...other, keys: without(other.keys, keys) });
      for (const one of [...its, ...damaged])
        await this.#divide(one, without(one.keys, keys).some(isNotName) ? keys : one.keys);
      const ids = [...its, ...damaged].map(({ id }) => id);
      if (ids.length > 0) await this.#parts.store.removeStandings(ids);
      for (const { id } of its) this.#found.remove(id);
      this.#unreadable = this.#unreadable.filter(({ id }) => !ids.includes(id));
      return true;
    });
  }

  #about(keys: readonly string[]): readonly string[] {
    return [...keys, ...this.#found.of(keys).map(({ id }) => `id ${id}`)];
  }

  async #change(whose: Whose, change: (standing: Standing) => Standing): Promise<Standing> {
    const { machine, keys } = whose;
    const { its, others } = this.#ofWhom(keys);
    const own = this.of(keys);
    const before = own === undefined || its.length === 0 ? { ...own, machine } : own;
    const after = change(before);
    const also = reported(whose, its);
    const isLearned = own !== undefined && also.some((key) => its.every((kept) => kept.also?.includes(key) !== true));
    if (after === before && !isLearned) return before;
    const isDamaged = this.doubt(whose)?.kind === 'damaged' && !isToldAnew(before, after);
    const [name = ''] = keys;
    const known = its.find((kept) => kept.keys.includes(name)) ?? its[0];
    const kept: KeptStanding = {
      id: known?.id ?? this.#parts.newId(),
      keys,
      ...(also.length > 0 && { also }),
      ...(isDamaged && { isDamaged }),
      standing: after,
    };
    // First, so that nobody is less done than before where the server is killed between them.
    const damaged = this.#damagedOf(keys);
    for (const one of [...its, ...damaged]) await this.#divide(one, keys);
    const replaced = [...its.filter(({ id }) => id !== kept.id), ...damaged];
    await this.#save(kept, replaced);
    for (const one of others) this.#found.put({ ...one, keys: without(one.keys, keys) });
    this.#newest = Math.max(this.#newest, newestTime(kept.standing));
    this.#unreadable = this.#unreadable.filter((one) => !damaged.some(({ id }) => id === one.id));
    return after;
  }

  /** Whose standings a machine's keys find: its own, and those of others that have some of them too. */
  #ofWhom(keys: readonly string[]): {
    readonly its: readonly KeptStanding[];
    readonly others: readonly KeptStanding[];
  } {
    const { isKnown = () => true } = this.#parts;
    const found = this.#found.of(keys);
    const its = found.filter((kept) => isOwn(kept, keys, isKnown));
    return { its, others: found.filter((kept) => !its.includes(kept)) };
  }

  /** As if they could be read: what they said is not known. */
  #damagedOf(keys: readonly string[]): readonly KeptStanding[] {
    return this.#unreadable
      .filter((one) => one.keys.some((key) => keys.includes(key)))
      .map((one) => ({ ...one, isDamaged: true, standing: { machine: one.keys[0] ?? '' } }));
  }

  /** Its other keys get what is left of it. */
  async #divide(kept: KeptStanding, keys: readonly string[]): Promise<void> {
    const left = leftUnder(kept, keys);
    if (left !== undefined) await this.#save({ id: this.#parts.newId(), ...left });
  }

  async #save(kept: KeptStanding, replaced: readonly KeptStanding[] = []): Promise<void> {
    await this.#parts.store.saveStanding(
      kept,
      replaced.map(({ id }) => id),
    );
    for (const { id } of replaced) this.#found.remove(id);
    this.#found.put(kept);
  }
}

/** Of a row that is lost it is not known what its machine reported, and of one without keys not even whose it was. */
function mayBeOf(damaged: readonly string[], keys: readonly string[]): boolean {
  if (damaged.length === 0 || damaged.some((key) => keys.includes(key))) return true;
  return areStrangers(damaged) && areStrangers(keys);
}

/** What it is known to have reported beside its keys, with what it reports now: the newest of that. */
function reported({ keys, also = [] }: Whose, found: readonly KeptStanding[]): readonly string[] {
  const all = new Set([...found.flatMap((kept) => kept.also ?? []), ...also]);
  for (const key of keys) all.delete(key);
  return [...all].slice(-MOST_REPORTED);
}

function without(keys: readonly string[], taken: readonly string[]): readonly string[] {
  return keys.filter((key) => !taken.includes(key));
}

function isNotName(key: string): boolean {
  return !isName(key);
}
