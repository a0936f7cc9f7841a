import { formatDuration } from '../format.js';
import type { ToldLease, ToldPool } from './lease-api.js';
import { emphasize, inOneLine, type Output, writeLine, writeTable } from './output.js';

/** When a lease without an end ends. */
const NEVER = 'never';

export function writeLeases(output: Output, leases: readonly ToldLease[]): void {
  const rows = leases.map((told) => {
    const { address, machine, mac, clientId, uuid, hostname, until } = told;
    return [address, stateText(told), machine ?? '', mac ?? clientId ?? uuid ?? '', hostname ?? '', until ?? NEVER];
  });
  writeTable(
    output,
    ['ADDRESS', 'STATE', 'MACHINE', 'MAC', 'HOST NAME', 'UNTIL'],
    rows.map((row) => row.map(inOneLine)),
  );
}

/** Each thing that is known of it in a line. */
export function writeLease(output: Output, told: ToldLease): void {
  const { address, machine, mac, clientId, uuid, hostname, since, until } = told;
  writeLine(output, emphasize(output, 'bold', inOneLine(`${address}: ${stateText(told)}`)));
  const shown = { machine, mac, 'client id': clientId, uuid, 'host name': hostname, since, until: until ?? NEVER };
  for (const [key, value] of Object.entries(shown)) {
    if (value !== undefined) writeLine(output, inOneLine(`  ${key.padEnd(9)}  ${value}`));
  }
}

/** `bound, reserved`: for the machine that has it; for another, with its name. */
function stateText({ state, machine, reservedFor }: Pick<ToldLease, 'state' | 'machine' | 'reservedFor'>): string {
  if (reservedFor === undefined) return state;
  return reservedFor === machine ? `${state}, reserved` : `${state}, reserved for ${reservedFor}`;
}

const VERBS: Readonly<Record<string, string>> = { offered: 'is offered', bound: 'has' };

/** `node-07 has 192.168.77.100 until 2027-01-31T13:00:00.000Z` */
export function holderText({ address, state, machine, mac, clientId, uuid, until }: ToldLease): string {
  const whose = machine ?? mac ?? clientId ?? uuid ?? 'somebody';
  return `${whose} ${VERBS[state] ?? 'had'} ${address} ${until === undefined ? 'without an end' : `until ${until}`}`;
}

/** How many addresses there are, and what became of them. */
export function writePools(output: Output, pools: readonly ToldPool[]): void {
  const rows = pools.map(({ subnet, ranges, leaseSeconds, declined, conflict, ...counts }) => {
    const { size, free, bound, offered, expired, reserved } = counts;
    const numbers = [size, free, bound, offered, expired, reserved, declined + conflict].map(String);
    return [subnet, formatDuration(leaseSeconds * 1_000), ...numbers, ranges.join(' ')].map(inOneLine);
  });
  writeTable(
    output,
    ['SUBNET', 'LEASE', 'SIZE', 'FREE', 'BOUND', 'OFFERED', 'EXPIRED', 'RESERVED', 'QUARANTINED', 'RANGES'],
    rows,
  );
}
