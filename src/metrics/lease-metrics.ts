import { Counter, Gauge, type Registry } from 'prom-client';

/** How many addresses a subnet has, and what became of them; `subnet`: `192.168.77.0/24`. */
export type CountedPool = {
  readonly subnet: string;
  readonly size: number;
  readonly states: Readonly<Record<string, number>>;
};

/** Of a server that gives addresses. */
export type LeaseMetrics = {
  /** From now on these are counted whenever somebody reads the metrics. */
  readonly countPools: (pools: () => readonly CountedPool[]) => void;
  readonly leasesGiven: Counter<'kind'>;
  readonly leasesRefused: Counter;
  readonly leasesMissing: Counter;
  readonly leasesReleased: Counter;
  readonly leasesDeclined: Counter;
  readonly leasesUnsaved: Counter;
  readonly addressConflicts: Counter;
  readonly exhaustedPools: Counter<'subnet'>;
  readonly otherDhcpServers: Counter;
};

export function leaseMetrics(registers: Registry[]): LeaseMetrics {
  const counter = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `bootlayer_dhcp_${name}_total`, help, labelNames, registers });
  return {
    countPools: poolGauges(registers),
    leasesGiven: counter('leases_given', 'leases acknowledged: new, or extended', 'kind'),
    leasesMissing: counter('leases_missing', 'times that a machine asked for an address and was offered none'),
    leasesRefused: counter('leases_refused', 'addresses refused to machines that asked for them (NAK)'),
    leasesReleased: counter('leases_released', 'leases that machines gave back'),
    leasesDeclined: counter('leases_declined', 'addresses that machines declined, since somebody else uses them'),
    leasesUnsaved: counter(
      'leases_unsaved',
      'leases that could not be kept, so that they were not given, and what machines said of theirs',
    ),
    addressConflicts: counter('address_conflicts', 'addresses at which somebody answered who has no lease'),
    exhaustedPools: counter('pools_exhausted', 'times that a subnet had no address left', 'subnet'),
    otherDhcpServers: counter(
      'other_servers',
      'times that another server was seen to give addresses where this one does',
    ),
  };
}

function poolGauges(registers: Registry[]): LeaseMetrics['countPools'] {
  let pools = (): readonly CountedPool[] => [];
  let counted: readonly CountedPool[] | undefined;
  /** To count them takes a look at all leases: once for whoever reads both, which is in one turn. */
  const ofThisTurn = () => {
    if (counted === undefined)
      queueMicrotask(() => {
        counted = undefined;
      });
    counted ??= pools();
    return counted;
  };
  new Gauge({
    name: 'bootlayer_dhcp_leases',
    help: 'addresses of each subnet that are offered, bound, expired, released, declined or in conflict, and those that are free, of them kept from strangers, or reserved',
    labelNames: ['subnet', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { subnet, states } of ofThisTurn())
        for (const [state, count] of Object.entries(states)) this.set({ subnet, state }, count);
    },
  });
  new Gauge({
    name: 'bootlayer_dhcp_pool_size',
    help: 'addresses in the ranges of each subnet',
    labelNames: ['subnet'],
    registers,
    collect() {
      this.reset();
      for (const { subnet, size } of ofThisTurn()) this.set({ subnet }, size);
    },
  });
  return (counting) => {
    pools = counting;
  };
}
