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

type Name = StepEvent['event'];
type Named<N extends Name> = Extract<StepEvent, { readonly event: N }>;

/** An image of more layers is looked at by their roles from then on: nobody is to make a boot costly to look at. */
const MOST_KINDS = 32;

/** The last step of each kind in one boot, and how often there was one: enough to see where it stopped, however long it goes on. */
export class Trace {
  /** By event, and what tells those of it apart. */
  readonly #told = new Map<Name, Map<string, Told>>();
  #steps = 0;

  static of(steps: readonly BootStep[]): Trace {
    const trace = new Trace();
    for (const step of steps) trace.add(step);
    return trace;
  }

  add({ at, event }: BootStep): void {
    const kinds = this.#told.get(event.event) ?? new Map<string, Told>();
    this.#told.set(event.event, kinds);
    const exact = kindOf(event);
    const kind = kinds.size < MOST_KINDS || kinds.has(exact) ? exact : roleOf(event);
    const { times = 0, firstAt = at } = kinds.get(kind) ?? {};
    kinds.set(kind, { event, times: times + 1, firstAt, at, order: this.#steps });
    this.#steps += 1;
  }

  /** The last of these. */
  last<N extends Name>(...names: readonly N[]): Told<Named<N>> | undefined {
    let last: Told<Named<N>> | undefined;
    for (const told of this.all(...names)) if (last === undefined || told.order > last.order) last = told;
    return last;
  }

  /** The last of each kind that has one of these names. */
  all<N extends Name>(...names: readonly N[]): readonly Told<Named<N>>[] {
    return names.flatMap((name) => [...(this.#told.get(name)?.values() ?? [])] as Told<Named<N>>[]);
  }

  /** Whether one of these came after that. */
  wentOn({ order }: Pick<Told, 'order'>, ...names: readonly Name[]): boolean {
    return (this.last(...names)?.order ?? -1) > order;
  }
}

/** How long ago that was, for people. */
export function ago(at: number, now: number): string {
  return `${formatSeconds(Math.max(0, now - at) / 1_000)} ago`;
}

/** Artifacts are told apart by what they are, and what DHCP tells by who asked. */
function kindOf(event: StepEvent): string {
  switch (event.event) {
    case 'artifact.started':
    case 'artifact.sent':
    case 'artifact.aborted':
      return `${event.role} ${event.digest}`;
    case 'dhcp.answered':
      return `${event.step} ${event.firmware ?? 'ipxe'}`;
    default:
      return '';
  }
}

function roleOf(event: StepEvent): string {
  return 'role' in event ? event.role : '';
}
