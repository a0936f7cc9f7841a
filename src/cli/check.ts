import { Command } from 'commander';
import { hostInterfaces } from '../advertise.js';
import { findBootWarnings } from '../boot-warnings.js';
import { checkMapping } from '../booter/check.js';
import type { CheckReport, TargetCheck } from '../booter/check-report.js';
import { findRoomWarnings } from '../booter/check-warnings.js';
import { createMapping } from '../booter/mapping.js';
import type { Config } from '../config/schema.js';
import { findDhcpWarnings } from '../dhcp-warnings.js';
import { BootlayerError } from '../errors.js';
import { counted, harmless } from '../format.js';
import { IpxeBinaries } from '../ipxe/disk-binaries.js';
import { ipxeFolders } from '../ipxe-folders.js';
import { findProbeTrouble } from '../lease-records.js';
import { findMissingIpxe } from '../missing-ipxe.js';
import { shortDigest } from '../oci/digest.js';
import { NO_DOCUMENTS } from '../provision/documents.js';
import type { ServedInterface } from '../pxe/served-interfaces.js';
import { type CommonOptions, loadWithWarnings, withCommonOptions, withJson } from './common.js';
import { describePools, poolsOf } from './described-pools.js';
import { dhcpUnits, type Unit } from './dhcp-units.js';
import { explainedImages, explainedUrls, portsOf } from './explained.js';
import { interfacesOnThisHost, servedBy } from './explained-site.js';
import { howFound } from './iso-lines.js';
import { emphasize, inOneLine, type Output, standardOutput, writeJson, writeLine, writeTable } from './output.js';
import { unbootableLines } from './unbootable-lines.js';

type CheckOptions = CommonOptions & { readonly offline?: true; readonly strict?: true; readonly json?: true };

export function checkCommand(): Command {
  return withJson(withCommonOptions(new Command('check')))
    .description('validate the configuration and all mappings, and resolve every mapped image')
    .option('--offline', 'ask no registry; layouts on this disk are looked into all the same')
    .option('--strict', 'take warnings for problems')
    .addHelpText('after', HELP)
    .action(check);
}

const HELP = `
With dhcp.mode proxy or server, what of this host would leave machines without an answer is told, too (iPXE binaries, interfaces,
certificates, and where this server gives addresses, ping, with which they are tried, and subnets on interfaces that are not served),
and on a host with several interfaces, the systemd units of sockets that are bound to them are printed. With --offline, another
host may be meant: what is wrong with the interfaces of this one is a warning, and its iPXE binaries are not looked for.
Other DHCP servers are not looked for: serve does that before it gives addresses.

Exit status: 0 all mapped images can be booted; 1 something keeps machines from booting; 2 the configuration is wrong.`;

async function check(options: CheckOptions): Promise<void> {
  const output = standardOutput();
  const {
    config,
    warnings,
    read,
    tls,
    documents = NO_DOCUMENTS,
  } = await loadWithWarnings(options, { withSecrets: true }).catch((thrown: unknown) => {
    if (options.json && thrown instanceof BootlayerError) writeJson(output, { refused: refusalOf(thrown) });
    throw thrown;
  });
  const report = await explainedImages(config, (images) =>
    checkMapping({
      mapping: createMapping(config),
      images,
      urls: explainedUrls(config),
      documents,
      offline: options.offline === true,
      seesDhcp: config.dhcp !== undefined,
      verifies: config.identity.verify,
    }),
  );
  const room = findRoomWarnings(report.assignments, config.cache.maxSize);
  const dhcp = checkDhcp(config);
  // Where registries are not to be asked, this is not the host that it is for either.
  const [problems, more] = options.offline ? [[], dhcp.problems] : [dhcp.problems, await checkHost(config, report)];
  const [interfaces, host] = options.offline ? [[], []] : [dhcp.served, hostInterfaces()];
  const urls = explainedUrls(config, interfaces);
  const ofBoot = findBootWarnings({ config, tls, interfaces, ports: portsOf(config), urls });
  const ofDhcp = findDhcpWarnings({ dhcp: config.dhcp, machines: config.machines, interfaces, host, urls });
  const whole: CheckReport = {
    ...report,
    warnings: [...warnings, ...ofBoot, ...ofDhcp, ...report.warnings, ...room, ...more],
    problems: report.problems + problems.length,
  };
  const pools = poolsOf(config, interfaces);
  if (options.json)
    writeJson(output, {
      file: config.file,
      included: read.included,
      ...whole,
      dhcp: problems,
      withoutSockets: dhcp.withoutSockets,
      units: dhcp.units,
      ...(pools !== undefined && { gives: pools }),
    });
  else {
    for (const problem of problems) writeLine(output, `DHCP cannot be answered: ${harmless(problem)}`);
    writeReport(output, whole, config.machines.length);
    if (pools !== undefined) writeLine(output, describePools(pools));
    writeUnits(output, dhcp);
  }
  const failed = whole.problems + (options.strict ? whole.warnings.length : 0);
  if (failed > 0) {
    const found = [counted(whole.problems, 'problem'), counted(whole.warnings.length, 'warning')];
    throw new BootlayerError('PLAN_IMPOSSIBLE', `${config.file}: ${found.join(', ')}`, {
      remedy: 'mend what is told of on standard output',
    });
  }
}

