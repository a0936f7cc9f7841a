import type { EventSink } from '../boot/event.js';
import type { EnrolmentStore } from '../boot/policy-ports.js';
import type { Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import { RecentMap } from '../recent-map.js';
import { Sparing } from './sparing.js';

export type EnrolmentsParts = {
  readonly store: EnrolmentStore;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now' | 'ticks'>;
};

const MINUTE = 60_000;
/** A machine that waits asks every few seconds. */
const AGAIN_MILLISECONDS = 5 * MINUTE;
/** So many are written within a minute, since anybody can make some up. */
const MOST_WRITTEN = 300;
/** Of one address, so that it does not hide the others. */
const MOST_OF_ONE = 30;
/** Are remembered at least. */
const MACHINES = 10_000;
const KEPT = { milliseconds: 7 * 24 * 60 * MINUTE, most: 10_000 } as const;

/** Machines that nothing is mapped to: they are recorded as they report themselves, and wait. */
export class Enrolments {
  readonly #parts: EnrolmentsParts;
  readonly #seen = new RecentMap<string, number>(MACHINES);
  readonly #sparing: Sparing;
  readonly #ofOne: Sparing;

  constructor(parts: EnrolmentsParts) {
    this.#parts = parts;
    this.#ofOne = new Sparing(MOST_OF_ONE, MINUTE, () => parts.clock.ticks());
    this.#sparing = new Sparing(MOST_WRITTEN, MINUTE, () => parts.clock.ticks());
  }

  /** It asks, and nothing matches it. Never throws. */
  waits({ name, facts }: Subject): void {
    const { store, events, clock } = this.#parts;
    const last = this.#seen.get(name);
    const ticks = clock.ticks();
    if (last !== undefined && ticks - last < AGAIN_MILLISECONDS) return;
    if (!this.#ofOne.allows(facts.sourceAddress) || !this.#sparing.allows('written')) return;
    this.#seen.set(name, ticks);
    const now = clock.now();
    if (last === undefined) {
      const { sourceAddress: address } = facts;
      events({ event: 'machine.enrolled', machine: name, address, facts: describeFacts(facts) });
    }
    store.saveEnrolled({ name, facts, firstAt: now, lastAt: now }).catch((thrown: unknown) => {
      const { message: reason } = BootlayerError.from(thrown);
      events({ event: 'upkeep.failed', doing: `recording ${name}, which is not known`, reason });
    });
  }

  /** It has an assignment now. Never throws. */
  isAssigned({ name, facts }: Subject): void {
    // It may have got a name since.
    for (const one of new Set([name, ...facts.macs, ...(facts.uuid === undefined ? [] : [facts.uuid])])) {
      if (this.#seen.get(one) !== undefined) this.#parts.store.removeEnrolled(one).catch(() => undefined);
    }
  }

  /** Forgets those that do not ask any more; answers how many. */
  prune(): Promise<number> {
    const { milliseconds, most } = KEPT;
    return this.#parts.store.pruneEnrolled({ since: this.#parts.clock.now() - milliseconds, most });
  }
}

/** `52:54:00:12:34:56, Dell Inc. PowerEdge R640, serial 7XK2, amd64 bios, at 192.168.77.50` */
function describeFacts({ macs, manufacturer, product, serial, architecture, firmware, sourceAddress }: MachineFacts) {
  const model = [manufacturer, product].filter((one) => one !== undefined).join(' ');
  const kind = [architecture, firmware?.[0]].filter((one) => one !== undefined).join(' ');
  const parts = [macs[0] ?? '', model, serial === undefined ? '' : `serial ${serial}`, kind, `at ${sourceAddress}`];
  return parts.filter((part) => part !== '').join(', ');
}
