import {
  type Adopted,
  type AskedLease,
  type ForeignLease,
  isEndless,
  type LeasePage,
  type LeaseRegister,
  type Leases,
  type LeaseWish,
  type ToldLease,
  type ToldPool,
} from '../../src/booter/leases.js';
import { clientKey, type LeaseClient } from '../../src/lease/client.js';
import type { LeaseAnswer } from '../../src/lease/question.js';
import { type IpAddress, subnetHolds } from '../../src/net/ip.js';
import type { MacAddress } from '../../src/net/mac.js';

/** Who has which address, in memory: those that it is told of. */
export class MemoryLeases implements Leases, LeaseRegister {
  readonly register = this;
  readonly told = new Map<IpAddress, ToldLease>();
  /** By the records in force, where those are anybody's. */
  machineOf: (client: LeaseClient) => string | undefined = () => undefined;
  /** Addresses of records that nobody has asked for. */
  readonly reserved = new Map<IpAddress, string>();
  readonly #pools: readonly ToldPool[];
  /** Why addresses are not adopted. */
  readonly refused = new Map<IpAddress, string>();

  constructor(leases: readonly ToldLease[], pools: readonly ToldPool[] = []) {
    for (const lease of leases) this.told.set(lease.address, lease);
    this.#pools = pools;
  }

  answer(): LeaseAnswer {
    return { kind: 'silent', reason: 'nobody is answered here' };
  }

  macAt(address: string): MacAddress | undefined {
    return this.told.get(address as IpAddress)?.client.mac;
  }

  gives(): boolean {
    return true;
  }

  get subnets(): LeaseRegister['subnets'] {
    return this.#pools.map(({ subnet }) => subnet);
  }

  list({ limit, after, subnet, state, mac, machine }: LeaseWish): LeasePage {
    const all = [...this.told.values()].map((lease) => this.#now(lease));
    const behind = all.slice(1 + all.findIndex(({ address }) => address === after));
    const found = behind.filter(
      (one) =>
        (state ?? one.state) === one.state &&
        (mac ?? one.client.mac) === one.client.mac &&
        (machine ?? one.machine) === one.machine &&
        (subnet === undefined || subnetHolds(subnet, one.address)),
    );
    return { leases: found.slice(0, limit), hasMore: found.length > limit };
  }

  at(address: IpAddress): ToldLease | undefined {
    const lease = this.told.get(address);
    return lease && this.#now(lease);
  }

  #now(lease: ToldLease): ToldLease {
    const machine = this.machineOf(lease.client) ?? lease.machine;
    return { ...lease, ...(machine !== undefined && { machine }) };
  }

  reservedFor(address: IpAddress): string | undefined {
    return this.reserved.get(address) ?? this.told.get(address)?.reservedFor;
  }

  pools(): readonly ToldPool[] {
    return this.#pools;
  }

  async release(address: IpAddress): Promise<void> {
    this.told.delete(address);
  }

  async adopt(leases: readonly ForeignLease[]): Promise<readonly Adopted[]> {
    return leases.map((lease): Adopted => {
      const { address, client, until } = lease;
      const [judged] = this.judge([lease]);
      if (judged?.kind === 'adopted')
        this.told.set(address, { address, client, ...(!isEndless(until) && { until }), since: 0, state: 'bound' });
      return judged ?? { kind: 'adopted', address };
    });
  }

  judge(leases: readonly AskedLease[]): readonly Adopted[] {
    return leases.map(({ address, client, isReserved }): Adopted => {
      const reason = isReserved === true ? undefined : this.refused.get(address);
      if (reason !== undefined) return { kind: 'refused', address, reason };
      const there = this.told.get(address);
      const isThere = there !== undefined && clientKey(there.client) === clientKey(client);
      return { kind: isThere ? 'present' : 'adopted', address };
    });
  }
}
