import { parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { RecentMap } from '../recent-map.js';

export type TrustedRelays = readonly Subnet[];

export type RelayWordsParts = {
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Of the configuration in force. */
  readonly trusted: () => TrustedRelays;
};

/** What a relay says: this hardware asks for that address. */
export type RelayWord = {
  readonly relay: string;
  /** Whom the datagram came from. */
  readonly from: string;
  readonly mac: MacAddress;
  readonly address: string;
};

/** Are remembered at least. */
const WORDS = 25_000;
/** Every system that starts asks for its address anew, and lets a relay hear of it. */
const LIFE_MILLISECONDS = 3_600_000;

/**
 * Which hardware has which address, by the word of trusted relays, which send a REQUEST to every server of DHCP that they know,
 * whichever it is for.
 */
export class RelayWords {
  readonly #parts: RelayWordsParts;
  readonly #words = new RecentMap<string, { readonly mac: MacAddress; readonly at: number }>(WORDS);

  constructor(parts: RelayWordsParts) {
    this.#parts = parts;
  }

  heard({ relay, from, mac, address }: RelayWord): void {
    if (!this.#isTrusted(relay) || !this.#isTrusted(from)) return;
    this.#words.set(address, { mac, at: this.#parts.now() });
  }

  macAt(address: string): MacAddress | undefined {
    const word = this.#words.get(address);
    return word !== undefined && this.#parts.now() - word.at < LIFE_MILLISECONDS ? word.mac : undefined;
  }

  #isTrusted(address: string): boolean {
    const trusted = this.#parts.trusted();
    const ip = trusted.length === 0 ? undefined : parseIp(address);
    return ip !== undefined && trusted.some((subnet) => subnetHolds(subnet, ip));
  }
}
