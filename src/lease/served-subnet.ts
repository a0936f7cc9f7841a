import { broadcastOf, type IpAddress } from '../net/ip.js';
import { ip4NumberOf } from '../net/ip4-number.js';
import { Offers } from './offers.js';
import { Pool, type Unreserved } from './pool.js';
import type { LeaseSubnet } from './subnet.js';

/** What there is to be given in a subnet, and what is kept from everybody. */
export class ServedSubnet {
  readonly subnet: LeaseSubnet;
  readonly pool: Pool;
  readonly offers = new Offers();
  /** Declined ones, and those of a conflict, in that order. */
  readonly quarantined = new Set<IpAddress>();

  /** Its first address, as a number. */
  readonly first: number;

  constructor(subnet: LeaseSubnet, unreserved: Unreserved) {
    this.subnet = subnet;
    this.first = ip4NumberOf(subnet.subnet.address) ?? Infinity;
    this.pool = new Pool(subnet.ranges, unreserved);
  }

  holds(address: IpAddress): boolean {
    const number = ip4NumberOf(address);
    // Asked several times for each packet: a library takes longer than all the rest.
    return (
      number !== undefined && number >= this.first && number < this.first + 2 ** (32 - this.subnet.subnet.prefixLength)
    );
  }

  /** The network's own address and that of everybody are no machine's. */
  holdsHost(address: IpAddress): boolean {
    const { subnet } = this.subnet;
    if (subnet.prefixLength >= 31) return this.holds(address);
    return this.holds(address) && address !== subnet.address && address !== broadcastOf(subnet);
  }

  get milliseconds(): number {
    return this.subnet.leaseSeconds * 1_000;
  }

  /** The one that has been kept for the longest, where there are more than may be: nobody is to use a pool up by declining. */
  overQuarantined(): IpAddress | undefined {
    const most = Math.max(4, Math.floor(this.pool.size / 4));
    const [oldest] = this.quarantined;
    return this.quarantined.size > most ? oldest : undefined;
  }
}
