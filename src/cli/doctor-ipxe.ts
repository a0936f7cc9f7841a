import type { CheckReport } from '../booter/check-report.js';
import { describeError } from '../errors.js';
import { formatBytes } from '../format.js';
import { IPXE_BINARIES } from '../ipxe/binaries.js';
import { isOldVersion, versionIn } from '../ipxe/binary-version.js';
import { IpxeBinaries } from '../ipxe/disk-binaries.js';
import { ipxeFolders } from '../ipxe-folders.js';
import { findMissingIpxe } from '../missing-ipxe.js';
import type { CheckResult } from './doctor-result.js';
import type { DoctorSite } from './doctor-site.js';

const CHECK = 'ipxe';
/** Own builds have a few. */
const MOST_BYTES = 16 * 1024 * 1024;

/** One of those that are there; `why`: it cannot be read. */
export type SeenBinary = { readonly file: string } & (
  | { readonly size: number; readonly version?: string }
  | { readonly why: string }
);

/** Whether those whom DHCP leads here find an iPXE, and which. `report`: of the mapped images, where it is known. */
export async function checkIpxe(
  { config }: Pick<DoctorSite, 'config'>,
  report: Pick<CheckReport, 'assignments'> | undefined,
): Promise<readonly CheckResult[]> {
  const binaries = new IpxeBinaries(ipxeFolders(config));
  const missing = await findMissingIpxe(binaries, config, report && architecturesIn(report));
  const seen = (await Promise.all(IPXE_BINARIES.map(({ file }) => seeBinary(binaries, file)))).flatMap(
    (one) => one ?? [],
  );
  const judged = judgeBinaries(seen);
  if (missing === undefined) return judged;
  // Ours names them; of another server nobody knows which it names.
  return [{ check: CHECK, state: config.dhcp === undefined ? 'warn' : 'fail', what: missing.text }, ...judged];
}

/** Go's names of what is mapped; undefined where an image is for all, or is not known. */
export function architecturesIn({ assignments }: Pick<CheckReport, 'assignments'>): ReadonlySet<string> | undefined {
  const targets = assignments.flatMap((one) => one.targets);
  const named = targets.flatMap(({ architecture }) => architecture ?? []);
  return named.length === targets.length && named.length > 0 ? new Set(named) : undefined;
}

async function seeBinary(binaries: IpxeBinaries, file: string): Promise<SeenBinary | undefined> {
  try {
    const opened = await binaries.open(file);
    if (opened === undefined) return undefined;
    try {
      const bytes = Buffer.alloc(Math.min(opened.size, MOST_BYTES));
      for (let at = 0; at < bytes.length; ) {
        const read = await opened.read(bytes.subarray(at), at);
        if (read === 0) break;
        at += read;
      }
      const version = versionIn(bytes);
      return { file, size: opened.size, ...(version !== undefined && { version }) };
    } finally {
      await opened.close();
    }
  } catch (thrown) {
    return { file, why: describeError(thrown) };
  }
}

/** Pure. */
export function judgeBinaries(seen: readonly SeenBinary[]): readonly CheckResult[] {
  return seen.map((one): CheckResult => {
    if ('why' in one) return { check: CHECK, state: 'fail', what: one.why };
    const { file, size, version } = one;
    if (size === 0) return { check: CHECK, state: 'fail', what: `${file} is empty`, remedy: 'put it there anew' };
    const what = `${file}: ${version === undefined ? 'its version does not show' : `iPXE ${version}`}, ${formatBytes(size)}`;
    if (version === undefined || !isOldVersion(version)) return { check: CHECK, state: 'ok', what };
    const remedy = 'take a newer one: Debian 13\'s package ipxe, or "npm run ipxe" in a checkout';
    return { check: CHECK, state: 'warn', what: `${what}, which knows no HTTPS and is slow`, remedy };
  });
}
