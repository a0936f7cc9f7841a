import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { writeDocument } from '../config/document.js';
import { BootlayerError, describeError, type ErrorCode } from '../errors.js';
import { counted } from '../format.js';
import { foreignLeaseBody, type LeaseOutcome } from '../http/routes/lease-import.js';
import { FOREIGN_SERVERS, type ForeignServer } from '../lease/import/foreign-file.js';
import type { ImportedLease } from '../lease/import/imported.js';
import { apiOf, type ServerApi, type ServerOptions, withServer } from './api-server.js';
import { noteOnStderr, warnOnStderr } from './common.js';
import { changeEntry, readEntryIfThere } from './entry-api.js';
import {
  type ForeignMachine,
  type ForeignWhole,
  type ReadForeignFile,
  readForeign,
  togetherOf,
} from './foreign-files.js';
import { importLeases } from './lease-api.js';
import { inOneLine, type Output, standardOutput, writeJson, writeLine } from './output.js';
import { replaceFile } from './replace-file.js';
import { untilSignal } from './until-signal.js';

type ImportOptions = ServerOptions & {
  readonly format?: ForeignServer;
  readonly dryRun?: true;
  readonly machines?: string;
};

export function leaseImportCommand(): Command {
  return withServer(new Command('import'))
    .description('take over the leases and hosts of another DHCP server from its files')
    .argument(
      '<file...>',
      'dhcpd.leases, dhcpd.conf, dnsmasq.leases, dnsmasq.conf or its hosts, kea-leases4.csv, kea-dhcp4.conf',
    )
    .addOption(new Option('--format <server>', 'whose files they are (default: as they look)').choices(FOREIGN_SERVERS))
    .option('--machines <file>', 'write the hosts to a new YAML file for "include", instead of to the API')
    .option('--dry-run', 'only tell what there is in them')
    .addHelpText('after', HELP)
    .action(importFiles);
}

const HELP = `
Leases that are not over go to the running server, and hosts (host, dhcp-host, reservations) become machines of its API with their MACs,
addresses and names. What cannot be taken over is told with its line. Stop the other server first: what it gives meanwhile is not known here.

Exit status: 0 all there was is taken over, or was there already; 1 some of it was refused; 2 a file cannot be read.

Example:
  bootlayer lease import /var/lib/dhcp/dhcpd.leases /etc/dhcp/dhcpd.conf --dry-run`;

type Refused = { readonly what: string; readonly reason: string };

/** Of leases, or of machines. */
type Taken = { readonly added: number; readonly present: number; readonly refused: readonly Refused[] };

const NOTHING: Taken = { added: 0, present: 0, refused: [] };

async function importFiles(names: readonly string[], options: ImportOptions): Promise<void> {
  const { machines: file, dryRun, format } = options;
  if (file !== undefined && existsSync(file)) {
    throw new BootlayerError('USAGE', `${file} is there already`, { remedy: 'name a file that is not' });
  }
  const files: ReadForeignFile[] = [];
  for (const name of names) files.push(await readForeign(name, format));
  const whole = togetherOf(files, Date.now());
  const output = standardOutput();
  if (!options.json) tell(output, files, whole);
  // First: what machines are given is theirs by their records.
  const machines = dryRun ? NOTHING : await takeMachines(whole, options);
  const leases = dryRun || whole.leases.length === 0 ? NOTHING : await takeLeases(await apiOf(options), whole.leases);
  if (options.json) writeJson(output, documentOf(files, whole, { machines, leases, dryRun: dryRun === true }));
  else if (!dryRun) writeResult(output, { machines, leases, file });
  const refused = [...machines.refused, ...leases.refused].length;
  if (refused > 0) {
    const remedy = 'mend them in their files, and import those again: what is taken over stays so';
    throw new BootlayerError('CONFLICT', `refused: ${refused} of the leases and hosts`, { remedy });
  }
}

async function takeMachines({ machines }: ForeignWhole, options: ImportOptions): Promise<Taken> {
  const { machines: file } = options;
  if (machines.length === 0) return NOTHING;
  if (file !== undefined) {
    const text = writeDocument({ machines: machines.map(({ machine }) => machine) });
    await untilSignal((signal) => replaceFile(file, bytesOf(text), signal));
    return { ...NOTHING, added: machines.length };
  }
  const api = await apiOf(options);
  let [added, present] = [0, 0];
  const refused: Refused[] = [];
  for (const one of machines) {
    const reason = await addMachine(api, one);
    if (reason === undefined) added += 1;
    else if (reason === 'present') present += 1;
    else refused.push({ what: `${one.file}:${one.line}: the machine ${one.machine.name}`, reason });
  }
  return { added, present, refused };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text);
}

