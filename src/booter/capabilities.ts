import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Boot } from '../boot/boot.js';
import type { ClockSense } from '../boot/clock-sense.js';
import type { CapabilityStore, HandedOut, KeptCapability } from '../boot/policy-ports.js';
import { whoseStanding } from '../boot/standing-keys.js';
import type { Subject } from '../machine/inventory.js';
import { RecentMap } from '../recent-map.js';

export type CapabilitiesParts = {
  readonly store: CapabilityStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
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

type Given = { readonly capability: string; readonly expiresAt: number };

/** 256 bits: nobody guesses one. */
const BYTES = 32;
const CAPABILITY = /^[A-Za-z0-9_-]{43}$/;
/** An installation may take days where somebody has to change a disk. */
const LIFE_MILLISECONDS = 7 * 24 * 3_600_000;
/** Are remembered at least. */
const BOOTS = 5_000;

/**
 * Words that let whoever has one say that a boot is done, or fetch what its machine is handed. They are random, and only their digests
 * are kept.
 */
export class Capabilities {
  readonly #parts: CapabilitiesParts;
  /** By boot: who asks again in the same boot gets the same one. */
  readonly #given = new RecentMap<string, Promise<Given> | undefined>(BOOTS);

  constructor(parts: CapabilitiesParts) {
    this.#parts = parts;
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
    if (given !== undefined && given.expiresAt - this.#parts.now() > life / 2) return given.capability;
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

  isOver(kept: KeptCapability): boolean {
    return kept.expiresAt <= this.#parts.now();
  }

  /** Whether the document was not handed out yet in its boot; it is then. Durable when it resolves. Throws DATA_UNUSABLE, DISK_FULL. */
  spend({ hash }: KeptCapability, document: string): Promise<boolean> {
    return this.#parts.store.spend(hash, document);
  }

  #give(name: string, boot: OfBoot, life: number): Promise<Given> {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    const making = this.#make(boot, life);
    this.#given.set(name, making);
    // One that is not kept is no use: whoever asks again gets another.
    making.catch(() => this.#given.set(name, undefined));
    return making;
  }

  async #make(boot: OfBoot, life: number): Promise<Given> {
    const { store, now, senseClock } = this.#parts;
    const capability = randomBytes(BYTES).toString('base64url');
    // When a clock that is not set yet is, all that was to end by it would be over.
    const expiresAt = senseClock().kind === 'set' ? now() + life : Number.MAX_SAFE_INTEGER;
    await store.saveCapability({ ...boot, hash: hashOf(capability), expiresAt });
    return { capability, expiresAt };
  }
}

function hashOf(capability: string): string {
  return createHash('sha256').update(capability).digest('hex');
}
