import { describe, expect, it } from 'vitest';
import { type LeaseClock, startOfClock } from '../../src/lease/lease-clock.js';
import type { KeptClock } from '../../src/lease/ports.js';

const [SECOND, MINUTE, HOUR, YEAR] = [1_000, 60_000, 3_600_000, 365 * 86_400_000];
const TODAY = 1_790_000_000_000;
const DEAD_BATTERY = 946_684_800_000;

/** One computer, whose real time is `world.time`; the rest is what it believes. */
class Computer {
  time = TODAY;
  #boots = 1;
  #bootedAt = TODAY - 5 * HOUR;
  #ahead = 0;
  #stored: KeptClock | undefined;
  #newest = 0;
  clock: LeaseClock = this.#started();

  /** As the server does every ten seconds. */
  waits(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= 10 * SECOND) {
      this.time += Math.min(left, 10 * SECOND);
      this.#keep();
    }
  }

  gives(): void {
    this.#newest = this.clock.now();
  }

  setsDay(ahead: number): void {
    this.#ahead = ahead;
    this.#keep();
  }

  restartsProgram(): void {
    this.clock = this.#started();
  }

  /** Of the time of day: `set`, what it is after the start. */
  restartsSystem(down: number, set?: number): void {
    this.time += down;
    this.#boots += 1;
    this.#bootedAt = this.time - 20 * SECOND;
    if (set !== undefined) this.#ahead = set - this.time;
    this.clock = this.#started();
  }

  loses(): void {
    this.#stored = undefined;
  }

  #started(): LeaseClock {
    const boot = `boot ${this.#boots}`;
    const parts = { boot, uptime: () => this.time - this.#bootedAt, timeOfDay: () => this.time + this.#ahead };
    const clock = startOfClock(parts, this.#stored, this.#newest);
    this.clock = clock;
    this.#keep();
    return clock;
  }

  #keep(): void {
    const due = this.clock.due();
    if (due === undefined) return;
    this.#stored = due;
    this.clock.kept(due);
  }
}

/** What happens while a lease of an hour runs, within the first half of it; and how much later than that it may end for us. */
const STORIES: readonly (readonly [string, late: number, (computer: Computer) => void])[] = [
  ['nothing', 0, (computer) => computer.waits(30 * MINUTE)],
  ['the clock is set a year ahead', 0, (computer) => computer.setsDay(YEAR)],
  ['it is set a year back', 0, (computer) => computer.setsDay(-YEAR)],
  ['the program restarts', 0, (computer) => computer.restartsProgram()],
  [
    'the clock is set a year ahead, and the program restarts',
    0,
    (computer) => {
      computer.setsDay(YEAR);
      computer.restartsProgram();
    },
  ],
  [
    'it is set a year back while the program restarts, and ahead again',
    0,
    (computer) => {
      computer.setsDay(-YEAR);
      computer.restartsProgram();
      computer.setsDay(0);
      computer.restartsProgram();
    },
  ],
  ['the system restarts', 10 * SECOND, (computer) => computer.restartsSystem(10 * MINUTE)],
  [
    'the clock is set a year ahead, and the system restarts with it',
    10 * SECOND,
    (computer) => {
      computer.setsDay(YEAR);
      computer.restartsSystem(10 * MINUTE);
    },
  ],
  [
    'the clock was a year ahead, and is right after a restart of the system',
    20 * MINUTE,
    (computer) => {
      computer.setsDay(YEAR);
      computer.restartsSystem(10 * MINUTE, computer.time + 10 * MINUTE);
    },
  ],
  [
    'the system restarts with a dead battery, and its clock is set later',
    20 * MINUTE,
    (computer) => {
      computer.restartsSystem(10 * MINUTE, DEAD_BATTERY);
      computer.waits(5 * MINUTE);
      computer.setsDay(0);
    },
  ],
  [
    'the same, and it restarts once more with a right one',
    20 * MINUTE,
    (computer) => {
      computer.restartsSystem(10 * MINUTE, DEAD_BATTERY);
      computer.waits(MINUTE);
      computer.setsDay(0);
      computer.restartsSystem(MINUTE);
    },
  ],
  [
    'the same, and it restarts before that with a right one',
    20 * MINUTE,
    (computer) => {
      computer.restartsSystem(10 * MINUTE, DEAD_BATTERY);
      computer.waits(MINUTE);
      computer.restartsSystem(MINUTE, computer.time + MINUTE);
    },
  ],
  [
    'what was kept of the clock is lost, and the battery is dead',
    40 * MINUTE,
    (computer) => {
      computer.waits(20 * MINUTE);
      computer.loses();
      computer.restartsSystem(10 * MINUTE, DEAD_BATTERY);
    },
  ],
];

describe('the lease clock', () => {
  it.each(STORIES)('ends a lease neither early nor much later when %s', (_, late, happens) => {
    const computer = new Computer();
    computer.waits(3 * MINUTE);
    const [given, until] = [computer.time, computer.clock.now() + HOUR];
    computer.gives();
    computer.waits(MINUTE);
    happens(computer);
    const left = given + HOUR - computer.time;
    expect(until - computer.clock.now()).toBeGreaterThanOrEqual(left);
    expect(until - computer.clock.now()).toBeLessThanOrEqual(left + late);
    computer.waits(left - SECOND);
    expect(computer.clock.now()).toBeLessThan(until);
    computer.waits(late + 2 * SECOND);
    expect(computer.clock.now()).toBeGreaterThanOrEqual(until);
  });

  it('ends what is over after a long rest of the system', () => {
    const computer = new Computer();
    const until = computer.clock.now() + HOUR;
    computer.restartsSystem(30 * 24 * HOUR);
    expect(computer.clock.now()).toBeGreaterThan(until);
  });

  it('does not take another count of the same name for its own', () => {
    const kept = { boot: 'b', offset: 1_000, at: 9_000, ahead: TODAY - 9_000 };
    const clock = startOfClock({ boot: 'b', uptime: () => 50, timeOfDay: () => TODAY + 5 }, kept, 0);
    expect(clock.now()).toBe(9_005);
  });

  it('tells people of its moments by the time of day of now', () => {
    const computer = new Computer();
    computer.setsDay(YEAR);
    const now = computer.clock.now();
    expect(computer.clock.toEpoch(now + HOUR)).toBe(TODAY + YEAR + HOUR);
    expect(computer.clock.fromEpoch(TODAY + YEAR + HOUR)).toBe(now + HOUR);
  });

  it('is kept at the start, when the time of day is set, and now and then', () => {
    let [uptime, timeOfDay] = [0, TODAY];
    const clock = startOfClock({ boot: 'b', uptime: () => uptime, timeOfDay: () => timeOfDay }, undefined, 0);
    const keep = () => {
      const due = clock.due();
      if (due !== undefined) clock.kept(due);
      return due !== undefined;
    };
    const passes = (milliseconds: number) => {
      [uptime, timeOfDay] = [uptime + milliseconds, timeOfDay + milliseconds];
      return keep();
    };
    expect([keep(), keep(), passes(9 * MINUTE), passes(MINUTE), passes(MINUTE)]).toEqual([
      true,
      false,
      false,
      true,
      false,
    ]);
    timeOfDay -= YEAR;
    expect(keep()).toBe(false);
    timeOfDay += YEAR + 999;
    expect(keep()).toBe(false);
    timeOfDay += 1;
    expect([keep(), keep()]).toEqual([true, false]);
  });
});
