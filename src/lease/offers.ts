import type { IpAddress } from '../net/ip.js';
import type { ClientKey, KnownClient } from './client.js';
import type { Via } from './question.js';

/** An address that is kept for a client until it takes it. In memory alone: whoever was offered it can ask again. */
export type Offer = {
  readonly address: IpAddress;
  readonly key: ClientKey;
  readonly client: KnownClient;
  readonly isFresh: boolean;
  readonly via?: Via;
  /** Of the lease clock. */
  readonly madeAt: number;
  readonly until: number;
};

/** Firmware takes what it is offered within half a minute, at its slowest (EDK2 collects for 4, 8 and 16 s). */
const HELD = 60_000;
/** When there is no other left: who has not taken it by then has taken another, or is made up. */
const HELD_FROM_STRANGERS = 10_000;

/** Those of a subnet: one an address, and one a client. In the order in which they were made. */
export class Offers {
  readonly #byAddress = new Map<IpAddress, Offer>();
  readonly #byKey = new Map<ClientKey, Offer>();

  at(address: IpAddress): Offer | undefined {
    return this.#byAddress.get(address);
  }

  to(key: ClientKey): Offer | undefined {
    return this.#byKey.get(key);
  }

  all(): Iterable<Offer> {
    return this.#byAddress.values();
  }

  /** In place of what there is at the address, and of the client. */
  make(offer: Omit<Offer, 'madeAt' | 'until'>, now: number): Offer {
    const made = { ...offer, madeAt: now, until: now + HELD };
    this.drop(this.#byAddress.get(offer.address));
    this.drop(this.#byKey.get(offer.key));
    this.#byAddress.set(offer.address, made);
    this.#byKey.set(offer.key, made);
    return made;
  }

  drop(offer: Offer | undefined): void {
    if (offer === undefined) return;
    this.#byAddress.delete(offer.address);
    this.#byKey.delete(offer.key);
  }

  /** The oldest that may be taken away, when there is no address left: from strangers alone, for a known machine at once. */
  displaceable(isKnown: boolean, now: number): Offer | undefined {
    for (const offer of this.#byAddress.values()) {
      if (!isKnown && offer.madeAt > now - HELD_FROM_STRANGERS) return undefined;
      if (offer.client.machine === undefined) return offer;
    }
    return undefined;
  }
}
