import type { KeptStanding } from '../boot/policy-ports.js';
import { areStrangers } from '../boot/standing-keys.js';

/** Standings in memory, found by what their machines are known by, and by what those reported beside that. */
export class FoundStandings {
  readonly #byId = new Map<string, KeptStanding>();
  /** Each key is of one machine. */
  readonly #byKey = new Map<string, string>();
  /** What was reported may be said of several. */
  readonly #byReport = new Map<string, readonly string[]>();
  #strangers = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** Of machines that have no record. */
  get strangers(): number {
    return this.#strangers;
  }

  all(): Iterable<KeptStanding> {
    return this.#byId.values();
  }

  idOf(key: string): string | undefined {
    return this.#byKey.get(key);
  }

  get(id: string): KeptStanding | undefined {
    return this.#byId.get(id);
  }

  /** Whose keys these are. */
  of(keys: readonly string[]): readonly KeptStanding[] {
    return this.#those(keys.flatMap((key) => this.#byKey.get(key) ?? []));
  }

  /** Whose keys these are, or who reported them. */
  reporting(keys: readonly string[]): readonly KeptStanding[] {
    return this.#those(keys.flatMap((key) => [this.#byKey.get(key) ?? [], this.#byReport.get(key) ?? []].flat()));
  }

  put(kept: KeptStanding): void {
    this.remove(kept.id);
    const { id, keys, also = [] } = kept;
    this.#byId.set(id, kept);
    for (const key of keys) this.#byKey.set(key, id);
    for (const key of also) this.#byReport.set(key, [...(this.#byReport.get(key) ?? []), id]);
    if (areStrangers(keys)) this.#strangers += 1;
  }

  remove(id: string): void {
    const kept = this.#byId.get(id);
    if (kept === undefined) return;
    this.#byId.delete(id);
    for (const key of kept.keys) if (this.#byKey.get(key) === id) this.#byKey.delete(key);
    for (const key of kept.also ?? []) {
      const others = (this.#byReport.get(key) ?? []).filter((other) => other !== id);
      if (others.length === 0) this.#byReport.delete(key);
      else this.#byReport.set(key, others);
    }
    if (areStrangers(kept.keys)) this.#strangers -= 1;
  }

  #those(ids: readonly string[]): readonly KeptStanding[] {
    return [...new Set(ids)].flatMap((id) => this.#byId.get(id) ?? []);
  }
}
