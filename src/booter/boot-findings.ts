import type { Assignment } from '../boot/assignment.js';
import type { Boot } from '../boot/boot.js';
import type { EventSink } from '../boot/event.js';
import type { Expected, Finding, FindingName } from '../boot/finding.js';
import type { FindingEvent } from '../boot/finding-event.js';
import { findingsOf } from '../boot/findings.js';
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
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
  readonly every: typeof every;
};

/** One as it is told while the boot goes on. */
export type ToldFinding = { readonly at: number; readonly event: FindingEvent; readonly boot: Boot };

export type FindingListener = (told: ToldFinding) => void;

/** A boot that is looked at while it goes on. */
type Watched = { boot: Boot; readonly trace: Trace; readonly told: Set<FindingName> };

/** Machines that boot at the same time; of more, the boots that began last are looked at. */
const MOST = 5_000;
/** So many boots are looked at at once: nothing is to wait for that. */
const AT_ONCE = 500;
const LOOK_MILLISECONDS = 1_000;
/** What shows by time alone shows before. */
const OVER_MILLISECONDS = 2 * 3_600_000;

/** Why boots do not go on: told once of those that are under way, and found again in the record of any. */
export class BootFindings {
  readonly #parts: BootFindingsParts;
  /** By machine, who was looked at longest ago first. */
  readonly #watched = new Map<string, Watched>();
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

  #take({ at, event, boot }: ToldStep): void {
    if (boot === undefined) return;
    const known = this.#watched.get(boot.machine);
    const watched = known?.boot.id === boot.id ? known : this.#begin(boot, known);
    if (watched === undefined) return;
    watched.boot = boot;
    watched.trace.add({ at, event });
    this.#look(watched);
  }

  /** Of one that began before the server did, or that another has taken the place of, not all steps are heard. */
  #begin(boot: Boot, before: Watched | undefined): Watched | undefined {
    if (boot.steps > 1 || (before !== undefined && before.boot.beganAt > boot.beganAt)) return undefined;
    const begun = { boot, trace: new Trace(), told: new Set<FindingName>() };
    this.#watched.delete(boot.machine);
    this.#watched.set(boot.machine, begun);
    for (const oldest of this.#watched.keys()) {
      if (this.#watched.size <= MOST) break;
      this.#watched.delete(oldest);
    }
    return begun;
  }

  #lookAtSome(): void {
    const now = this.#parts.clock.now();
    for (const [machine, watched] of [...this.#watched].slice(0, AT_ONCE)) {
      this.#watched.delete(machine);
      if (watched.boot.state === 'done' || now - watched.boot.lastAt > OVER_MILLISECONDS) continue;
      this.#watched.set(machine, watched);
      this.#look(watched);
    }
  }

  #look({ boot, trace, told }: Watched): void {
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
    const { assignmentNamed, clock } = this.#parts;
    const assignment = boot.assignment === undefined ? undefined : assignmentNamed(boot.assignment);
    return findingsOf({ boot, trace, expected: expectedOf(assignment, boot), now: clock.now() });
  }
}

function expectedOf(assignment: Assignment | undefined, { image }: Boot): Expected {
  if (assignment === undefined) return { configuration: false, done: false };
  // What is booted once instead need not be done.
  const isAssigned = image === formatReference(assignment.image);
  return { configuration: assignment.provision !== undefined, done: isAssigned && mustReport(assignment.policy) };
}
