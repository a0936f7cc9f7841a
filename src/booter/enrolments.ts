import type { EventSink } from '../boot/event.js';
import type { EnrolledMachine, EnrolmentStore } from '../boot/policy-ports.js';
import type { Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { MachineFacts } from '../machine/facts.js';
import type { Subject } from '../machine/inventory.js';
import { type Listed, ListedMachines } from './listed-machines.js';
import { Sparing } from './sparing.js';

export type EnrolmentsParts = {
  readonly store: EnrolmentStore;
  /** What is kept already (`allEnrolled`). */
  readonly enrolled: readonly EnrolledMachine[];
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now' | 'ticks'>;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A machine that waits asks every few seconds. */
const AGAIN_MILLISECONDS = 5 * MINUTE;
/** So many are written within a minute of each kind, since anybody can make some up. */
const MOST_WRITTEN = 300;
/** Of one address, so that it does not hide the others. */
const MOST_OF_ONE = 30;
const KEPT_MILLISECONDS = 7 * 24 * HOUR;
const PAGE = 1_000;

/** Everything that is kept, in pages: it is read once, at the start. Throws DATA_UNUSABLE. */
export async function allEnrolled(store: Pick<EnrolmentStore, 'findEnrolled'>): Promise<readonly EnrolledMachine[]> {
  const all: EnrolledMachine[] = [];
  for (let page: readonly EnrolledMachine[] | undefined; page === undefined || page.length === PAGE; ) {
    const after = page?.at(-1)?.name;
    page = await store.findEnrolled({ limit: PAGE, ...(after !== undefined && { after }) });
    all.push(...page);
  }
  return all;
}

/** Machines that nothing is mapped to: they are recorded as they report themselves, and wait. */
export class Enrolments {
  readonly #parts: Omit<EnrolmentsParts, 'enrolled'>;
  readonly #listed: ListedMachines;
  readonly #sparing: Sparing;
  readonly #ofOne: Sparing;
  readonly #refusals: Sparing;

  constructor({ enrolled, ...parts }: EnrolmentsParts) {
    const ticks = () => parts.clock.ticks();
    this.#parts = parts;
    this.#listed = new ListedMachines(enrolled);
    this.#ofOne = new Sparing(MOST_OF_ONE, MINUTE, ticks);
    this.#sparing = new Sparing(MOST_WRITTEN, MINUTE, ticks);
    this.#refusals = new Sparing(1, HOUR, ticks);
  }

  /** How many are listed. */
  get size(): number {
    return this.#listed.size;
  }

  /** It asks, and nothing matches it. `isShown`: it is shown to be that machine. Never throws. */
  waits(subject: Subject, isShown: boolean): void {
    const { name, facts } = subject;
    const { clock } = this.#parts;
    const known = this.#listed.get(name);
    // What others say in its name changes nothing of what it said itself.
    if (known?.isShown === true && !isShown) return;
    const isNews = known === undefined || known.isShown !== isShown;
    if (!isNews && clock.now() - known.lastAt < AGAIN_MILLISECONDS && clock.now() >= known.lastAt) return;
    const room = known === undefined ? this.#listed.roomFor(isShown) : { kind: 'free' as const };
    if (room.kind === 'full') {
      this.#refuse(subject);
      return;
    }
    // Each has its own share: a flood of one kind keeps none of another out.
    const kind = known === undefined ? `new ${isShown}` : 'again';
    if (!this.#ofOne.allows(facts.sourceAddress) || !this.#sparing.allows(kind)) return;
    if (room.kind === 'taken') this.#drop(room.from);
    this.#keep(subject, isShown, known);
  }

  /** It has an assignment now. Never throws. */
  isAssigned({ name, machine, facts }: Subject): void {
    // It may have got a name since, and a record.
    const uuids = [machine?.uuid, facts.uuid].filter((uuid) => uuid !== undefined);
    for (const one of new Set([name, ...(machine?.macs ?? []), ...facts.macs, ...uuids])) {
      if (this.#listed.get(one) !== undefined) this.#drop(one);
    }
  }

  /** It is there again when it asks again. Whether it was there. Throws DATA_UNUSABLE, DISK_FULL. */
  async forget(name: string): Promise<boolean> {
    const wasThere = await this.#parts.store.removeEnrolled(name);
    this.#listed.delete(name);
    return wasThere;
  }

  /** Forgets those that do not ask any more; answers how many. Throws DATA_UNUSABLE, DISK_FULL. */
  async prune(): Promise<number> {
    const since = this.#parts.clock.now() - KEPT_MILLISECONDS;
    const pruned = await this.#parts.store.pruneEnrolled(since);
    this.#listed.prune(since);
    return pruned;
  }

  #keep({ name, facts }: Subject, isShown: boolean, known: Listed | undefined): void {
    const { store, events, clock } = this.#parts;
    const now = clock.now();
    const listed = { firstAt: known?.firstAt ?? now, lastAt: now, isShown };
    this.#listed.set(name, listed);
    if (known === undefined) {
      const { sourceAddress: address } = facts;
      events({ event: 'machine.enrolled', machine: name, address, facts: describeFacts(facts) });
    }
    store.saveEnrolled({ name, facts, ...listed }).catch((thrown: unknown) => {
      const { message: reason } = BootlayerError.from(thrown);
      events({ event: 'upkeep.failed', doing: `recording ${name}, which is not known`, reason });
    });
  }

  #drop(name: string): void {
    this.#listed.delete(name);
    this.#parts.store.removeEnrolled(name).catch(() => undefined);
  }

  /** Told once in a while: what floods the list would flood the log as well. */
  #refuse({ name: machine, facts: { sourceAddress: address } }: Subject): void {
    if (!this.#refusals.allows('full')) return;
    this.#parts.events({ event: 'enrolment.refused', machine, address, listed: this.#listed.size });
  }
}

/** `52:54:00:12:34:56, Dell Inc. PowerEdge R640, serial 7XK2, amd64 bios, at 192.168.77.50` */
function describeFacts({ macs, manufacturer, product, serial, architecture, firmware, sourceAddress }: MachineFacts) {
  const model = [manufacturer, product].filter((one) => one !== undefined).join(' ');
  const kind = [architecture, firmware?.[0]].filter((one) => one !== undefined).join(' ');
  const parts = [macs[0] ?? '', model, serial === undefined ? '' : `serial ${serial}`, kind, `at ${sourceAddress}`];
  return parts.filter((part) => part !== '').join(', ');
}
