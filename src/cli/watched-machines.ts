import type { ToldBoot, ToldEvent, ToldTransfers } from './told.js';
import { type WatchedTransfer, WatchedTransfers } from './watched-transfers.js';

/** How much a machine wants to be looked at, the most urgent first. */
export const MOODS = ['trouble', 'stalled', 'active', 'silent', 'unanswered', 'finished'] as const;
export type Mood = (typeof MOODS)[number];

/** A machine as it is shown. Times: milliseconds. */
export type WatchedMachine = {
  readonly name: string;
  readonly mood: Mood;
  readonly state: string;
  /** Of the boot, as far as it is known. */
  readonly seconds: number;
  /** The last step in words, without the machine's name. */
  readonly step: string;
  /** The newest last. */
  readonly transfers: readonly WatchedTransfer[];
};

type Known = {
  readonly boot: string | undefined;
  readonly state: string;
  readonly beganAt: number;
  readonly lastAt: number;
  readonly step: string;
  /** What the last step was about came to nothing. */
  readonly isTroubled: boolean;
};

const TROUBLED: ReadonlySet<string> = new Set(['refused', 'held']);
const FINISHED: ReadonlySet<string> = new Set(['started', 'done']);
/** Nobody waits so long for the next step, except for one that never comes. */
const SILENCE = 120_000;
const MINUTE = 60_000;
/** How long a machine is shown after its last step. */
const STAYS: Readonly<Record<Mood, number>> = {
  trouble: 15 * MINUTE,
  stalled: 15 * MINUTE,
  active: 15 * MINUTE,
  silent: 15 * MINUTE,
  unanswered: MINUTE,
  finished: MINUTE,
};
/** More are not remembered: those that want to be looked at least are forgotten. */
const MOST = 10_000;

/** What is known of machines from their boots and steps. Knows no clock: whoever asks says what time it is. */
export class WatchedMachines {
  readonly #known = new Map<string, Known>();
  readonly #transfers = new WatchedTransfers();

  /** Boots as they were told when asked for, also after steps of theirs came: the newer counts. */
  boots(boots: readonly ToldBoot[]): void {
    for (const boot of boots) {
      const [beganAt, lastAt] = [timeIn(boot.beganAt), timeIn(boot.lastAt)];
      const known = this.#known.get(boot.machine);
      if (known !== undefined && (known.beganAt > beganAt || known.lastAt >= lastAt)) continue;
      const { id, state } = boot;
      this.#known.set(boot.machine, { boot: id, state, beganAt, lastAt, step: stateInWords(boot), isTroubled: false });
    }
  }

  /** A step as it happens. Of a boot before the last one it changes nothing. */
  step(event: ToldEvent): void {
    const { machine } = event;
    const at = timeIn(event.at);
    if (/\.(sent|aborted)$/.test(event.event)) this.#transfers.ended(machine, event);
    const known = this.#known.get(machine);
    const { boot = known?.boot, state = known?.state ?? '' } = event;
    const beganAt = event.beganAt === undefined ? (known?.beganAt ?? at) : timeIn(event.beganAt);
    if (known !== undefined && (beganAt < known.beganAt || (boot === known.boot && at < known.lastAt))) return;
    const isTroubled = event.event.endsWith('.aborted');
    this.#known.set(machine, { boot, state, beganAt, lastAt: at, step: stepInWords(event), isTroubled });
  }

  /** All that is under way. */
  transfers(told: ToldTransfers): void {
    this.#transfers.told(told);
  }

  /** The server is gone, and what was under way with it. */
  lost(): void {
    this.#transfers.clear();
  }

  /** Those that want to be looked at first; who is not shown any more is forgotten. */
  list(now: number): readonly WatchedMachine[] {
    const listed = [...this.#known].flatMap(([name, known]) => {
      const transfers = this.#transfers.of(name);
      const mood = moodOf(known, transfers, now);
      if (transfers.length > 0 || now - known.lastAt <= STAYS[mood]) return [{ name, known, mood, transfers }];
      this.#known.delete(name);
      return [];
    });
    listed.sort(
      (one, other) =>
        MOODS.indexOf(one.mood) - MOODS.indexOf(other.mood) ||
        other.known.beganAt - one.known.beganAt ||
        (one.name < other.name ? -1 : 1),
    );
    for (const { name } of listed.splice(MOST)) this.#known.delete(name);
    return listed.map(({ name, known, mood, transfers }) => {
      const { state, step, beganAt, lastAt } = known;
      const until = mood === 'finished' || mood === 'unanswered' ? lastAt : now;
      return { name, mood, state, seconds: Math.max(0, until - beganAt) / 1_000, step, transfers };
    });
  }
}

function moodOf({ state, lastAt, isTroubled }: Known, transfers: readonly WatchedTransfer[], now: number): Mood {
  if (TROUBLED.has(state)) return 'trouble';
  if (transfers.length > 0) return transfers.every(({ isStalled }) => isStalled) ? 'stalled' : 'active';
  if (FINISHED.has(state)) return 'finished';
  if (isTroubled) return 'trouble';
  if (state === 'unanswered' || state === '') return 'unanswered';
  return now - lastAt >= SILENCE ? 'silent' : 'active';
}

/** What no time is to be read from is long ago. */
function timeIn(text: string): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}

/** Of a boot whose last step is not known. */
export function stateInWords({ state, reason, image = 'its image' }: ToldBoot): string {
  if (reason !== undefined) return reason;
  switch (state) {
    case 'unanswered':
      return 'was told nothing by DHCP';
    case 'offered':
      return 'was told by DHCP what to load';
    case 'loading':
      return 'has a boot loader';
    case 'waiting':
      return `waits for ${image}`;
    case 'planned':
      return `was told to start ${image}`;
    case 'fetching':
      return `fetches ${image}`;
    case 'started':
      return `has all of ${image} that it starts`;
    default:
      return state;
  }
}

/** Short where the API's sentence begins with what is in other columns. */
function stepInWords({ event, machine, text, reason, answer }: ToldEvent): string {
  if (event === 'dhcp.answered' && answer !== undefined) return `told to load ${answer}`;
  if ((event === 'dhcp.unanswered' || event === 'script.refused') && reason !== undefined) return reason;
  return text.startsWith(machine) ? text.slice(machine.length).replace(/^[ ,:]+/, '') : text;
}
