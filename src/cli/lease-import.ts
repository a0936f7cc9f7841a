import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { writeDocument } from '../config/document.js';
import { BootlayerError } from '../errors.js';
import { FOREIGN_SERVERS, type ForeignServer } from '../lease/import/foreign-file.js';
import { parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import { apiOf, type ServerOptions, withServer } from './api-server.js';
import {
  type ForeignLease,
  type ForeignMachine,
  type ForeignWhole,
  type ReadForeignFile,
  readForeign,
  togetherOf,
} from './foreign-files.js';
import { importDocument, NOTHING, type Taken, tellFiles, writeResult } from './import-output.js';
import { rehearsalFor } from './import-rehearsal.js';
import { type ImportTarget, serverTarget } from './import-target.js';
import { standardOutput, writeJson } from './output.js';
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
    .option('--dry-run', 'only tell what would become of what there is in them')
    .addHelpText('after', HELP)
    .action(importFiles);
}

const HELP = `
Leases that are not over go to the running server, and hosts (host, dhcp-host, reservations) become machines of its API with their MACs,
addresses and names. What cannot be taken over is told with its file and line. Stop the other server first: what it gives meanwhile is
not known here. What is here already stays as it is: a file may be imported again. --dry-run asks the running server what it would
refuse; where none answers, it judges by the configuration alone, and says so.

Exit status: 0 all there was is taken over, or was there already; 1 some of it was refused, or would be; 2 a file cannot be read.

Example:
  bootlayer lease import /var/lib/dhcp/dhcpd.leases /etc/dhcp/dhcpd.conf --dry-run`;

async function importFiles(names: readonly string[], options: ImportOptions): Promise<void> {
  const { machines: file, dryRun = false, format } = options;
  if (file !== undefined && existsSync(file)) {
    throw new BootlayerError('USAGE', `${file} is there already`, { remedy: 'name a file that is not' });
  }
  const files: ReadForeignFile[] = [];
  for (const name of names) files.push(await readForeign(name, format));
  const whole = togetherOf(files, Date.now());
  const output = standardOutput();
  if (!options.json) tellFiles(output, files, whole);
  const { judge, target } = dryRun ? await rehearsalFor(options) : { target: await targetFor(whole, options) };
  // First: what machines are given is theirs by their records.
  const machines =
    file === undefined ? await takeMachines(whole.machines, target) : await writeMachines(whole, options);
  const leases = await takeLeases(whole.leases, target);
  const result = { machines, leases, file, ...(judge !== undefined && { judge }) };
  if (options.json) writeJson(output, importDocument(files, whole, result));
  else writeResult(output, result, whole);
  const refused = machines.refused.length + leases.refused.length;
  if (refused === 0) return;
  throw new BootlayerError(
    'CONFLICT',
    `${dryRun ? 'would be refused' : 'refused'}: ${refused} of the leases and hosts`,
    {
      remedy: dryRun
        ? 'mend them in their files, or dhcp.subnets and the machines here'
        : 'mend them in their files, and import those again: what is taken over stays so',
    },
  );
}

/** No server is needed where there is nothing for it. */
async function targetFor(
  { leases, machines }: ForeignWhole,
  options: ImportOptions,
): Promise<ImportTarget | undefined> {
  const isNeeded = leases.length > 0 || (machines.length > 0 && options.machines === undefined);
  return isNeeded ? serverTarget(await apiOf(options), false) : undefined;
}

async function writeMachines({ machines }: ForeignWhole, { machines: file, dryRun }: ImportOptions): Promise<Taken> {
  if (machines.length === 0 || file === undefined) return NOTHING;
  const text = writeDocument({ machines: machines.map(({ machine }) => machine) });
  if (dryRun !== true) await untilSignal((signal) => replaceFile(file, bytesOf(text), signal));
  return { ...NOTHING, added: machines.length };
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text);
}

async function takeMachines(machines: readonly ForeignMachine[], target: ImportTarget | undefined): Promise<Taken> {
  if (machines.length === 0 || target === undefined) return NOTHING;
  const subnets = await target.subnets();
  const taken = {
    added: 0,
    present: 0,
    refused: [] as Taken['refused'][number][],
    warnings: [] as Taken['warnings'][number][],
  };
  for (const { file, line, machine } of machines) {
    const { name, ip } = machine;
    const about = { file, line, machine: name, ...(ip !== undefined && { address: ip }) };
    const fate = await target.machine(machine);
    if (fate.kind === 'refused') taken.refused.push({ ...about, reason: fate.reason });
    else taken[fate.kind] += 1;
    if (fate.kind !== 'refused' && isOutside(ip, subnets))
      taken.warnings.push({ ...about, reason: `no subnet of dhcp.subnets has ${ip}, so that it is not given` });
  }
  return taken;
}

function isOutside(ip: string | undefined, subnets: readonly Subnet[] | undefined): boolean {
  const address = ip === undefined ? undefined : parseIp(ip);
  return address !== undefined && subnets?.some((subnet) => subnetHolds(subnet, address)) === false;
}

async function takeLeases(leases: readonly ForeignLease[], target: ImportTarget | undefined): Promise<Taken> {
  if (leases.length === 0 || target === undefined) return NOTHING;
  const outcomes = await target.leases(leases);
  const present = outcomes.filter((one) => one.adopted && one.present === true).length;
  const refused = leases.flatMap(({ file, line, address }, at) => {
    const { adopted, reason = 'refused' } = outcomes[at] ?? { adopted: true };
    return adopted ? [] : [{ file, line, address, reason }];
  });
  return { ...NOTHING, added: leases.length - present - refused.length, present, refused };
}
