import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Boot } from '../boot/boot.js';
import type { ClockSense } from '../boot/clock-sense.js';
import type { CapabilityStore, HandedOut, KeptCapability } from '../boot/policy-ports.js';
import { whoseStanding } from '../boot/standing-keys.js';
import type { Clock } from '../clock.js';
import type { Subject } from '../machine/inventory.js';
import { RecentMap } from '../recent-map.js';

export type CapabilitiesParts = {
  readonly store: CapabilityStore;
  readonly clock: Pick<Clock, 'now' | 'ticks'>;
  readonly senseClock: () => ClockSense;
};

/** A boot, as capabilities know it. */
export type OfBoot = Pick<KeptCapability, 'machine' | 'boot' | 'beganAt' | 'keys' | 'also'>;

/** The boot of this machine, which is the one that asks. Pure. */
export function ofBoot(subject: Subject, { id, machine, beganAt }: Pick<Boot, 'id' | 'machine' | 'beganAt'>): OfBoot {
  const { keys, also = [] } = whoseStanding(subject);
  return { boot: id, machine, beganAt, keys, also };
}

/** `life`: for how long something is handed out, in milliseconds. */
type HandingOut = OfBoot & { readonly handsOut: HandedOut; readonly life: number };

/** With what is handed out by it, where something is. */
type Kept = OfBoot & Pick<KeptCapability, 'handsOut'>;

/**
 * The boot in which a machine is, with what it was given in it, and, as long as that is not durable, that nothing is handed out for those
 * before.
 */
type Begun = {
  readonly boot: string;
  readonly given: { readonly name: string; readonly hash: string }[];
  isKept: boolean;
  keeping: Promise<void> | undefined;
};

/** `endsAt`: ticks of the clock. */
type Given = { readonly capability: string; readonly endsAt: number };

/** 256 bits: nobody guesses one. */
const BYTES = 32;
const CAPABILITY = /^[A-Za-z0-9_-]{43}$/;
/** An installation may take days where somebody has to change a disk. */
const LIFE_MILLISECONDS = 7 * 24 * 3_600_000;
/** Are remembered at least. */
const BOOTS = 5_000;
const MACHINES = 25_000;
/** Of one boot so many are known as its own: a machine has one for each address that it asks from. */
const MOST_OF_ONE = 16;

/**
 * Whoever has a capability may say that a boot is done, or fetch what its machine is handed. Each is random, and only its digest is
 * kept.
 */
export class Capabilities {
  readonly #parts: CapabilitiesParts;
  /** By boot: who asks again in the same boot gets the same one. */
  readonly #given = new RecentMap<string, Promise<Given> | undefined>(BOOTS);
  /** By machine. */
  readonly #begun = new RecentMap<string, Begun>(MACHINES);
  /** By digest, in ticks of the clock: whatever becomes of the time of day meanwhile. */
  readonly #ends = new RecentMap<string, number>(MACHINES);

  constructor(parts: CapabilitiesParts) {
    this.#parts = parts;
  }

