import type { EventSink } from '../boot/event.js';
import type { KeptCapability } from '../boot/policy-ports.js';
import { presentMachines, type RecordOf } from '../boot/present-machines.js';
import { type Done, withDone } from '../boot/standing.js';
import type { Whose } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import type { Capabilities } from './capabilities.js';
import type { Standings } from './standings.js';

export type DoneReportsParts = {
  readonly capabilities: Pick<Capabilities, 'find'>;
  readonly standings: Standings;
  readonly recordOf: RecordOf;
  /** Takes up the boot, so that the report is told in it (`Journal.recall`). */
  readonly recall: (machine: string, boot: string) => Promise<unknown>;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
};

/** Machines report that they are done with their boot. */
export class DoneReports {
  readonly #parts: DoneReportsParts;

  constructor(parts: DoneReportsParts) {
    this.#parts = parts;
  }

  /** Durable when it resolves, and repeatable. Whether there is such a boot. Throws DATA_UNUSABLE, DISK_FULL. */
  async report(capability: string, address: string): Promise<boolean> {
    const { capabilities, recordOf, recall, events, clock } = this.#parts;
    const kept = await capabilities.find(capability);
    if (kept === undefined) {
      this.refused(address, 'there is no such boot, or none any more');
      return false;
    }
    const { machine, boot } = kept;
    const done = { at: clock.now(), by: 'report', boot } as const;
    let isNews = false;
    for (const whose of presentMachines(kept, recordOf)) isNews = (await this.#keep(whose, done, kept)) || isNews;
    // It was known, or says nothing of an installation that was wished since.
    if (!isNews) return true;
    // What happened to the record is no reason for the machine to report again.
    await recall(machine, boot).catch(() => undefined);
    events({ event: 'boot.done', machine, boot, by: 'report' });
    return true;
  }

  /** What is told as a report, and is none. */
  refused(address: string, reason: string): void {
    this.#parts.events({ event: 'done.refused', address, reason });
  }

  /** Whether that is news. */
  async #keep(whose: Whose, done: Done, { machine, beganAt }: KeptCapability): Promise<boolean> {
    const { standings } = this.#parts;
    const told = whose.machine === machine ? done : { ...done, as: machine };
    const before = standings.of(whose.keys);
    const after = await standings.change(whose, (standing) => withDone(standing, told, beganAt));
    return after !== before && after.done?.at === done.at;
  }
}
