import type { EventSink } from '../boot/event.js';
import { BootlayerError } from '../errors.js';
import { clientKey } from '../lease/client.js';
import type { Lease } from '../lease/lease.js';
import type { ShownLease } from '../lease/lease-view.js';
import type { LeaseSubnet } from '../lease/subnet.js';
import type { IpAddress } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { FoundClient } from './lease-clients.js';
import { PoolWatch } from './pool-watch.js';

/** What is told of addresses, and of whose they are. */
export class LeaseTelling {
  readonly #events: EventSink;
  readonly #pools: PoolWatch;

  constructor(events: EventSink) {
    this.#events = events;
    this.#pools = new PoolWatch(events);
  }

  given(
    address: IpAddress,
    found: FoundClient,
    more: { readonly seconds: number; readonly isExtended: boolean },
  ): void {
    this.#events({ event: 'lease.given', ...whose(address, found), ...more });
  }

  /** Not where its record has it. */
  elsewhere({ address }: Lease, found: FoundClient, reason: string): void {
    const { reserved } = found.known;
    if (reserved === undefined) return;
    this.#events({ event: 'lease.elsewhere', ...whose(address, found), reserved, reason });
  }

  none({ name, known: { mac } }: FoundClient, reason: string, relay: string | undefined): void {
    const who = { machine: name, ...(mac !== undefined && { mac }), ...(relay !== undefined && { relay }) };
    this.#events({ event: 'lease.none', ...who, reason });
  }

  refused(address: IpAddress, found: FoundClient, reason: string): void {
    this.#events({ event: 'lease.refused', ...whose(address, found), reason });
  }

  /** What was to be kept of it. */
  unsaved({ address, state }: Lease, found: FoundClient, reason: string): void {
    this.#events({ event: 'lease.unsaved', ...whose(address, found), state, reason });
  }

  /** What its client says of it is kept. */
  noted(lease: Lease, found: FoundClient): void {
    const common = whose(lease.address, found);
    if (lease.state === 'declined') this.#events({ event: 'lease.declined', ...common, seconds: secondsOf(lease) });
    else this.#events({ event: 'lease.released', ...common });
  }

  /** By an operator. */
  freed({ address, client, state }: ShownLease, found: FoundClient): void {
    const whoever = clientKey(client) === undefined ? { address } : whose(address, found);
    this.#events({ event: 'lease.freed', ...whoever, state });
  }

  /** `mac`: of whoever answers there, where that is known. */
  conflict(lease: Lease, mac: MacAddress | undefined): void {
    const who = { address: lease.address, ...(mac !== undefined && { mac }) };
    this.#events({ event: 'lease.conflict', ...who, seconds: secondsOf(lease) });
  }

  /** It has not had the address before. */
  offered(subnet: LeaseSubnet, { known }: FoundClient): void {
    this.#pools.offered(subnet, { isStranger: known.machine === undefined });
  }

  exhausted(subnet: LeaseSubnet, whom: 'all' | 'strangers'): void {
    this.#pools.exhausted(subnet, whom);
  }

  fault(thrown: unknown): void {
    const error = BootlayerError.from(thrown);
    const { stack = '' } = error.cause instanceof Error ? error.cause : error;
    this.#events({ event: 'fault', doing: 'giving an address', reason: error.message, stack });
  }
}

function whose(address: IpAddress, { name, known }: FoundClient) {
  return { machine: name, address, ...(known.mac !== undefined && { mac: known.mac }) };
}

function secondsOf({ since, until }: Lease): number {
  return Math.round((until - since) / 1_000);
}