  /**
   * The machine itself, as is shown, is in this boot now: nothing is handed out for those before. Durable when it resolves. Throws
   * DATA_UNUSABLE, DISK_FULL.
   */
  begun({ id, machine }: Pick<Boot, 'id' | 'machine'>): Promise<void> {
    const known = this.#begun.get(machine);
    const begun = known?.boot === id ? known : { boot: id, given: [], isKept: false, keeping: undefined };
    if (begun !== known) {
      this.#begun.set(machine, begun);
      this.#forget(known);
    }
    if (begun.isKept) return Promise.resolve();
    // Once at a time, and again with the next step where it fails.
    begun.keeping ??= this.#supersede(machine, begun).finally(() => {
      begun.keeping = undefined;
    });
    return begun.keeping;
  }

  /** Nobody asks for it again: else what is known would grow with each boot. What was given is kept, and judged by the time of day. */
  #forget(over: Begun | undefined): void {
    for (const { name, hash } of over?.given ?? []) {
      this.#given.delete(name);
      this.#ends.delete(hash);
    }
  }

  async #supersede(machine: string, begun: Begun): Promise<void> {
    await this.#parts.store.supersede(machine, begun.boot);
    begun.isKept = true;
  }

  /** By which the boot is told to be done. Durable before it is given away. Throws DATA_UNUSABLE, DISK_FULL. */
  async of(boot: OfBoot): Promise<string> {
    return (await this.#give(`done ${boot.boot}`, boot, LIFE_MILLISECONDS)).capability;
  }

  /** By which the machine fetches its configuration: another one where it asks from elsewhere, or half of its life is over. */
  async handingOut({ life, ...boot }: HandingOut): Promise<string> {
    const { assignment, address, image } = boot.handsOut;
    const name = [boot.boot, address, assignment, image.digest].join(' ');
    const given = await this.#given.get(name);
    if (given !== undefined && given.endsAt - this.#parts.clock.ticks() > life / 2) return given.capability;
    this.#given.set(name, undefined);
    return (await this.#give(name, boot, life)).capability;
  }

  /** undefined for one that was never given, is over, or is for something else: nobody is to learn which. */
  async find(capability: string): Promise<KeptCapability | undefined> {
    const kept = await this.look(capability);
    return kept === undefined || kept.handsOut !== undefined || this.isOver(kept) ? undefined : kept;
  }

  /** What is kept of one that was given, whatever it is for, and whether or not it is over. Throws DATA_UNUSABLE. */
  async look(capability: string): Promise<KeptCapability | undefined> {
    if (!CAPABILITY.test(capability)) return undefined;
    const hash = hashOf(capability);
    const kept = await this.#parts.store.findCapability(hash);
    return kept !== undefined && timingSafeEqual(Buffer.from(kept.hash), Buffer.from(hash)) ? kept : undefined;
  }

  /** Of those that were given before the server started, only the time of day says so. */
  isOver({ hash, expiresAt }: KeptCapability): boolean {
    const { clock } = this.#parts;
    const endsAt = this.#ends.get(hash);
    return expiresAt <= clock.now() || (endsAt !== undefined && endsAt <= clock.ticks());
  }

  /** Whether the document was not handed out yet in its boot; it is then. Durable when it resolves. Throws DATA_UNUSABLE, DISK_FULL. */
  spend({ hash }: KeptCapability, document: string): Promise<boolean> {
    return this.#parts.store.spend(hash, document);
  }

  #give(name: string, boot: Kept, life: number): Promise<Given> {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    const making = this.#make(name, boot, life);
    this.#given.set(name, making);
    // One that is not kept is no use: whoever asks again gets another.
    making.catch(() => this.#given.set(name, undefined));
    return making;
  }

  async #make(name: string, boot: Kept, life: number): Promise<Given> {
    const { store, clock, senseClock } = this.#parts;
    const capability = randomBytes(BYTES).toString('base64url');
    // When a clock that is not set yet is, all that was to end by it would be over.
    const expiresAt = senseClock().kind === 'set' ? clock.now() + life : Number.MAX_SAFE_INTEGER;
    const hash = hashOf(capability);
    const endsAt = clock.ticks() + life;
    this.#ends.set(hash, endsAt);
    const begun = this.#begun.get(boot.machine);
    if (begun?.boot === boot.boot && begun.given.length < MOST_OF_ONE) begun.given.push({ name, hash });
    await store.saveCapability({ ...this.#asOfNow(boot), hash, expiresAt });
    return { capability, endsAt };
  }

  /** What is written out for a machine that has begun another boot meanwhile hands nothing out. */
  #asOfNow({ handsOut, ...boot }: Kept): Kept {
    const begun = this.#begun.get(boot.machine)?.boot ?? boot.boot;
    if (handsOut === undefined) return boot;
    return { ...boot, handsOut: begun === boot.boot ? handsOut : { ...handsOut, isSuperseded: true } };
  }
}

function hashOf(capability: string): string {
  return createHash('sha256').update(capability).digest('hex');
}
