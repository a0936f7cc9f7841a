import { readFileBounded } from '../disk-access.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { formatBytes } from '../format.js';
import { type ForeignFile, type ForeignServer, readForeignFile } from '../lease/import/foreign-file.js';
import { hostMachines, type MachineDocument } from '../lease/import/host-machines.js';
import type { Imported, ImportedHost, ImportedLease } from '../lease/import/imported.js';
import type { IpAddress } from '../net/ip.js';

export type ReadForeignFile = ForeignFile & { readonly file: string };

/** Leases of a hundred thousand machines, each given many times over. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Throws USAGE for one that cannot be read, or is none of those that are known. */
export async function readForeign(file: string, server: ForeignServer | undefined): Promise<ReadForeignFile> {
  const bytes = await readFileBounded(file, MOST_BYTES).catch((cause: unknown) => {
    const remedy = 'name a file that this user can read';
    throw new BootlayerError('USAGE', `cannot read ${file} (${systemErrorCode(cause) ?? String(cause)})`, {
      ...{ remedy, cause },
    });
  });
  if (bytes === undefined)
    throw new BootlayerError('USAGE', `${file} is larger than ${formatBytes(MOST_BYTES)}`, { remedy: 'split it' });
  // Texts may be in any language; what is read of them is not.
  const read = readForeignFile(new TextDecoder().decode(bytes), server);
  if (read !== undefined) return { file, ...read };
  const whose = server === undefined ? 'ISC DHCP, dnsmasq or Kea' : NAMES[server];
  throw new BootlayerError('USAGE', `${file} does not look like leases or hosts of ${whose}`, {
    remedy:
      server === undefined
        ? 'name the file of its leases, or of its hosts; --format says whose it is where it begins with something odd'
        : 'leave --format out, which lets the file say whose it is',
  });
}

const NAMES = { isc: 'ISC DHCP', dnsmasq: 'dnsmasq', kea: 'Kea' } as const;

/** `line`: where it begins in the file, counted from 1. */
type Placed<T> = T & { readonly file: string; readonly line: number };

export type ForeignLease = Placed<ImportedLease>;
export type ForeignMachine = Placed<{ readonly machine: MachineDocument }>;
/** What is not taken over, and why; `address`: of the lease, or of the machine. */
export type Refusal = Placed<{ readonly machine?: string; readonly address?: string; readonly reason: string }>;

export type ForeignWhole = {
  /** Those that are not over: of each address, what the last file says. */
  readonly leases: readonly ForeignLease[];
  readonly expired: number;
  readonly machines: readonly ForeignMachine[];
  /** Of each file, what is not taken over. */
  readonly problems: readonly Refusal[];
  readonly moreProblems: number;
};

/** What all of them have. `now`: milliseconds since the epoch. Pure. */
export function togetherOf(files: readonly ReadForeignFile[], now: number): ForeignWhole {
  const placed = <T extends object>(list: (imported: Imported) => readonly T[]) =>
    files.flatMap(({ file, imported }) => list(imported).map((one) => ({ file, ...one })));
  const leases = new Map<IpAddress, ForeignLease>();
  for (const { file, imported } of files.toSorted((one, other) => ageOf(other.file) - ageOf(one.file))) {
    for (const lease of imported.leases) leases.set(lease.address, { file, ...lease });
    for (const address of imported.freed) leases.delete(address);
  }
  const live = [...leases.values()].filter(({ until }) => until === undefined || until > now);
  const hosts = hostMachines(placed((one) => one.hosts));
  return {
    leases: live,
    expired: leases.size - live.length,
    machines: hosts.flatMap((one) =>
      one.kind === 'machine' ? [{ file: one.host.file, line: one.host.line, machine: one.machine }] : [],
    ),
    problems: [
      ...placed((one) => one.problems),
      ...hosts.flatMap((one) => (one.kind === 'twice' ? [refusedTwin(one)] : [])),
    ],
    moreProblems: files.reduce((sum, { imported }) => sum + imported.moreProblems, 0),
  };
}

/** What Kea has put aside to tidy it, and ISC's copy, are older than the file itself; others are as they are named. */
const OLDER = [/\.1$/, /\.2$/, /\.completed$|~$/];

function ageOf(file: string): number {
  return 1 + OLDER.findIndex((ending) => ending.test(file));
}

function refusedTwin({ host, reason }: { readonly host: Placed<ImportedHost>; readonly reason: string }): Refusal {
  const { file, line, ip } = host;
  return { file, line, ...(ip !== undefined && { address: ip }), reason };
}
