import { counted } from '../format.js';
import { timeOf } from '../http/told-step.js';
import type { Imported, PassedOver } from '../lease/import/imported.js';
import { noteOnStderr, warnOnStderr } from './common.js';
import type { ForeignLease, ForeignWhole, ReadForeignFile, Refusal } from './foreign-files.js';
import type { Judge } from './import-rehearsal.js';
import type { Taken } from './import-taking.js';
import { inOneLine, type Output, writeLine } from './output.js';

export type ImportResult = {
  readonly machines: Taken;
  readonly leases: Taken;
  /** Where machines are written, which are not sent. */
  readonly file: string | undefined;
  /** Nothing is taken over; who has judged what would be. */
  readonly judge?: Judge;
  /** Why it ended on the way: the rest is what it had done by then. */
  readonly failed?: string;
};

const MOST_TOLD = 100;

/** What there is in the files, and what of it cannot be taken over. */
export function tellFiles(
  output: Output,
  files: readonly ReadForeignFile[],
  { expired, problems, moreProblems }: ForeignWhole,
): void {
  for (const { file, line, reason } of problems.slice(0, MOST_TOLD))
    warnOnStderr(inOneLine(`${file}:${line}: ${reason}`));
  const untold = Math.max(0, problems.length - MOST_TOLD) + moreProblems;
  if (untold > 0) noteOnStderr(`and ${untold} more: --json has ${moreProblems === 0 ? 'all' : 'more'} of them`);
  for (const { file, what, imported } of files) writeLine(output, inOneLine(`${file}: ${what}: ${countsIn(imported)}`));
  if (expired > 0) writeLine(output, `${counted(expired, 'lease')} over, and left out`);
}

function countsIn({ leases, hosts, passedOver }: Imported): string {
  const passed = (Object.keys(PASSED) as PassedOver[]).filter((kind) => passedOver[kind] > 0);
  const told = passed.map((kind) => `${passedOver[kind]} ${PASSED[kind]}`);
  const found = [counted(leases.length, 'lease'), counted(hosts.length, 'host')].join(', ');
  return told.length === 0 ? found : `${found}; left aside: ${told.join(', ')}`;
}

/** How they are called where there may be one, or many. */
const PASSED: Readonly<Record<PassedOver, string>> = {
  free: "of addresses that are nobody's now",
  ipv6: 'of IPv6',
  settings: 'other settings',
};

export function writeResult(output: Output, result: ImportResult, { leases: live }: ForeignWhole): void {
  const { machines, leases, file, judge, failed } = result;
  const [would, is] = judge === undefined ? ['', 'is'] : ['would be ', 'would be'];
  for (const { file: where, line, reason, machine } of machines.warnings.slice(0, MOST_TOLD))
    warnOnStderr(inOneLine(`${where}:${line}: the machine ${machine ?? ''}: ${reason}`));
  const unwarned = machines.warnings.length - MOST_TOLD;
  if (unwarned > 0) noteOnStderr(`and ${unwarned} more machines with such an address: --json has all of them`);
  const refused = [...machines.refused, ...leases.refused];
  for (const one of refused.slice(0, MOST_TOLD))
    writeLine(output, inOneLine(`${one.file}:${one.line}: ${whatOf(one)} ${is} refused: ${one.reason}`));
  if (refused.length > MOST_TOLD)
    writeLine(
      output,
      `and ${refused.length - MOST_TOLD} more ${judge === undefined ? 'are' : is} refused: --json has all of them`,
    );
  const where = file === undefined ? 'in the API' : `in ${file}: name it under include`;
  writeLine(output, inOneLine(`${counted(machines.added, 'machine')} ${would}written ${where}${there(machines)}`));
  writeLine(output, `${counted(leases.added, 'lease')} ${would}taken over${there(leases)}`);
  if (failed !== undefined) return;
  const endless = countEndless(live, leases);
  if (endless > 0) writeLine(output, endless === 1 ? ONE_ENDLESS : `${endless} ${MORE_ENDLESS}`);
}

/** Of those that are here from now on, or would be. */
function countEndless(live: ForeignWhole['leases'], { refused }: Taken): number {
  const gone = new Set(refused.map(({ address }) => address));
  return live.filter(({ address, until }) => until === undefined && !gone.has(address)).length;
}

const ONE_ENDLESS = '1 of the leases never ends, and stays until it is released, or its machine asks here';
const MORE_ENDLESS = 'of the leases never end, and stay until they are released, or their machines ask here';

function there({ present }: Taken): string {
  return present === 0 ? '' : `, ${present} known already`;
}

function whatOf({ machine, address }: Refusal): string {
  return machine === undefined ? `the lease of ${address ?? ''}` : `the machine ${machine}`;
}

/** For `--json`. */
export function importDocument(files: readonly ReadForeignFile[], whole: ForeignWhole, result: ImportResult) {
  const { leases, expired, machines, problems, moreProblems } = whole;
  return {
    dryRun: result.judge !== undefined,
    ...(result.judge !== undefined && { judgedBy: result.judge }),
    files: files.map(({ file, what, imported: { leases: read, hosts, passedOver, replaced } }) => {
      return { file, what, leases: read.length, hosts: hosts.length, passedOver, replaced };
    }),
    found: { leases: leases.map(shownLease), expired, machines },
    problems,
    moreProblems,
    machines: result.machines,
    leases: result.leases,
    ...(result.failed !== undefined && { failed: result.failed }),
  };
}

/** Without an end where it has none. */
function shownLease({ until, ...lease }: ForeignLease) {
  return { ...lease, ...(until !== undefined && { until: timeOf(until) }) };
}
