import type { IpAddress } from '../net/ip.js';
import { isLive, type Lease } from './lease.js';
import type { Asker, Occupancy } from './occupancy.js';
import type { ServedSubnet } from './served-subnet.js';

/** Who has a right to which address. Decides nothing, and changes nothing. */
export class Claims {
  readonly #occupancy: Occupancy;
  /** Until then what is remembered, and in use by nobody, may have been given to others: it is of an older copy. */
  doubtedUntil = 0;

  constructor(occupancy: Occupancy) {
    this.#occupancy = occupancy;
  }

  /** Its record's, the one it has, or the one it had last; undefined where none of them is free for it. */
  ownAddress(asker: Asker): IpAddress | undefined {
    const { client, key, now } = asker;
    const rank = (lease: Lease) => (isLive(lease, now) ? Number.MAX_VALUE : lease.until);
    const had = this.#occupancy.of(key).toSorted((one, other) => rank(other) - rank(one));
    const all = [...(client.reserved === undefined ? [] : [client.reserved]), ...had.map(({ address }) => address)];
    return all.find((address) => this.#occupancy.whyNot(address, asker) === undefined);
  }

  /** Two cards of a record have one address: perhaps the other one uses it. */
  isOtherCards(address: IpAddress, { key, now }: Asker): boolean {
    const lease = this.#occupancy.liveAt(address, now);
    return lease !== undefined && lease.key !== key;
  }

  /** What its record says, or it has now, is its own whoever was given what meanwhile. */
  isDoubtful(address: IpAddress, { client, key, now }: Asker): boolean {
    if (now >= this.doubtedUntil || client.reserved === address) return false;
    return this.#occupancy.liveAt(address, now)?.key !== key;
  }

  insteadOf(address: IpAddress, asker: Asker): string | undefined {
    const { reserved } = asker.client;
    if (reserved === undefined || reserved === address) return undefined;
    return this.#occupancy.whyNot(reserved, asker) ?? 'it asks for what it had, and moves when it starts again';
  }

  /** Whether it may have the address by right: its record's, or one that it has or had. */
  isIts(address: IpAddress, { client, key }: Asker): boolean {
    return client.reserved === address || this.#occupancy.of(key).some((lease) => lease.address === address);
  }

  isAnothers(address: IpAddress, { client, key, now }: Asker): boolean {
    const owner = this.#occupancy.reservations.machineAt(address);
    const lease = this.#occupancy.liveAt(address, now);
    return (owner !== undefined && owner !== client.machine) || (lease !== undefined && lease.key !== key);
  }

  isForAnybody(address: IpAddress, asker: Asker): boolean {
    const left = servedAt(asker, address)?.pool.leftFor(isKnown(asker)) ?? 0;
    return left > 0 && this.#occupancy.whyNot(address, asker) === undefined;
  }
}

export function isKnown({ client }: Asker): boolean {
  return client.machine !== undefined;
}

export function servedAt({ subnets }: Asker, address: IpAddress): ServedSubnet | undefined {
  return subnets.find((subnet) => subnet.holds(address));
}
