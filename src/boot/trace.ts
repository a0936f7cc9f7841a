import { formatSeconds } from '../format.js';
import type { BootStep, StepEvent } from './boot.js';

/** What is remembered of one kind of steps of a boot. Times: milliseconds since the epoch. */
export type Told<E extends StepEvent = StepEvent> = {
  readonly event: E;
  readonly times: number;
  readonly firstAt: number;
  /** Of the last one. */
  readonly at: number;
  /** How many steps of the boot came before the last one. */
  readonly order: number;
};

type Named<Name extends StepEvent['event']> = Extract<StepEvent, { readonly event: Name }>;

/** The last step of each kind in one boot, and how often there was one: enough to see where it stopped, however long it goes on. */
export class Trace {
  readonly #told = new Map<string, Told>();
  #steps = 0;

  static of(steps: readonly BootStep[]): Trace {
    const trace = new Trace();
    for (const step of steps) trace.add(step);
    return trace;
  }

  add({ at, event }: BootStep): void {
    const kind = kindOf(event);
    const before = this.#told.get(kind);
    const { times = 0, firstAt = at } = before ?? {};
    this.#told.set(kind, { event, times: times + 1, firstAt, at, order: this.#steps });
    this.#steps += 1;
  }

  /** The last of these. */
  last<Name extends StepEvent['event']>(...names: readonly Name[]): Told<Named<Name>> | undefined {
    return latest(this.all(...names));
  }

  /** The last of each kind that has one of these names. */
  all<Name extends StepEvent['event']>(...names: readonly Name[]): readonly Told<Named<Name>>[] {
    return [...this.#told.values()].filter((told): told is Told<Named<Name>> =>
      (names as readonly string[]).includes(told.event.event),
    );
  }

  /** Whether one of these came after that. */
  wentOn({ order }: Pick<Told, 'order'>, ...names: readonly StepEvent['event'][]): boolean {
    return this.all(...names).some((told) => told.order > order);
  }
}

/** How long ago that was, for people. */
export function ago(at: number, now: number): string {
  return `${formatSeconds(Math.max(0, now - at) / 1_000)} ago`;
}

function latest<E extends StepEvent>(told: readonly Told<E>[]): Told<E> | undefined {
  return told.reduce<Told<E> | undefined>(
    (last, one) => (last === undefined || one.order > last.order ? one : last),
    undefined,
  );
}

/** Artifacts are told apart by what they are, and what DHCP tells by who asked. */
function kindOf(event: StepEvent): string {
  switch (event.event) {
    case 'artifact.started':
    case 'artifact.sent':
    case 'artifact.aborted':
      return `${event.event} ${event.role} ${event.digest}`;
    case 'dhcp.answered':
      return `${event.event} ${event.step} ${event.firmware ?? 'ipxe'}`;
    default:
      return event.event;
  }
}
