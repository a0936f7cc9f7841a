import { counted } from '../format.js';
import { timeOf } from '../http/told-step.js';
import type { Imported, PassedOver } from '../lease/import/imported.js';
import { noteOnStderr, warnOnStderr } from './common.js';
import type { ForeignLease, ForeignWhole, ReadForeignFile, Refusal } from './foreign-files.js';
import type { Judge } from './import-rehearsal.js';
import { inOneLine, type Output, writeLine } from './output.js';

/** Of leases, or of machines. */
export type Taken = {
  readonly added: number;
  readonly present: number;
  readonly refused: readonly Refusal[];
  /** What is taken over, and of no use yet. */
  readonly warnings: readonly Refusal[];
};

export const NOTHING: Taken = { added: 0, present: 0, refused: [], warnings: [] };

export type ImportResult = {
  readonly machines: Taken;
  readonly leases: Taken;
  /** Where machines are written, which are not sent. */
  readonly file: string | undefined;
  /** Nothing is taken over; who has judged what would be. */
  readonly judge?: Judge;
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
  const { machines, leases, file, judge } = result;
  const [would, is] = judge === undefined ? ['', 'is'] : ['would be ', 'would be'];
  for (const { file: where, line, reason, machine } of machines.warnings.slice(0, MOST_TOLD))
    warnOnStderr(inOneLine(`${where}:${line}: the machine ${machine ?? ''}: ${reason}`));
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
  const endless = live.filter(({ until }) => until === undefined).length;
  if (endless === 1) writeLine(output, '1 of the leases ends never, and stays until it is released');
  if (endless > 1) writeLine(output, `${endless} of the leases end never, and stay until they are released`);
}

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
  };
}

/** Without an end where it has none. */
function shownLease({ until, ...lease }: ForeignLease) {
  return { ...lease, ...(until !== undefined && { until: timeOf(until) }) };
}
