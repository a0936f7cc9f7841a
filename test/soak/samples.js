import { statSync } from 'node:fs';
import { join } from 'node:path';
import { processorSeconds } from '../bench/load.js';
import { leastOfWindows, slopeAnHour } from './slope.js';

/**
 * What the server takes at a time, in bytes but for `fds`; `life`: which of its lives.
 * @typedef {{ at: number, life: number, resident: number, heap: number, fds: number, lag: number, state: number, log: number }} Taken
 * Growth an hour, in KiB, over so many minutes.
 * @typedef {{ minutes: number, heap: number, resident: number, state: number, windows: number }} Growth
 */

const MINUTE = 60_000;
const WINDOW_MILLISECONDS = 30_000;
const KIB = 1_024;
/**
 * Of a life, until what is remembered of lately has filled: of an hour, the last life has three quarters, and the most that is
 * remembered by boots, 10,000 capabilities, is full after twenty minutes of it.
 */
const WARM_UP_SHARE = 0.45;

/** @param {string} metrics @param {string} name */
function metric(metrics, name) {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
}

export class Samples {
  /** @type {Taken[]} */
  all = [];
  #folder;
  #api;

  /** @param {string} folder of the site @param {import('./api.js').Api} api */
  constructor(folder, api) {
    this.#folder = folder;
    this.#api = api;
  }

  /** Nothing while no server answers. @param {number} life */
  async take(life) {
    const metrics = await this.#api.ask('/metrics');
    if (metrics === undefined) return;
    this.all.push({
      ...{ at: Date.now(), life, fds: metric(metrics, 'process_open_fds') },
      resident: metric(metrics, 'process_resident_memory_bytes'),
      heap: metric(metrics, 'nodejs_heap_size_used_bytes'),
      lag: metric(metrics, 'nodejs_eventloop_lag_p99_seconds'),
      state: this.#bytes('state.db'),
      log: this.#bytes('state.db-wal'),
    });
  }

  /** Of the life of which there are most samples, when it is warm. @returns {Growth} */
  growth() {
    /** @type {Map<number, Taken[]>} */
    const byLife = new Map();
    for (const one of this.all) byLife.set(one.life, [...(byLife.get(one.life) ?? []), one]);
    const longest = [...byLife.values()].sort((one, other) => other.length - one.length)[0] ?? [];
    const warm = longest.slice(Math.floor(longest.length * WARM_UP_SHARE));
    const least = (/** @type {'heap' | 'resident' | 'state'} */ what) =>
      leastOfWindows(
        warm.map((one) => ({ at: one.at, value: one[what] })),
        WINDOW_MILLISECONDS,
      );
    const slope = (/** @type {'heap' | 'resident' | 'state'} */ what) => slopeAnHour(least(what)) / KIB;
    const minutes = ((warm.at(-1)?.at ?? 0) - (warm[0]?.at ?? 0)) / MINUTE;
    return {
      minutes,
      windows: least('heap').length,
      heap: slope('heap'),
      resident: slope('resident'),
      state: slope('state'),
    };
  }

  /** @param {string} name */
  #bytes(name) {
    return statSync(join(this.#folder, 'data', name), { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** Processor time of several programs, also of those that have ended. */
export class Spending {
  /** @type {Map<number, number>} */
  #seconds = new Map();

  /** @param {readonly (number | undefined)[]} pids */
  look(pids) {
    for (const pid of pids) {
      if (pid === undefined || pid === 0) continue;
      try {
        this.#seconds.set(pid, processorSeconds(pid));
      } catch {
        // It has ended: what it took is known from the last look.
      }
    }
  }

  get seconds() {
    return [...this.#seconds.values()].reduce((sum, one) => sum + one, 0);
  }
}
