import type { KeptStanding } from '../boot/policy-ports.js';
import { areStrangers } from '../boot/standing-keys.js';

/** Standings in memory, found by what their machines are known by, and by what those reported beside that. */
export class FoundStandings {
  readonly #byId = new Map<string, KeptStanding>();
  /** Each key is of one machine. */
  readonly #byKey = new Map<string, string>();
  /** What was reported may be said of several, and nearly always is of one. */
  readonly #byReport = new Map<string, string | Set<string>>();
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
    return this.#those(keys.flatMap((key) => [...this.of([key]).map(({ id }) => id), ...this.#reportedBy(key)]));
  }

  put(kept: KeptStanding): void {
    this.remove(kept.id);
    const { id, keys, also = [] } = kept;
    this.#byId.set(id, kept);
    for (const key of keys) this.#byKey.set(key, id);
    for (const key of also) this.#reported(key, id);
    if (areStrangers(keys)) this.#strangers += 1;
  }

  remove(id: string): void {
    const kept = this.#byId.get(id);
    if (kept === undefined) return;
    this.#byId.delete(id);
    for (const key of kept.keys) if (this.#byKey.get(key) === id) this.#byKey.delete(key);
    for (const key of kept.also ?? []) this.#unreported(key, id);
    if (areStrangers(kept.keys)) this.#strangers -= 1;
  }

  #reportedBy(key: string): Iterable<string> {
    const ids = this.#byReport.get(key) ?? [];
    return typeof ids === 'string' ? [ids] : ids;
  }

  #reported(key: string, id: string): void {
    const ids = this.#byReport.get(key);
    if (ids === undefined) this.#byReport.set(key, id);
    else if (typeof ids === 'string') this.#byReport.set(key, new Set([ids, id]));
    else ids.add(id);
  }

  #unreported(key: string, id: string): void {
    const ids = this.#byReport.get(key);
    if (ids === id) this.#byReport.delete(key);
    else if (ids instanceof Set && ids.delete(id) && ids.size === 0) this.#byReport.delete(key);
  }

  #those(ids: readonly string[]): readonly KeptStanding[] {
    return [...new Set(ids)].flatMap((id) => this.#byId.get(id) ?? []);
  }
}
