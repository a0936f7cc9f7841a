import { type IpAddress, parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import type { ForeignLease, ForeignMachine, Refusal } from './foreign-files.js';
import type { ImportTarget } from './import-target.js';

/** What has become of leases, or of machines. */
export type Taken = {
  readonly added: number;
  readonly present: number;
  readonly refused: readonly Refusal[];
  /** What is taken over, and of no use yet. */
  readonly warnings: readonly Refusal[];
};

/** The same while it goes on: what is in it is done, also where the rest fails. */
export type Tally = { added: number; present: number; readonly refused: Refusal[]; readonly warnings: Refusal[] };

export function newTally(): Tally {
  return { added: 0, present: 0, refused: [], warnings: [] };
}

/** One by one. Throws what keeps it from going on. */
export async function takeMachines(
  machines: readonly ForeignMachine[],
  target: ImportTarget,
  tally: Tally,
): Promise<void> {
  if (machines.length === 0) return;
  const subnets = await target.subnets();
  for (const { file, line, machine } of machines) {
    const { name, ip } = machine;
    const about = { file, line, machine: name, ...(ip !== undefined && { address: ip }) };
    const fate = await target.machine(machine);
    if (fate.kind === 'refused') tally.refused.push({ ...about, reason: fate.reason });
    else tally[fate.kind] += 1;
    if (fate.kind !== 'refused' && isOutside(ip, subnets))
      tally.warnings.push({ ...about, reason: `no subnet of dhcp.subnets has ${ip}, so that it is not given` });
  }
}

function isOutside(ip: string | undefined, subnets: readonly Subnet[] | undefined): boolean {
  const address: IpAddress | undefined = ip === undefined ? undefined : parseIp(ip);
  return address !== undefined && subnets?.some((subnet) => subnetHolds(subnet, address)) === false;
}

/** So many at once: with long host names, they are no longer than a request may be. */
const AT_ONCE = 500;

/** The same. Throws NO_LEASES where no addresses are given. */
export async function takeLeases(leases: readonly ForeignLease[], target: ImportTarget, tally: Tally): Promise<void> {
  for (let start = 0; start < leases.length; start += AT_ONCE) {
    const part = leases.slice(start, start + AT_ONCE);
    const outcomes = await target.leases(part);
    for (const [at, { file, line, address }] of part.entries()) {
      const { adopted, present, reason = 'refused' } = outcomes[at] ?? { adopted: true };
      if (!adopted) tally.refused.push({ file, line, address, reason });
      else tally[present === true ? 'present' : 'added'] += 1;
    }
  }
}
