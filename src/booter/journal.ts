import {
  type Boot,
  type BootStep,
  belongingOf,
  DOUBTFUL_STATES,
  isInLastBoot,
  type LastBoot,
  newBoot,
  SILENCE_MILLISECONDS,
  type StepEvent,
  type StepOfMachine,
  stepIn,
  withStep,
} from '../boot/boot.js';
import type { EventSink } from '../boot/event.js';
import { LONGEST_WINDOW } from '../boot/policy.js';
import type { Attempt, BootStore } from '../boot/ports.js';
import type { Clock } from '../clock.js';
import { RecentMap } from '../recent-map.js';
import type { JournalWriter } from './journal-writer.js';
import { Sparing } from './sparing.js';

export type JournalParts = {
  readonly boots: Pick<BootStore, 'lastBoots' | 'findBoot' | 'pruneBoots'>;
  readonly writer: Pick<JournalWriter, 'write' | 'settled'>;
  readonly clock: Pick<Clock, 'now' | 'ticks'>;
  /** One that no other boot has. */
  readonly newId: () => string;
  /** A boot counts as an attempt from now on. */
  readonly attempted: (attempt: Attempt) => void;
  /** Whether an entry of the mapping in force names the machine. */
  readonly isKnown: (machine: string) => boolean;
};

/** A step as it happens, with its boot after it; without one where it belongs to none. */
export type ToldStep = { readonly at: number; readonly event: StepOfMachine; readonly boot?: Boot };

export type StepListener = (step: ToldStep) => void;

/** A boot whose machine was heard of lately. */
type Live = {
  boot: Boot;
  /** Ticks of its last step. */
  heardAt: number;
  /** How many boots began before it. */
  readonly order: number;
  /** Transfers to the machine that are under way. */
  running: number;
  /** Not given to the writer yet. */
  unwritten: BootStep[];
  /** It was told more than what anybody can bring about, at some time. */
  hasComeFarther: boolean;
  isWritten: boolean;
};

/** Are remembered at least, of each kind: those that have come farther, and the others. */
const LIVE = 10_000;
const RECALLED = 1_000;
/** Of one boot: who repeats a step for hours adds nothing to what is known. */
const MOST_STEPS = 500;
const MOST_UNWRITTEN = 10;
const MINUTE = 60_000;
/**
 * So often within a minute is something written of boots of each state that anybody can bring about in the name of any machine.
 */
const MOST_DOUBTFUL = 600;
/** After so many new ones, those that are too many are forgotten at once, so that nobody fills the disk before that is done anyway. */
const MOST_NEW = 10_000;
/** Half of the room is for machines that entries name: anybody can be a stranger whom a catch-all assignment boots, as often as he likes. */
const KEPT = { milliseconds: LONGEST_WINDOW, most: 100_000, mostDoubtful: 10_000, mostStrangers: 50_000 } as const;

const FETCHES: ReadonlySet<StepEvent['event']> = new Set([
  ...(['artifact.started', 'artifact.sent', 'artifact.aborted'] as const),
  'provision.sent',
]);

/** Gathers what is told of machines into their boots, and keeps those. */
export class Journal {
  readonly #parts: JournalParts;
  /** By machine. */
  readonly #doubtful = new RecentMap<string, Live>(LIVE);
  readonly #farther = new RecentMap<string, Live>(LIVE);
  /** Older boots of which something is told, by their ids. */
  readonly #recalled = new RecentMap<string, Live>(RECALLED);
  #begun = 0;
  readonly #listeners = new Set<StepListener>();
  /** Boots that were written for the first time since those that are too many were forgotten. */
  #new = 0;
  readonly #sparing: Sparing;
  /** Boots of transfers under way, the oldest first, by what is the same when one begins and when it ends. */
  readonly #transfers = new Map<string, Live[]>();

  constructor(parts: JournalParts) {
    this.#parts = parts;
    this.#sparing = new Sparing(MOST_DOUBTFUL, MINUTE, () => parts.clock.ticks());
  }

