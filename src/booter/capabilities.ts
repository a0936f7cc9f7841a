import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ClockSense } from '../boot/clock-sense.js';
import type { CapabilityStore, KeptCapability } from '../boot/policy-ports.js';
import { RecentMap } from '../recent-map.js';

export type CapabilitiesParts = {
  readonly store: CapabilityStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly senseClock: () => ClockSense;
};

type OfBoot = Pick<KeptCapability, 'machine' | 'boot' | 'beganAt' | 'keys' | 'also'>;

/** 256 bits: nobody guesses one. */
const BYTES = 32;
const CAPABILITY = /^[A-Za-z0-9_-]{43}$/;
/** An installation may take days where somebody has to change a disk. */
const LIFE_MILLISECONDS = 7 * 24 * 3_600_000;
/** Are remembered at least. */
const BOOTS = 5_000;

/** Words that let whoever has one say that a boot is done. They are random, and only their digests are kept. */
export class Capabilities {
  readonly #parts: CapabilitiesParts;
  /** By boot: who asks again in the same boot gets the same one. */
  readonly #given = new RecentMap<string, Promise<string> | undefined>(BOOTS);

  constructor(parts: CapabilitiesParts) {
    this.#parts = parts;
  }

  /** Durable before it is given away. Throws DATA_UNUSABLE, DISK_FULL. */
  of(boot: OfBoot): Promise<string> {
    const given = this.#given.get(boot.boot);
    if (given !== undefined) return given;
    const making = this.#make(boot);
    this.#given.set(boot.boot, making);
    // One that is not kept is no use: whoever asks again gets another.
    making.catch(() => this.#given.set(boot.boot, undefined));
    return making;
  }

  /** undefined for one that was never given, or is over: nobody is to learn which. */
  async find(capability: string): Promise<KeptCapability | undefined> {
    if (!CAPABILITY.test(capability)) return undefined;
    const hash = hashOf(capability);
    const kept = await this.#parts.store.findCapability(hash);
    if (kept === undefined || !timingSafeEqual(Buffer.from(kept.hash), Buffer.from(hash))) return undefined;
    return kept.expiresAt > this.#parts.now() ? kept : undefined;
  }

  async #make(boot: OfBoot): Promise<string> {
    const { store, now, senseClock } = this.#parts;
    const capability = randomBytes(BYTES).toString('base64url');
    // When a clock that is not set yet is, all that was to end by it would be over.
    const expiresAt = senseClock().kind === 'set' ? now() + LIFE_MILLISECONDS : Number.MAX_SAFE_INTEGER;
    await store.saveCapability({ ...boot, hash: hashOf(capability), expiresAt });
    return capability;
  }
}

function hashOf(capability: string): string {
  return createHash('sha256').update(capability).digest('hex');
}
