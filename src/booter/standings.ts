import { joinStandings, withEvidence } from '../boot/joined-standing.js';
import type { Doubt } from '../boot/policy.js';
import type { KeptStanding, LoadedStandings, StandingStore, UnreadableStanding } from '../boot/policy-ports.js';
import { isToldAnew, type NextBoot, newestTime, type Standing } from '../boot/standing.js';
import { areStrangers, type Whose } from '../boot/standing-keys.js';
import { FoundStandings } from './found-standings.js';
import { MeetingTurns } from './meeting-turns.js';

export type StandingsParts = {
  readonly store: StandingStore;
  /** One that no other standing has. */
  readonly newId: () => string;
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

  /** Joined where several of its keys have one each. */
  of(keys: readonly string[]): Standing | undefined {
    return joinStandings(this.#found.of(keys).map(({ standing }) => standing));
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

  /** Forgets all that is known of a machine by these keys; whether there was anything. Throws DATA_UNUSABLE, DISK_FULL. */
  forget({ keys }: Whose): Promise<boolean> {
    return this.#turns.take(this.#about(keys), async () => {
      const damaged = this.#unreadable.filter((one) => one.keys.some((key) => keys.includes(key)));
      const ids = [...this.#found.of(keys), ...damaged].map(({ id }) => id);
      if (ids.length === 0) return false;
      await this.#parts.store.removeStandings(ids);
      for (const id of ids) this.#found.remove(id);
      this.#unreadable = this.#unreadable.filter((one) => !damaged.includes(one));
      return true;
    });
  }

  #about(keys: readonly string[]): readonly string[] {
    return [...keys, ...this.#found.of(keys).map(({ id }) => `id ${id}`)];
  }

  async #change(whose: Whose, change: (standing: Standing) => Standing): Promise<Standing> {
    const { machine, keys } = whose;
    const own = this.of(keys);
    const before = own ?? { machine };
    const after = change(before);
    const found = this.#found.of(keys);
    const [name = ''] = keys;
    const known = this.#found.idOf(name);
    // Keys may have been another machine's, which keeps what is left of its own.
    const taken = new Set(keys);
    const emptied = found.filter((kept) => kept.id !== known && kept.keys.every((key) => taken.has(key)));
    const its = found.filter((kept) => kept.id === known || emptied.includes(kept));
    const also = reported(whose, its);
    const isLearned = own !== undefined && also.some((key) => its.every((kept) => kept.also?.includes(key) !== true));
    if (after === before && !isLearned) return before;
    const id = known ?? this.#parts.newId();
    const isDamaged = this.doubt(whose)?.kind === 'damaged' && !isToldAnew(before, after);
    const kept: KeptStanding = {
      id,
      // By whatever it was known: a report may come by what was known when its boot began.
      keys: [...new Set([...(this.#found.get(id)?.keys ?? []), ...keys])],
      ...(also.length > 0 && { also }),
      ...(isDamaged && { isDamaged }),
      standing: after,
    };
    await this.#parts.store.saveStanding(
      kept,
      emptied.map((one) => one.id),
    );
    this.#take(kept, emptied);
    await this.#takeNext(
      before.next,
      kept,
      found.filter((one) => !emptied.includes(one)),
    );
    if (!isDamaged)
      this.#unreadable = this.#unreadable.filter((damaged) => !damaged.keys.some((key) => taken.has(key)));
    return after;
  }

  /** What it boots next was wished of one whose card it has now: nobody else gets that. */
  async #takeNext(next: NextBoot | undefined, { id }: KeptStanding, others: readonly KeptStanding[]): Promise<void> {
    for (const one of others) {
      if (one.id === id || next === undefined || one.standing.next?.id !== next.id) continue;
      const { next: _next, ...standing } = one.standing;
      const left = { ...(this.#found.get(one.id) ?? one), standing };
      await this.#parts.store.saveStanding(left, []);
      this.#found.put(left);
    }
  }

  #take(kept: KeptStanding, emptied: readonly KeptStanding[]): void {
    const taken = new Set(kept.keys);
    for (const { id } of emptied) this.#found.remove(id);
    for (const one of this.#found.of(kept.keys)) {
      if (one.id !== kept.id) this.#found.put({ ...one, keys: one.keys.filter((key) => !taken.has(key)) });
    }
    this.#found.put(kept);
    this.#newest = Math.max(this.#newest, newestTime(kept.standing));
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