  /** Takes up the boots that were under way when the server ended. */
  async restore(): Promise<void> {
    const now = this.#parts.clock.now();
    const boots = await this.#parts.boots.lastBoots(now - SILENCE_MILLISECONDS, LIVE);
    for (const boot of boots) {
      if (this.#known(boot.machine) !== undefined) continue;
      const live = this.#remember(this.#liveOf(boot, { isWritten: true }));
      live.heardAt -= Math.max(0, now - boot.lastAt);
    }
  }

  /** What was told. Never throws. */
  readonly sink: EventSink = (event) => {
    const step = stepIn(event);
    if (step !== undefined) this.#take(step);
  };

  /** Tells of every step from now on, until what it answers is called. The listener never throws. */
  listen(listener: StepListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The last boot of a machine that was heard of lately. */
  last(machine: string): LastBoot | undefined {
    const known = this.#known(machine);
    return known && this.#lastOf(known);
  }

  /** The boot in which a machine is that asks for its script now; begins when it is in none, or in one that began before then. */
  open(machine: string, notBefore = Number.NEGATIVE_INFINITY): Boot {
    const known = this.#known(machine);
    const isIn = known !== undefined && isInLastBoot(this.#lastOf(known));
    if (isIn && known.boot.beganAt >= notBefore) return known.boot;
    return this.#begin(machine, this.#parts.clock.now()).boot;
  }

  /** Takes up a boot of which something is to be told long after it. Whether it is known. Throws DATA_UNUSABLE. */
  async recall(machine: string, id: string): Promise<boolean> {
    const isKnown = () => this.#called(machine, id) !== undefined;
    if (isKnown()) return true;
    const found = await this.#parts.boots.findBoot(id);
    if (found === undefined || found.boot.machine !== machine) return false;
    if (!isKnown()) this.#recalled.set(id, this.#liveOf(found.boot, { isWritten: true }));
    return true;
  }

  /** Forgets what is old, and all but so many; answers how many. */
  prune(): Promise<number> {
    const { milliseconds, ...most } = KEPT;
    this.#new = 0;
    return this.#parts.boots.pruneBoots({ since: this.#parts.clock.now() - milliseconds, ...most });
  }

  /** Resolves when all that was told is written, or cannot be. */
  settled(): Promise<void> {
    return this.#parts.writer.settled();
  }

  #take(event: StepOfMachine): void {
    const at = this.#parts.clock.now();
    const ended = this.#ended(event) ?? this.#told(event);
    const live = ended ?? (event.event === 'boot.done' ? undefined : this.#boot(event, at));
    if (live === undefined) {
      this.#tell({ at, event });
      return;
    }
    if (event.event === 'artifact.started') this.#started(event, live);
    live.heardAt = this.#parts.clock.ticks();
    const { boot } = live;
    const isFull = boot.steps >= MOST_STEPS;
    const next = withStep(boot, { at, event });
    // Of what goes in a circle the last is remembered, and how far it comes is written, without more steps.
    live.boot = isFull ? { ...next, steps: boot.steps } : next;
    live.hasComeFarther ||= isFarther(next);
    if (boot.attemptedAt === undefined && next.attemptedAt !== undefined)
      this.#parts.attempted({ machine: boot.machine, boot: boot.id, at });
    // A transfer of an older boot may have ended.
    if (ended === undefined || this.#known(boot.machine) === live) this.#remember(live);
    if (!isFull) keepLast(live.unwritten, { at, event });
    if (!isFull || next.state !== boot.state) this.#write(live);
    this.#tell({ at, event, boot: live.boot });
  }

  #tell(step: ToldStep): void {
    for (const listener of this.#listeners) listener(step);
  }

  /** Whose it is; undefined where it is nobody's. */
  #boot(event: StepOfMachine, at: number): Live | undefined {
    const { machine } = event;
    const known = this.#addressed(event);
    switch (belongingOf(event, known && this.#lastOf(known))) {
      case 'alone':
        return undefined;
      case 'goes-on':
        return known;
      case 'begins':
        return this.#begin(machine, at);
    }
  }

  #begin(machine: string, at: number): Live {
    const begun = newBoot(this.#parts.newId(), machine, at);
    const boot: Boot = this.#parts.isKnown(machine) ? begun : { ...begun, isStranger: true };
    return this.#remember(this.#liveOf(boot, { isWritten: false }));
  }

  /** What a machine reports of a boot, by the boot's id, belongs to that, and to none where that is not known. */
  #told(event: StepOfMachine): Live | undefined {
    return event.event === 'boot.done' ? this.#called(event.machine, event.boot) : undefined;
  }

  #called(machine: string, id: string): Live | undefined {
    return [this.#known(machine), this.#farther.get(machine), this.#recalled.get(id)].find(
      (one) => one?.boot.id === id,
    );
  }

  /**
   * Anybody can ask by DHCP in the name of a machine that is just booting, or be refused, which begins a boot where the kernel was
   * sent. That one has got nothing to fetch: what is fetched is of the boot before, as long as that is not over.
   */
  #addressed({ machine, event }: StepOfMachine): Live | undefined {
    const known = this.#known(machine);
    if (known === undefined || known.hasComeFarther || !FETCHES.has(event)) return known;
    const before = this.#farther.get(machine);
    return before === undefined || this.#isOver(before) ? known : before;
  }

  #isOver(live: Live): boolean {
    return live.running === 0 && this.#lastOf(live).silence >= SILENCE_MILLISECONDS;
  }

