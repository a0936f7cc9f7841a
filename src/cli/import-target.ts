import { BootlayerError, describeError, type ErrorCode } from '../errors.js';
import { foreignLeaseBody, type LeaseOutcome } from '../http/routes/lease-import.js';
import type { MachineDocument } from '../lease/import/host-machines.js';
import type { ImportedLease } from '../lease/import/imported.js';
import { parseSubnet, type Subnet } from '../net/ip.js';
import type { ServerApi } from './api-server.js';
import { changeEntry, previewChange, readEntryIfThere } from './entry-api.js';
import { importLeases, listPools } from './lease-api.js';

/** What became of a host, or would. */
export type Fate =
  | { readonly kind: 'added' }
  | { readonly kind: 'present' }
  | { readonly kind: 'refused'; readonly reason: string };

/** `isReserved`: as if the record of its machine had the address. */
export type AskedForeign = Omit<ImportedLease, 'line'> & { readonly isReserved?: boolean };

/** Where leases and hosts go, or where it is asked what would become of them. */
export type ImportTarget = {
  readonly machine: (machine: MachineDocument) => Promise<Fate>;
  /** What becomes of each, in their order. Throws NO_LEASES where no addresses are given. */
  readonly leases: (leases: readonly AskedForeign[]) => Promise<readonly LeaseOutcome[]>;
  /** In which addresses are given; undefined where none are, or nobody knows. */
  readonly subnets: () => Promise<readonly Subnet[] | undefined>;
};

/** A running server. `isDry`: it is only asked, of each by itself. */
export function serverTarget(api: ServerApi, isDry: boolean): ImportTarget {
  return {
    machine: (machine) => machineFate(api, machine, isDry),
    leases: (leases) =>
      importLeases(
        api,
        leases.map(({ isReserved, ...lease }) => ({
          ...foreignLeaseBody(lease),
          ...(isReserved === true && { isReserved }),
        })),
        isDry,
      ),
    subnets: async () => {
      try {
        return (await listPools(api)).flatMap(({ subnet }) => parseSubnet(subnet) ?? []);
      } catch (thrown) {
        if (BootlayerError.from(thrown).code !== 'NO_LEASES') throw thrown;
        return undefined;
      }
    },
  };
}

/** What is wrong with one entry alone. */
const OF_ENTRY: ReadonlySet<ErrorCode> = new Set([
  'CONFLICT',
  'READ_ONLY_ENTRY',
  'PRECONDITION_FAILED',
  'REQUEST_INVALID',
]);

async function machineFate(api: ServerApi, machine: MachineDocument, isDry: boolean): Promise<Fate> {
  const { name } = machine;
  const change = { kind: 'machine', name, before: undefined, document: machine } as const;
  try {
    await (isDry ? previewChange(api, change) : changeEntry(api, change));
    return { kind: 'added' };
  } catch (thrown) {
    const { code } = BootlayerError.from(thrown);
    if (!OF_ENTRY.has(code)) throw thrown;
    const there = code === 'REQUEST_INVALID' ? undefined : await readEntryIfThere(api, 'machine', name);
    return there === undefined ? { kind: 'refused', reason: reasonOf(thrown) } : fateBeside(machine, there);
  }
}

/** Of one whose name another has. Pure. */
export function fateBeside({ mac, ip }: MachineDocument, there: Readonly<Record<string, unknown>>): Fate {
  const macs = [there['mac']].flat().map((one) => String(one).toLowerCase());
  const isSame = there['ip'] === ip && mac.every((one) => macs.includes(one));
  if (isSame) return { kind: 'present' };
  const has = [
    ...(there['mac'] === undefined ? [] : macs),
    ...(there['ip'] === undefined ? [] : [String(there['ip'])]),
  ];
  return {
    kind: 'refused',
    reason: `another machine has the name: with ${has.join(', ') || 'neither MAC nor address'}`,
  };
}

/** Without what is said of the entry already: the problems alone, where there are some. */
function reasonOf(thrown: unknown): string {
  const { code, details } = BootlayerError.from(thrown);
  const problems = (details as { readonly problems?: unknown } | undefined)?.problems;
  if (!Array.isArray(problems) || problems.length === 0) return describeError(thrown);
  return (problems as readonly { readonly path?: unknown; readonly message?: unknown }[])
    .map(({ path, message }) => (code === 'CONFLICT' ? String(message) : `${String(path)}: ${String(message)}`))
    .join('; ');
}
