import type { IpAddress } from '../net/ip.js';
import { ip4NumberOf } from '../net/ip4-number.js';
import { partitionPoint } from '../partition-point.js';
import { AddressOrder } from './address-order.js';
import type { ClientKey, KnownClient } from './client.js';
import { DueTimes } from './due-times.js';
import { isLive, type Lease } from './lease.js';
import { LeaseTable } from './lease-table.js';
import type { Offer } from './offers.js';
import type { Via } from './question.js';
import type { Reservations } from './reservations.js';
import { ServedSubnet } from './served-subnet.js';
import type { LeaseSubnet } from './subnet.js';

/** Who wants an address; `subnets`: those of its network. */
export type Asker = {
  readonly key: ClientKey;
  readonly client: KnownClient;
  readonly subnets: readonly ServedSubnet[];
  readonly now: number;
  readonly via?: Via;
  /** Addresses that somebody turned out to use, though they are its own. */
  readonly avoid?: readonly IpAddress[];
  /** Somebody asks what would be if its record had the address. */
  readonly isReserved?: boolean;
};

/** Times that have changed wait in the heap, up to as many as those that count and this, before it is cleared. */
const MOST_STALE = 1_000;

/** Which addresses are used, by whom, and until when. `now`: of the lease clock. */
export class Occupancy {
  readonly subnets: readonly ServedSubnet[];
  /** By their first addresses. */
  readonly #sorted: readonly ServedSubnet[];
  readonly #inForce: () => Reservations;
  readonly #table = new LeaseTable();
  /** Those of leases and of offers. */
  readonly order = new AddressOrder();
  /** When somebody's time at an address ends. */
  readonly #due = new DueTimes<IpAddress>();
  #reservations: Reservations | undefined;
  #mostDue = MOST_STALE;

  constructor(subnets: readonly LeaseSubnet[], inForce: () => Reservations) {
    this.subnets = subnets.map((subnet) => new ServedSubnet(subnet));
    this.#sorted = this.subnets.toSorted((one, other) => one.first - other.first);
    this.#inForce = inForce;
  }

  /** They do not overlap: the last that begins before the address is the one that may hold it. */
  subnetOf(address: IpAddress): ServedSubnet | undefined {
    const number = ip4NumberOf(address);
    if (number === undefined) return undefined;
    const sorted = this.#sorted;
    const next = partitionPoint(sorted.length, (position) => (sorted[position]?.first ?? Infinity) <= number);
    const subnet = sorted[next - 1];
    return subnet?.holds(address) === true ? subnet : undefined;
  }

  at(address: IpAddress): Lease | undefined {
    return this.#table.at(address);
  }

  liveAt(address: IpAddress, now: number): Lease | undefined {
    const lease = this.#table.at(address);
    return lease !== undefined && isLive(lease, now) ? lease : undefined;
  }

  /** What a client has, or had last. */
  of(key: ClientKey): readonly Lease[] {
    return this.#table.of(key);
  }

  all(): Iterable<Lease> {
    return this.#table.all();
  }

  /** How many times are waited for. */
  get waiting(): number {
    return this.#due.size;
  }

  get reservations(): Reservations {
    return this.#reservations ?? this.#inForce();
  }

  /** What has ended by now is free, and the records are those in force. */
  advance(now: number): void {
    const inForce = this.#inForce();
    if (this.#reservations !== inForce) this.#reserve(inForce, now);
    for (let address = this.#due.take(now); address !== undefined; address = this.#due.take(now)) {
      const offers = this.subnetOf(address)?.offers;
      const offer = offers?.at(address);
      if (offer !== undefined && offer.until <= now) offers?.drop(offer);
      this.#settle(address, now);
    }
    if (this.#due.size <= this.#mostDue) return;
    this.#due.keep((at, address) => [this.at(address), this.#offerAt(address)].some((held) => held?.until === at));
    this.#mostDue = MOST_STALE + 2 * this.#due.size;
  }

  #offerAt(address: IpAddress): Offer | undefined {
    return this.subnetOf(address)?.offers.at(address);
  }

  #reserve(inForce: Reservations, now: number): void {
    this.#reservations = inForce;
    const reserved = new Map<ServedSubnet, IpAddress[]>(this.subnets.map((subnet) => [subnet, []]));
    for (const address of inForce.addresses()) {
      const subnet = this.subnetOf(address);
      if (subnet !== undefined) reserved.get(subnet)?.push(address);
    }
    // The rest is used as before, and there may be as many as addresses.
    for (const [{ pool }, addresses] of reserved)
      for (const address of pool.reserve(addresses, inForce.withoutAddress)) this.#settle(address, now);
  }

  /** In place of what its address had. */
  note(lease: Lease, now: number): void {
    this.#table.set(lease);
    this.#due.add(lease.until, lease.address);
    this.#settle(lease.address, now);
  }

  offer(address: IpAddress, { key, client, subnets, now, via }: Asker, isFresh: boolean): void {
    for (const subnet of subnets) this.dropOffer(subnet.offers.to(key), now);
    const subnet = this.subnetOf(address);
    if (subnet === undefined) return;
    subnet.offers.drop(subnet.offers.at(address));
    const { until } = subnet.offers.make({ address, key, client, isFresh, ...(via !== undefined && { via }) }, now);
    this.#due.add(until, address);
    this.#settle(address, now);
  }

  dropOffer(offer: Offer | undefined, now: number): void {
    if (offer === undefined) return;
    this.subnetOf(offer.address)?.offers.drop(offer);
    this.#settle(offer.address, now);
  }

  forget(address: IpAddress, now: number): void {
    this.dropOffer(this.#offerAt(address), now);
    this.#table.delete(address);
    this.#settle(address, now);
  }

  /** Makes the address used or free, as it is by now. */
  #settle(address: IpAddress, now: number): void {
    const subnet = this.subnetOf(address);
    if (subnet === undefined) return;
    const lease = this.liveAt(address, now);
    const offer = subnet.offers.at(address);
    if (offer === undefined && this.#table.at(address) === undefined) this.order.delete(address);
    else this.order.add(address);
    if (lease !== undefined && lease.key === undefined) subnet.quarantined.add(address);
    else subnet.quarantined.delete(address);
    if (lease === undefined && offer === undefined) subnet.pool.free(address);
    else subnet.pool.use(address, (lease === undefined ? offer?.client.machine : lease.machine) !== undefined);
  }

  /** Why somebody cannot have an address, whatever they have a right to. */
  whyNot(address: IpAddress, { client, key, subnets, now, avoid, isReserved }: Asker): string | undefined {
    const subnet = subnets.find((one) => one.holds(address));
    if (subnet === undefined) return `${address} is not on its network`;
    if (avoid?.includes(address) === true) return `somebody answers at ${address}`;
    const owner = this.reservations.machineAt(address);
    if (owner !== undefined && owner !== client.machine) return `${address} is reserved for ${owner}`;
    if (owner === undefined && isReserved !== true && !subnet.pool.holds(address))
      return `${address} is in no range of dhcp.subnets`;
    const lease = this.liveAt(address, now);
    if (lease !== undefined && lease.key === undefined) return `somebody uses ${address} without a lease`;
    // What another card of the same record has is the record's all the same.
    if (lease !== undefined && lease.key !== key && (owner === undefined || lease.machine !== owner))
      return `another has ${address}`;
    const offer = subnet.offers.at(address);
    // What was offered before its record had it is not kept from it.
    const isTaken = offer !== undefined && offer.key !== key && (owner === undefined || offer.client.machine === owner);
    return isTaken ? `${address} is offered to another` : undefined;
  }
}