  #lastOf({ boot, running, heardAt }: Live): LastBoot {
    return { boot, running, silence: this.#parts.clock.ticks() - heardAt };
  }

  #liveOf(boot: Boot, { isWritten }: Pick<Live, 'isWritten'>): Live {
    this.#begun += 1;
    const heardAt = this.#parts.clock.ticks();
    return { boot, heardAt, order: this.#begun, running: 0, unwritten: [], hasComeFarther: isFarther(boot), isWritten };
  }

  #known(machine: string): Live | undefined {
    const farther = this.#farther.get(machine);
    const doubtful = this.#doubtful.get(machine);
    return farther === undefined || (doubtful !== undefined && doubtful.order > farther.order) ? doubtful : farther;
  }

  #remember(live: Live): Live {
    const kind = live.hasComeFarther ? this.#farther : this.#doubtful;
    kind.set(live.boot.machine, live);
    return live;
  }

  #write(live: Live): void {
    const { boot, unwritten, hasComeFarther } = live;
    if (!hasComeFarther && !this.#sparing.allows(boot.state)) return;
    this.#parts.writer.write(boot, unwritten);
    live.unwritten = [];
    if (!live.isWritten) this.#countNew();
    live.isWritten = true;
  }

  #countNew(): void {
    this.#new += 1;
    // One that fails is told of by whoever prunes from time to time.
    if (this.#new >= MOST_NEW) this.prune().catch(() => undefined);
  }

  #started(event: ArtifactEvent, live: Live): void {
    live.running += 1;
    const key = transferKey(event);
    const others = this.#transfers.get(key);
    if (others === undefined) this.#transfers.set(key, [live]);
    else others.push(live);
  }

  /** The boot in which a transfer began that ends now, whatever the machine does meanwhile. */
  #ended(event: StepEvent): Live | undefined {
    if (event.event !== 'artifact.sent' && event.event !== 'artifact.aborted') return undefined;
    const key = transferKey(event);
    const begun = this.#transfers.get(key);
    // A machine that was reset has the second of two, and the first breaks off later.
    const live = event.event === 'artifact.sent' ? begun?.pop() : begun?.shift();
    if (begun?.length === 0) this.#transfers.delete(key);
    if (live !== undefined) live.running -= 1;
    return live;
  }
}

function isFarther({ state }: Boot): boolean {
  return !DOUBTFUL_STATES.has(state);
}

/** Those that belong together without a gap, by whose number the others are known. */
function keepLast(steps: BootStep[], step: BootStep): void {
  steps.push(step);
  if (steps.length > MOST_UNWRITTEN) steps.shift();
}

type ArtifactEvent = Extract<StepEvent, { event: 'artifact.started' | 'artifact.sent' | 'artifact.aborted' }>;

function transferKey({ machine, address, protocol, digest, role, range, isDisc }: ArtifactEvent): string {
  return [machine, address, protocol, digest, role, range, isDisc].join(' ');
}
