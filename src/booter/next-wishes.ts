import type { Boot } from '../boot/boot.js';
import type { EventSink } from '../boot/event.js';
import type { BootStore } from '../boot/ports.js';
import type { NextBoot, Standing } from '../boot/standing.js';
import type { Whose } from '../boot/standing-keys.js';
import { BootlayerError } from '../errors.js';
import { RecentMap } from '../recent-map.js';
import type { Standings } from './standings.js';

export type NextWishesParts = {
  readonly standings: Standings;
  readonly boots: Pick<BootStore, 'findBoot'>;
  readonly events: EventSink;
};

/** How far a wish has come that this server has given. */
type Given = { readonly id: string; readonly whose: Whose; hasAttempted: boolean; isSent: boolean };

/** Are remembered at least, wishes and boots. */
const GIVEN = 10_000;

/**
 * What operators wish for the next boot of machines: each is given until it was sent, and no more than once. That a boot has got it
 * is durable before the machine is told, and taken back where the server ends in peace before the machine has begun to fetch it:
 * what another server has given may have been sent.
 */
export class NextWishes {
  readonly #parts: NextWishesParts;
  readonly #byWish = new RecentMap<string, Given>(GIVEN);
  readonly #byBoot = new RecentMap<string, Given>(GIVEN);

  constructor(parts: NextWishesParts) {
    this.#parts = parts;
  }

  /** Whether it is to be given still. */
  isOpen({ id, boot }: NextBoot): boolean {
    const given = this.#byWish.get(id);
    return given === undefined ? boot === undefined : !given.isSent;
  }

  /** Takes back what is fulfilled, or may be. Durable when it resolves. Throws DATA_UNUSABLE, DISK_FULL. */
  async settle(whose: Whose): Promise<void> {
    const { standings, events } = this.#parts;
    const next = standings.of(whose.keys)?.next;
    if (next === undefined || this.isOpen(next)) return;
    const { id, boot, image } = next;
    const isKnown = boot === undefined || this.#byWish.get(id) !== undefined || (await this.#wasSent(boot));
    await standings.change(whose, (standing) => withoutNext(standing, id));
    if (!isKnown) events({ event: 'next.dropped', machine: whose.machine, boot, image });
  }

  /** The boot has it. Durable when it resolves. Throws DATA_UNUSABLE, DISK_FULL. */
  async give(whose: Whose, { id, boot: before }: NextBoot, boot: Boot): Promise<void> {
    const given = this.#byWish.kept(id, () => ({ id, whose, hasAttempted: false, isSent: false }));
    this.#byBoot.set(boot.id, given);
    if (before === boot.id) return;
    await this.#parts.standings.change(whose, (standing) => withNextIn(standing, id, boot.id));
  }

  /** What has come of a boot. Never throws. */
  told(boot: Boot): void {
    const given = this.#byBoot.get(boot.id);
    if (given === undefined || boot.attemptedAt === undefined) return;
    given.hasAttempted = true;
    if (boot.startSentAt === undefined || given.isSent) return;
    given.isSent = true;
    const { standings, events } = this.#parts;
    const { whose, id } = given;
    // Where it cannot be kept, that is done when the machine asks next.
    standings
      .change(whose, (standing) => withoutNext(standing, id))
      .catch((thrown: unknown) => {
        events({ event: 'standing.unsaved', machine: whose.machine, reason: BootlayerError.from(thrown).message });
      });
  }

  /** The server ends, and sends nothing any more. Throws DATA_UNUSABLE, DISK_FULL. */
  async end(): Promise<void> {
    const { standings } = this.#parts;
    for (const { machine, keys, next } of [...standings.wishes()]) {
      if (next.boot === undefined || this.#byWish.get(next.id)?.hasAttempted !== false) continue;
      await standings.change({ machine, keys }, (standing) => withNextIn(standing, next.id, undefined));
    }
  }

  /** As the journal has it; what others fetch in its name is not what it got. */
  async #wasSent(id: string): Promise<boolean> {
    const found = await this.#parts.boots.findBoot(id);
    return found?.boot.startSentAt !== undefined && found.boot.attemptedAt !== undefined;
  }
}

function withoutNext(standing: Standing, id: string): Standing {
  if (standing.next?.id !== id) return standing;
  const { next: _next, ...rest } = standing;
  return rest;
}

function withNextIn(standing: Standing, id: string, boot: string | undefined): Standing {
  if (standing.next?.id !== id) return standing;
  const { boot: _boot, ...next } = standing.next;
  return { ...standing, next: { ...next, ...(boot !== undefined && { boot }) } };
}
