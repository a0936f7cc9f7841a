import type { EventSink } from '../boot/event.js';
import type { BootPlan } from '../boot/plan.js';
import type { PlanStore } from '../boot/ports.js';
import type { Clock } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Digest } from '../oci/digest.js';
import { Renewals } from './renewals.js';

export type PlanIssuerParts = {
  readonly plans: PlanStore;
  readonly events: EventSink;
  readonly clock: Pick<Clock, 'now'>;
};

/** Keeps what machines are told to boot. */
export class PlanIssuer {
  readonly #parts: PlanIssuerParts;
  readonly #renewals = new Renewals();
  /** By the plan: a machine may ask again before it is written. */
  readonly #underWay = new Map<Digest, Promise<void>>();

  constructor(parts: PlanIssuerParts) {
    this.#parts = parts;
  }

  /**
   * Durable before the machine has it: what it names is served after a restart, too. A full or broken disk keeps no
   * machine from booting now.
   */
  async issue(plan: BootPlan): Promise<void> {
    const running = this.#underWay.get(plan.id);
    if (running !== undefined) return running;
    const saving = this.#save(plan).finally(() => this.#underWay.delete(plan.id));
    this.#underWay.set(plan.id, saving);
    return saving;
  }

  async #save(plan: BootPlan): Promise<void> {
    const now = this.#parts.clock.now();
    if (!this.#renewals.isDue(plan.id, now)) return;
    try {
      await this.#parts.plans.savePlan(plan, now);
      this.#renewals.written(plan.id, now);
    } catch (thrown) {
      const { code, message: reason } = BootlayerError.from(thrown);
      if (code !== 'DISK_FULL' && code !== 'DATA_UNUSABLE') throw thrown;
      this.#parts.events({ event: 'plan.unsaved', machine: plan.machine, plan: plan.id, reason });
    }
  }
}
