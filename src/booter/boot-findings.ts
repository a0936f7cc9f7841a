import type { Assignment } from '../boot/assignment.js';
import { type Boot, DOUBTFUL_STATES } from '../boot/boot.js';
import type { EventSink } from '../boot/event.js';
import type { Expected, Finding, FindingName } from '../boot/finding.js';
import type { FindingEvent } from '../boot/finding-event.js';
import { findingsOf } from '../boot/findings.js';
import { UNASKED } from '../boot/loader-findings.js';
import { mustReport } from '../boot/policy.js';
import type { BootWithSteps } from '../boot/ports.js';
import { Trace } from '../boot/trace.js';
import type { Clock, every } from '../clock.js';
import { formatReference } from '../oci/reference.js';
import type { StepListener, ToldStep } from './journal.js';

export type BootFindingsParts = {
  readonly listen: (listener: StepListener) => () => void;
  /** Of the mapping in force; undefined where there is none of that name any more. */
  readonly assignmentNamed: (name: string) => Assignment | undefined;
  /** Whether it stands as done, by whoever's word. */
  readonly isDone: (machine: string) => boolean;
  /** Whether anything is under way to it. */
  readonly isFetching: (machine: string) => boolean;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
  readonly every: typeof every;
};

/** One as it is told while the boot goes on. */
export type ToldFinding = { readonly at: number; readonly event: FindingEvent; readonly boot: Boot };

export type FindingListener = (told: ToldFinding) => void;

/** A boot that is looked at while it goes on. `isFarther`: it was told more than what anybody can bring about, at some time. */
type Watched = { boot: Boot; isFarther: boolean; readonly trace: Trace; readonly told: Set<FindingName> };

/**
 * Anybody can begin a boot in the name of any machine, or of machines that there are not, with what is doubtful; and be a stranger whom a
 * catch-all assignment boots. Neither ends that others are looked at.
 */
const KINDS = ['doubtful', 'strange', 'known'] as const;
type Kind = (typeof KINDS)[number];

/** Machines that boot at the same time, of each kind; of more, those are looked at that came last. */
const MOST = 2_500;
/** So many boots are looked at at once: nothing is to wait for that. */
const AT_ONCE = 500;
const LOOK_MILLISECONDS = 1_000;
/** What shows by time alone shows before. */
const OVER_MILLISECONDS = 2 * 3_600_000;

