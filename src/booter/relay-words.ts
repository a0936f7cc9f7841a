import { parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { type RelayWord, whyImpossible } from './relay-word.js';

export type TrustedRelays = readonly Subnet[];

export type RelayWordsParts = {
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Of the configuration in force. */
  readonly trusted: () => TrustedRelays;
  /** Of this host. */
  readonly ownNetworks: readonly Subnet[];
  /** How many count at most; for tests. */
  readonly most?: number;
};

type Kept = { readonly mac: MacAddress; readonly relay: string; readonly at: number };

/** Count at most: machines behind all relays that start within the life of a word. */
const MOST = 50_000;
/** Every system that starts asks for its address anew, and lets a relay hear of it. */
const LIFE_MILLISECONDS = 3_600_000;
/** Looking for those that have ended takes milliseconds, and a flood is not to have it done for each datagram. */
const SWEEP_MILLISECONDS = 60_000;

/**
 * Which hardware has which address, by the word of trusted relays, which send a REQUEST to every server of DHCP that they know,
 * whichever it is for. Whoever spoke first for an address keeps it until that hardware leaves it, asks for another, or is not
 * heard of for an hour; a flood of words puts none out, since then anybody could follow.
 */
export class RelayWords {
  readonly #parts: RelayWordsParts;
  readonly #words = new Map<string, Kept>();
  /** A card has one at a time: a boot's second DHCP may give it another. */
  readonly #addresses = new Map<MacAddress, string>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(parts: RelayWordsParts) {
    this.#parts = parts;
  }

  /** Answers why it is not believed, though its relay is trusted. */
  heard(word: RelayWord): string | undefined {
    const { kind, relay, from, mac, address } = word;
    if (!this.#isTrusted(relay) || !this.#isTrusted(from)) return undefined;
    if (kind === 'leaves') {
      const kept = this.#words.get(address);
      // Behind another relay nobody leaves what was told by this one.
      if (kept?.mac === mac && kept.relay === relay) this.#forget(address);
      return undefined;
    }
    const impossible = whyImpossible(word, this.#parts.ownNetworks);
    if (impossible !== undefined) return impossible;
    const before = this.#addresses.get(mac);
    // Also where it does not get the other: it has this one no more.
    if (before !== undefined && before !== address) this.#forget(before);
    const other = this.#live(address);
    if (other !== undefined && other.mac !== mac) return `${address} is taken by ${other.mac}`;
    if (!this.#hasRoomFor(address)) return 'more machines ask over relays than are remembered';
    this.#forget(address);
    this.#words.set(address, { mac, relay, at: this.#parts.now() });
    this.#addresses.set(mac, address);
    return undefined;
  }

  macAt(address: string): MacAddress | undefined {
    return this.#live(address)?.mac;
  }

  /** One of a relay that is trusted no more has ended, too. */
  #live(address: string): Kept | undefined {
    const word = this.#words.get(address);
    return word !== undefined && this.#isFresh(word) && this.#isTrusted(word.relay) ? word : undefined;
  }

  #isFresh({ at }: Kept): boolean {
    return this.#parts.now() - at < LIFE_MILLISECONDS;
  }

  #forget(address: string): void {
    const word = this.#words.get(address);
    if (word === undefined) return;
    this.#words.delete(address);
    this.#addresses.delete(word.mac);
  }

  #hasRoomFor(address: string): boolean {
    const { most = MOST, now } = this.#parts;
    if (this.#words.size < most || this.#words.has(address)) return true;
    if (now() - this.#sweptAt < SWEEP_MILLISECONDS) return false;
    this.#sweptAt = now();
    for (const [one, word] of this.#words) if (!this.#isFresh(word)) this.#forget(one);
    return this.#words.size < most;
  }

  #isTrusted(address: string): boolean {
    const trusted = this.#parts.trusted();
    const ip = trusted.length === 0 ? undefined : parseIp(address);
    return ip !== undefined && trusted.some((subnet) => subnetHolds(subnet, ip));
  }
}
