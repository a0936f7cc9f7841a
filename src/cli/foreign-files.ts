import { readFileBounded } from '../disk-access.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { formatBytes } from '../format.js';
import { type ForeignFile, type ForeignServer, readForeignFile } from '../lease/import/foreign-file.js';
import { hostMachines, type MachineDocument } from '../lease/import/host-machines.js';
import type { ImportedLease, ImportProblem } from '../lease/import/imported.js';

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

export type ForeignMachine = { readonly file: string; readonly line: number; readonly machine: MachineDocument };

export type ForeignWhole = {
  /** Those that are not over; of several of one address, the last. */
  readonly leases: readonly ImportedLease[];
  readonly expired: number;
  readonly machines: readonly ForeignMachine[];
  /** Of each file, what is not taken over. */
  readonly problems: readonly (ImportProblem & { readonly file: string })[];
  readonly moreProblems: number;
};

/** What all of them have. `now`: milliseconds since the epoch. Pure. */
export function togetherOf(files: readonly ReadForeignFile[], now: number): ForeignWhole {
  const leases = new Map(files.flatMap(({ imported }) => imported.leases.map((one) => [one.address, one] as const)));
  const live = [...leases.values()].filter(({ until }) => until === undefined || until > now);
  const fileOf = new Map(files.flatMap(({ file, imported }) => imported.hosts.map((host) => [host, file] as const)));
  const hosts = hostMachines([...fileOf.keys()]).map((one) => ({
    ...one,
    file: fileOf.get(one.host) ?? '',
    line: one.host.line,
  }));
  const twice = hosts.flatMap(({ file, line, ...one }) =>
    one.kind === 'twice' ? [{ file, line, message: one.message }] : [],
  );
  return {
    leases: live,
    expired: leases.size - live.length,
    machines: hosts.flatMap(({ file, line, ...one }) =>
      one.kind === 'machine' ? [{ file, line, machine: one.machine }] : [],
    ),
    problems: [
      ...files.flatMap(({ file, imported }) => imported.problems.map((problem) => ({ file, ...problem }))),
      ...twice,
    ],
    moreProblems: files.reduce((sum, { imported }) => sum + imported.moreProblems, 0),
  };
}