/** Why boots do not go on: told once of those that are under way, and found again in the record of any. */
export class BootFindings {
  readonly #parts: BootFindingsParts;
  /** By machine, who was looked at longest ago first. */
  readonly #watched: Readonly<Record<Kind, Map<string, Watched>>> = {
    doubtful: new Map(),
    strange: new Map(),
    known: new Map(),
  };
  /** Of which something was told since they were looked at. */
  readonly #changed = new Set<Watched>();
  readonly #listeners = new Set<FindingListener>();
  #stop = (): void => undefined;

  constructor(parts: BootFindingsParts) {
    this.#parts = parts;
  }

  start(): void {
    const { listen, every } = this.#parts;
    const silence = listen((step) => this.#take(step));
    const rest = every(LOOK_MILLISECONDS, () => this.#lookAtSome());
    this.#stop = () => {
      silence();
      rest();
    };
  }

  close(): void {
    this.#stop();
  }

  /** Tells of each that is found from now on, until what it answers is called. The listener never throws. */
  listen(listener: FindingListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Of a boot as it is kept. */
  of({ boot, steps }: BootWithSteps): readonly Finding[] {
    return this.#found(boot, Trace.of(steps));
  }

  /** The first of a boot that is under way; undefined where nothing is found, or the boot is over. */
  first({ machine, id }: Pick<Boot, 'machine' | 'id'>): FindingName | undefined {
    const watched = this.#watchedAs(machine, id);
    return watched && this.#found(watched.boot, watched.trace)[0]?.finding;
  }

  /** Told is what is found when it is looked at: whoever listens hears of the step first. */
  #take({ at, event, boot }: ToldStep): void {
    if (boot === undefined) return;
    const watched = this.#watchedAs(boot.machine, boot.id) ?? begun(boot);
    if (watched === undefined) return;
    const before = kindOf(watched);
    watched.boot = boot;
    watched.isFarther ||= !DOUBTFUL_STATES.has(boot.state);
    watched.trace.add({ at, event });
    this.#changed.add(watched);
    this.#watch(watched, before);
  }

  #watchedAs(machine: string, id: string): Watched | undefined {
    return KINDS.map((kind) => this.#watched[kind].get(machine)).find((one) => one?.boot.id === id);
  }

  /** `before`: which kind it was. */
  #watch(watched: Watched, before: Kind): void {
    const { machine, beganAt } = watched.boot;
    const kind = kindOf(watched);
    const of = this.#watched[kind];
    if (of.get(machine) === watched) return;
    if (kind !== before) this.#forget(before, machine, watched);
    // That one came no farther, and is over.
    const doubtful = this.#watched.doubtful.get(machine);
    if (kind !== 'doubtful' && doubtful !== undefined && doubtful.boot.beganAt <= beganAt)
      this.#forget('doubtful', machine, doubtful);
    this.#forget(kind, machine, of.get(machine));
    of.set(machine, watched);
    const [oldest] = of;
    if (oldest !== undefined && of.size > MOST) this.#forget(kind, ...oldest);
  }

  #forget(kind: Kind, machine: string, watched: Watched | undefined): void {
    const of = this.#watched[kind];
    if (watched === undefined || of.get(machine) !== watched) return;
    of.delete(machine);
    if (kindOf(watched) === kind) this.#changed.delete(watched);
  }

  #lookAtSome(): void {
    const now = this.#parts.clock.now();
    const some = [...this.#changed].slice(0, AT_ONCE);
    for (const watched of some) this.#look(watched);
    const share = Math.ceil((AT_ONCE - some.length) / KINDS.length);
    for (const kind of KINDS) {
      const of = this.#watched[kind];
      for (const [machine, watched] of [...of.entries()].slice(0, share)) {
        of.delete(machine);
        if (watched.boot.state === 'done' || now - watched.boot.lastAt > OVER_MILLISECONDS) continue;
        of.set(machine, watched);
        this.#look(watched);
      }
    }
  }

  #look(watched: Watched): void {
    this.#changed.delete(watched);
    const { boot, trace, told } = watched;
    for (const { finding, evidence, remedy } of this.#found(boot, trace)) {
      if (told.has(finding)) continue;
      told.add(finding);
      const { events, clock } = this.#parts;
      const event = { event: 'boot.finding', machine: boot.machine, boot: boot.id, finding, evidence, remedy } as const;
      events(event);
      for (const listener of this.#listeners) listener({ at: clock.now(), event, boot });
    }
  }

  #found(boot: Boot, trace: Trace): readonly Finding[] {
    const { clock, isFetching } = this.#parts;
    const found = findingsOf({ boot, trace, expected: this.#expected(boot), now: clock.now() });
    const isUnasked = ({ finding }: Finding) => UNASKED.has(finding);
    return found.some(isUnasked) && isFetching(boot.machine) ? found.filter((one) => !isUnasked(one)) : found;
  }

  #expected({ machine, assignment: name, image }: Boot): Expected {
    const assignment = name === undefined ? undefined : this.#parts.assignmentNamed(name);
    // What is booted once instead is handed nothing that has to be fetched, and need not be done.
    if (assignment === undefined || image !== formatReference(assignment.image)) return NOTHING;
    const configuration = assignment.provision?.kinds.some((kind) => kind !== 'files') === true;
    return { configuration, done: mustReport(assignment.policy) && !this.#parts.isDone(machine) };
  }
}

const NOTHING: Expected = { configuration: false, done: false };

/** Of one that began before the server did not all steps are heard. */
function begun(boot: Boot): Watched | undefined {
  return boot.steps > 1 ? undefined : { boot, isFarther: false, trace: new Trace(), told: new Set() };
}

function kindOf({ boot, isFarther }: Watched): Kind {
  if (!isFarther) return 'doubtful';
  return boot.isStranger === true ? 'strange' : 'known';
}