/** What is wrong with one entry alone. */
const OF_ENTRY: ReadonlySet<ErrorCode> = new Set([
  'CONFLICT',
  'READ_ONLY_ENTRY',
  'PRECONDITION_FAILED',
  'REQUEST_INVALID',
]);

/** Answers why it is refused, or `present` where it is known already. */
async function addMachine(api: ServerApi, { machine }: ForeignMachine): Promise<string | undefined> {
  const { name } = machine;
  try {
    await changeEntry(api, { kind: 'machine', name, before: undefined, document: machine });
    return undefined;
  } catch (thrown) {
    const { code } = BootlayerError.from(thrown);
    if (!OF_ENTRY.has(code)) throw thrown;
    const there = code === 'REQUEST_INVALID' ? undefined : await readEntryIfThere(api, 'machine', name);
    if (there === undefined) return describeError(thrown);
    const isSame = there['ip'] === machine.ip && machine.mac.every((mac) => holds(there['mac'], mac));
    return isSame ? 'present' : 'another machine has the name';
  }
}

function holds(macs: unknown, mac: string): boolean {
  return [macs].flat().some((one) => String(one).toLowerCase() === mac);
}

async function takeLeases(api: ServerApi, leases: readonly ImportedLease[]): Promise<Taken> {
  const results = await importLeases(api, leases.map(foreignLeaseBody));
  const refused = results.filter(({ adopted }) => !adopted).map(refusedLease);
  return { added: results.length - refused.length, present: 0, refused };
}

function refusedLease({ address, reason = 'refused' }: LeaseOutcome): Refused {
  return { what: `the lease of ${address}`, reason };
}

const MOST_TOLD = 100;

/** What there is in the files, and what of it cannot be taken over. */
function tell(
  output: Output,
  files: readonly ReadForeignFile[],
  { expired, problems, moreProblems }: ForeignWhole,
): void {
  for (const { file, line, message } of problems.slice(0, MOST_TOLD))
    warnOnStderr(inOneLine(`${file}:${line}: ${message}`));
  const untold = Math.max(0, problems.length - MOST_TOLD) + moreProblems;
  if (untold > 0) noteOnStderr(`and ${untold} more: --json has ${moreProblems === 0 ? 'all' : 'more'} of them`);
  for (const { file, what, imported } of files) {
    const { leases, hosts, passedOver } = imported;
    const counts = [counted(leases.length, 'lease'), counted(hosts.length, 'host'), `${passedOver} of other kinds`];
    writeLine(output, inOneLine(`${file}: ${what}: ${counts.join(', ')}`));
  }
  if (expired > 0) writeLine(output, `${counted(expired, 'lease')} over, and left out`);
}

type Result = { readonly machines: Taken; readonly leases: Taken; readonly file: string | undefined };

function writeResult(output: Output, { machines, leases, file }: Result): void {
  const refused = [...machines.refused, ...leases.refused];
  for (const { what, reason } of refused.slice(0, MOST_TOLD))
    writeLine(output, inOneLine(`${what} is refused: ${reason}`));
  if (refused.length > MOST_TOLD)
    writeLine(output, `and ${refused.length - MOST_TOLD} more are refused: --json has all of them`);
  const where = file === undefined ? 'in the API' : `in ${file}: name it under include`;
  const there = machines.present === 0 ? '' : `, ${machines.present} known already`;
  writeLine(output, inOneLine(`${counted(machines.added, 'machine')} written ${where}${there}`));
  writeLine(output, `${counted(leases.added, 'lease')} taken over`);
}

function documentOf(
  files: readonly ReadForeignFile[],
  { leases: live, machines: found, expired, problems, moreProblems }: ForeignWhole,
  { machines, leases, dryRun }: { readonly machines: Taken; readonly leases: Taken; readonly dryRun: boolean },
) {
  return {
    dryRun,
    files: files.map(({ file, what, imported: { leases: read, hosts, passedOver, replaced } }) => {
      return { file, what, leases: read.length, hosts: hosts.length, passedOver, replaced };
    }),
    found: { leases: live, expired, machines: found },
    problems,
    moreProblems,
    machines,
    leases,
  };
}
