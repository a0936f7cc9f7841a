import type { KeptStanding, StandingStore } from '../boot/policy-ports.js';
import type { NextBoot, Standing } from '../boot/standing.js';

export type StandingsParts = {
  readonly store: StandingStore;
  /** One that no other standing has. */
  readonly newId: () => string;
};

type LoadedStandings = Awaited<ReturnType<StandingStore['loadStandings']>>;

const NOTHING: LoadedStandings = { standings: [], unreadable: [], doubtedSince: undefined };

/** Whose standing is meant: all keys of one machine, its name for people. */
export type Whose = { readonly machine: string; readonly keys: readonly string[] };

/** Where machines stand with their policies: in memory, and durable before a change counts. */
export class Standings {
  readonly #parts: StandingsParts;
  readonly #byId = new Map<string, KeptStanding>();
  readonly #byKey = new Map<string, string>();
  /** Of machines whose rows somebody has damaged. */
  readonly #unreadable: Set<string>;
  #doubtedSince: number | undefined;
  /** Changes of one machine come one after the other. */
  readonly #changing = new Map<string, Promise<unknown>>();

  /** `loaded`: what is kept already. */
  constructor(parts: StandingsParts, loaded: LoadedStandings = NOTHING) {
    this.#parts = parts;
    this.#unreadable = new Set(loaded.unreadable);
    this.#doubtedSince = loaded.doubtedSince;
    for (const kept of loaded.standings) this.#remember(kept);
  }

  /** Throws DATA_UNUSABLE. */
  static async open(parts: StandingsParts): Promise<Standings> {
    return new Standings(parts, await parts.store.loadStandings());
  }

  /** Machines of which something is known. */
  get size(): number {
    return this.#byId.size;
  }

  /** Joined where several of its keys have one each: done is who is done by any. */
  of(keys: readonly string[]): Standing | undefined {
    const [first, ...others] = this.#keptOf(keys);
    if (first === undefined) return undefined;
    return others.reduce((standing, other) => joined(standing, other.standing), first.standing);
  }

  /** Since when it cannot be known whether such a machine is done. */
  doubtedSince(keys: readonly string[]): number | undefined {
    const isUnreadable = keys.some((key) => this.#unreadable.has(key));
    return this.#doubtedSince ?? (isUnreadable ? 0 : undefined);
  }

  /** Since when the whole state is in doubt: milliseconds since the epoch. */
  get allDoubtedSince(): number | undefined {
    return this.#doubtedSince;
  }

  /** Whether the state is not taken for whole. */
  get isDoubted(): boolean {
    return this.#doubtedSince !== undefined || this.#unreadable.size > 0;
  }

  /** What counts from now on is what is known. Throws DATA_UNUSABLE, DISK_FULL. */
  async trust(): Promise<void> {
    await this.#parts.store.trust();
    this.#doubtedSince = undefined;
    this.#unreadable.clear();
  }

  /** Every wish for a next boot, with whose it is. */
  *wishes(): Generator<{ readonly machine: string; readonly keys: readonly string[]; readonly next: NextBoot }> {
    for (const { keys, standing } of this.#byId.values()) {
      if (standing.next !== undefined) yield { machine: standing.machine, keys, next: standing.next };
    }
  }

  /**
   * Durable when it resolves; a change that answers the same object changes nothing. Throws DATA_UNUSABLE, DISK_FULL, and nothing
   * is changed then.
   */
  change(whose: Whose, change: (standing: Standing) => Standing): Promise<Standing> {
    const [name = ''] = whose.keys;
    const run = (this.#changing.get(name) ?? Promise.resolve()).then(() => this.#change(whose, change));
    const settled = run.catch(() => undefined);
    this.#changing.set(name, settled);
    void settled.then(() => {
      if (this.#changing.get(name) === settled) this.#changing.delete(name);
    });
    return run;
  }

  async #change({ machine, keys }: Whose, change: (standing: Standing) => Standing): Promise<Standing> {
    const before = this.of(keys) ?? { machine };
    const after = change(before);
    if (after === before) return before;
    const [name = ''] = keys;
    const id = this.#byKey.get(name) ?? this.#parts.newId();
    // Keys may have been another machine's, which keeps what is left of its own.
    const taken = new Set(keys);
    const emptied = this.#keptOf(keys).filter((kept) => kept.id !== id && kept.keys.every((key) => taken.has(key)));
    // By whatever it was known: a report may come by what was known when its boot began.
    const own = new Set([...(this.#byId.get(id)?.keys ?? []), ...keys]);
    const kept = { id, keys: [...own], standing: after };
    await this.#parts.store.saveStanding(
      kept,
      emptied.map((one) => one.id),
    );
    for (const one of emptied) this.#byId.delete(one.id);
    for (const one of this.#keptOf(keys)) {
      if (one.id !== id) this.#byId.set(one.id, { ...one, keys: one.keys.filter((key) => !taken.has(key)) });
    }
    this.#remember(kept);
    return kept.standing;
  }

  #keptOf(keys: readonly string[]): readonly KeptStanding[] {
    const ids = new Set(keys.flatMap((key) => this.#byKey.get(key) ?? []));
    return [...ids].flatMap((id) => this.#byId.get(id) ?? []);
  }

  #remember(kept: KeptStanding): void {
    const before = this.#byId.get(kept.id);
    for (const key of before?.keys ?? []) if (this.#byKey.get(key) === kept.id) this.#byKey.delete(key);
    this.#byId.set(kept.id, kept);
    for (const key of kept.keys) this.#byKey.set(key, kept.id);
  }
}

/** What the first says counts, but that it is done is known of either. */
function joined(standing: Standing, other: Standing): Standing {
  const done = standing.done ?? other.done;
  return done === undefined ? standing : { ...standing, done };
}
