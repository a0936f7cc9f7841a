import type { Boot } from '../boot/boot.js';
import type { EventSink } from '../boot/event.js';
import type { BootStore } from '../boot/ports.js';
import { type Done, withDone } from '../boot/standing.js';
import type { Whose } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import { RecentMap } from '../recent-map.js';
import type { Standings } from './standings.js';

export type StartsParts = {
  readonly standings: Standings;
  readonly boots: Pick<BootStore, 'findBoots'>;
  /** Takes up a boot, so that what is told of it is told in it (`Journal.recall`). */
  readonly records: { recall(machine: string, boot: string): Promise<unknown> };
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
};

/** That a machine is done by its start, which is not durable yet. */
type Start = { readonly whose: Whose; readonly boot: Boot; readonly done: Done; saving: Promise<void> | undefined };

/** Are remembered at least. */
const BOOTS = 10_000;
/** Of one machine's boots that have started: by another policy it may have had many. */
const LOOKED_AT = 100;

/** Machines that are done when they have all that they start. */
export class Starts {
  readonly #parts: StartsParts;
  /** By boot: who may start in it. */
  readonly #given = new RecentMap<string, Whose>(BOOTS);
  /** By machine. */
  readonly #unsaved = new Map<string, Start>();

  constructor(parts: StartsParts) {
    this.#parts = parts;
  }

  /** By its start in that boot the machine is done; undefined: by what it has got now it is not. */
  gave({ id }: Boot, whose: Whose | undefined): void {
    // Anybody can have any number of boots by which nobody is done: they displace none.
    if (whose === undefined) this.#given.delete(id);
    else this.#given.set(id, whose);
  }

  /** What has come of a boot. What could not be kept is tried again with each step. Never throws. */
  told(boot: Boot): void {
    const whose = this.#given.get(boot.id);
    if (whose === undefined || !hasStarted(boot)) return;
    const { machine } = boot;
    const known = this.#unsaved.get(machine);
    const done = { at: this.#parts.clock.now(), by: 'start', boot: boot.id } as const;
    const start = known?.boot.id === boot.id ? known : { whose, boot, done, saving: undefined };
    this.#unsaved.set(machine, start);
    this.#save(start).catch((thrown: unknown) => {
      const { message: reason } = BootlayerError.from(thrown);
      this.#parts.events({ event: 'standing.unsaved', machine, reason });
    });
  }

  /**
   * What a machine has started before is known when it resolves: also what could not be kept, or was sent just before a server
   * ended. Throws DATA_UNUSABLE, DISK_FULL.
   */
  async settle(whose: Whose, current: Boot): Promise<void> {
    const { standings, boots, records, events } = this.#parts;
    const { machine } = whose;
    const unsaved = this.#unsaved.get(machine);
    if (unsaved !== undefined) await this.#save(unsaved);
    const standing = standings.of(whose.keys);
    if (standing?.done !== undefined && standing.reprovision === undefined) return;
    // Not those that anybody can begin by DHCP in its name.
    const last = (await boots.findBoots({ machine, state: 'started', limit: LOOKED_AT })).find(
      (boot) => boot.id !== current.id && boot.isDoneByStart === true && hasStarted(boot),
    );
    if (last === undefined) return;
    const { id: boot, beganAt, lastAt: at } = last;
    const done = { at, by: 'start', boot } as const;
    const after = await standings.change(whose, (before) => withDone(before, done, beganAt));
    if (after.done !== done) return;
    // A boot that is not known to be done would say so again when what is known of the machine is forgotten.
    await records.recall(machine, boot).catch(() => undefined);
    events({ event: 'boot.done', machine, boot, by: 'start' });
  }

  /** The server ends. Throws DATA_UNUSABLE, DISK_FULL. */
  async end(): Promise<void> {
    for (const start of [...this.#unsaved.values()]) await this.#save(start);
  }

  /** Once at a time. */
  #save(start: Start): Promise<void> {
    start.saving ??= this.#keep(start).finally(() => {
      start.saving = undefined;
    });
    return start.saving;
  }

  async #keep(start: Start): Promise<void> {
    const { standings, events } = this.#parts;
    const { whose, boot, done } = start;
    await standings.change(whose, (standing) => withDone(standing, done, boot.beganAt));
    this.gave(boot, undefined);
    if (this.#unsaved.get(boot.machine) === start) this.#unsaved.delete(boot.machine);
    events({ event: 'boot.done', machine: boot.machine, boot: boot.id, by: 'start' });
  }
}

function hasStarted({ state, startSentAt, attemptedAt }: Boot): boolean {
  return state === 'started' && startSentAt !== undefined && attemptedAt !== undefined;
}
