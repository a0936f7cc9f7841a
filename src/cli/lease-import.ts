import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { writeDocument } from '../config/document.js';
import { BootlayerError } from '../errors.js';
import { FOREIGN_SERVERS, type ForeignServer } from '../lease/import/foreign-file.js';
import { apiOf, type ServerOptions, withServer } from './api-server.js';
import { type ForeignWhole, type ReadForeignFile, readForeign, togetherOf } from './foreign-files.js';
import { importDocument, tellFiles, writeResult } from './import-output.js';
import { rehearsalFor } from './import-rehearsal.js';
import { newTally, takeLeases, takeMachines } from './import-taking.js';
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
not known here. What is here already stays as it is: a file may be imported again, also after an import that failed on the way, which
says what it has done. --dry-run asks the running server what it would refuse; where none answers, it judges by the configuration
alone, and says so.

Exit status: 0 all there was is taken over, or was there already; 1 some of it was refused, or would be, or it failed on the way;
2 a file cannot be read.

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
  const result = { machines: newTally(), leases: newTally(), file, ...(judge !== undefined && { judge }) };
  const failure = await failureOf(async () => {
    // First: what machines are given is theirs by their records.
    if (file !== undefined) result.machines.added = await writeMachines(whole, options);
    else if (target !== undefined) await takeMachines(whole.machines, target, result.machines);
    if (target !== undefined) await takeLeases(whole.leases, target, result.leases);
  });
  const isBegun = [result.machines, result.leases].some((one) => one.added + one.present + one.refused.length > 0);
  if (failure !== undefined && (dryRun || !isBegun)) throw failure;
  const told = { ...result, ...(failure !== undefined && { failed: failure.message }) };
  if (options.json) writeJson(output, importDocument(files, whole, told));
  else writeResult(output, told, whole);
  if (failure !== undefined) throw onTheWay(failure, file);
  tellRefused(result.machines.refused.length + result.leases.refused.length, dryRun);
}

async function failureOf(work: () => Promise<void>): Promise<BootlayerError | undefined> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return BootlayerError.from(thrown);
  }
}

/** `file`: where machines are written by now, and which is not written twice. */
function onTheWay(failure: BootlayerError, file: string | undefined): BootlayerError {
  const { code, message, remedy, details } = failure;
  const again = `import the files again${file === undefined ? '' : ', with another file for --machines'}: what is taken over stays`;
  return new BootlayerError(code, message, {
    ...{ remedy: remedy === undefined ? again : `${remedy}; ${again}`, details, cause: failure },
  });
}

/** Throws where there are some. */
function tellRefused(refused: number, dryRun: boolean): void {
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

/** Answers how many. */
async function writeMachines({ machines }: ForeignWhole, { machines: file, dryRun }: ImportOptions): Promise<number> {
  if (machines.length === 0 || file === undefined) return 0;
  const text = writeDocument({ machines: machines.map(({ machine }) => machine) });
  if (dryRun !== true) await untilSignal((signal) => replaceFile(file, bytesOf(text), signal));
  return machines.length;
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text);
}