type DhcpCheck = {
  readonly problems: readonly string[];
  /** What the server will say of interfaces, or do, unless it is given such sockets. */
  readonly withoutSockets: readonly string[];
  readonly units: readonly Unit[];
  readonly served: readonly ServedInterface[];
};

/** On this host. */
function checkDhcp(config: Config): DhcpCheck {
  const nothing = { problems: [], withoutSockets: [], units: [] };
  if (config.dhcp === undefined) return { ...nothing, served: [] };
  const decided = interfacesOnThisHost(config);
  const served = servedBy(decided);
  if (decided.kind === 'refused' && decided.withSockets === undefined)
    return { ...nothing, problems: [`${decided.reason}; ${decided.remedy}`], served };
  const withoutSockets =
    decided.kind === 'served' ? decided.warnings : [`the server does not start: ${decided.reason}`];
  if (withoutSockets.length === 0) return { ...nothing, served };
  // Whether they are there is not known here, so that it is neither a problem nor a warning.
  return { ...nothing, withoutSockets, units: dhcpUnits(served.map(({ name }) => name)), served };
}

/** What else this host lacks. */
async function checkHost(config: Config, report: CheckReport): Promise<readonly string[]> {
  return [...(await checkIpxe(config, report)), ...(await findProbeTrouble(config.dhcp))];
}

/** What of it those whom DHCP leads here will miss. */
async function checkIpxe(config: Config, { assignments }: CheckReport): Promise<readonly string[]> {
  if (config.dhcp === undefined) return [];
  const targets = assignments.flatMap((one) => one.targets);
  const named = targets.flatMap(({ architecture }) => architecture ?? []);
  // An image that names none is for all.
  const architectures = named.length === targets.length ? new Set(named) : undefined;
  const missing = await findMissingIpxe(new IpxeBinaries(ipxeFolders(config)), config, architectures);
  return missing === undefined ? [] : [missing.text];
}

/** They are for those who want them. */
function writeUnits(output: Output, { withoutSockets, units }: DhcpCheck): void {
  if (units.length === 0) return;
  writeLine(output, '');
  writeLine(output, 'Without sockets that are bound to their interface:');
  for (const text of withoutSockets) writeLine(output, `  ${harmless(text)}`);
  writeLine(
    output,
    'systemd opens them by the units below. For /etc/systemd/system; then: systemctl daemon-reload, stop',
  );
  writeLine(output, 'bootlayer, systemctl enable --now for each, and start bootlayer.');
  for (const { file, text } of units) {
    writeLine(output, '');
    writeLine(output, emphasize(output, 'bold', `# ${file}`));
    for (const line of text.trimEnd().split('\n')) writeLine(output, line);
  }
}

/** Every problem with its file, line and column. */
function refusalOf({ code, message, details = [] }: BootlayerError) {
  return { code, message, problems: details };
}

function writeReport(output: Output, { assignments, machines, warnings, problems }: CheckReport, known: number): void {
  const rows = assignments.flatMap(({ assignment, image, targets }) =>
    targets.map((target) => [assignment, image, target.architecture ?? '-', ...describe(target)].map(inOneLine)),
  );
  if (rows.length > 0) writeTable(output, ['ASSIGNMENT', 'IMAGE', 'ARCH', 'MANIFEST', 'BOOTS'], rows);
  for (const line of unbootableLines(machines)) writeLine(output, harmless(line));
  for (const warning of warnings) writeLine(output, `${emphasize(output, 'bold', 'warning')}: ${harmless(warning)}`);
  const skipped = assignments.flatMap(({ targets }) => targets).filter(({ kind }) => kind === 'skipped').length;
  const summary = [
    counted(known, 'machine'),
    counted(assignments.length, 'assignment'),
    counted(problems, 'problem'),
    counted(warnings.length, 'warning'),
    ...(skipped === 0 ? [] : [`${counted(skipped, 'image')} not asked for`]),
  ];
  writeLine(output, summary.join(', '));
}

function describe(target: TargetCheck): readonly [string, string] {
  switch (target.kind) {
    case 'boots':
      return [shortDigest(target.digest), [clientsText(target), target.neverDone ?? []].flat().join('; but it ')];
    case 'refused':
      return [target.digest === undefined ? '-' : shortDigest(target.digest), `nothing: ${harmless(target.reason)}`];
    case 'local':
      return ['-', 'its local disk'];
    case 'skipped':
      return ['-', 'not asked (offline)'];
  }
}

function clientsText({ clients, iso, discs = [] }: Extract<TargetCheck, { kind: 'boots' }>): string {
  const whose = discs.length < clients.length ? ` for ${discs.join(', ')}` : '';
  const told = [
    ...(iso === undefined ? [] : [`opened ${howFound(iso)}`]),
    ...(discs.length === 0 ? [] : [`as a disc${whose}`]),
  ];
  return `${clients.join(', ')}${told.length === 0 ? '' : ` (its ISO ${told.join('; ')})`}`;
}
