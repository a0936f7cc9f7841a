import { Command } from 'commander';
import { checkMapping } from '../booter/check.js';
import type { CheckReport, TargetCheck } from '../booter/check-report.js';
import { findRoomWarnings } from '../booter/check-warnings.js';
import { createMapping } from '../booter/mapping.js';
import { BootlayerError } from '../errors.js';
import { counted, harmless } from '../format.js';
import { shortDigest } from '../oci/digest.js';
import { type CommonOptions, loadWithWarnings, withCommonOptions, withJson } from './common.js';
import { explainedImages, explainedUrls } from './explained.js';
import { emphasize, type Output, standardOutput, writeJson, writeLine, writeTable } from './output.js';

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
Exit status: 0 all mapped images can be booted; 1 something keeps machines from booting; 2 the configuration is wrong.`;

async function check(options: CheckOptions): Promise<void> {
  const output = standardOutput();
  const { config, warnings, read } = await loadWithWarnings(options, { withTls: true }).catch((thrown: unknown) => {
    if (options.json && thrown instanceof BootlayerError) writeJson(output, { refused: refusalOf(thrown) });
    throw thrown;
  });
  const report = await explainedImages(config, (images) =>
    checkMapping({
      mapping: createMapping(config),
      images,
      urls: explainedUrls(config),
      offline: options.offline === true,
    }),
  );
  const room = findRoomWarnings(report.assignments, config.cache.maxSize);
  const whole: CheckReport = { ...report, warnings: [...warnings, ...report.warnings, ...room] };
  if (options.json) writeJson(output, { file: config.file, included: read.included, ...whole });
  else writeReport(output, whole, config.machines.length);
  const failed = whole.problems + (options.strict ? whole.warnings.length : 0);
  if (failed > 0) {
    const found = [counted(whole.problems, 'problem'), counted(whole.warnings.length, 'warning')];
    throw new BootlayerError('PLAN_IMPOSSIBLE', `${config.file}: ${found.join(', ')}`, { remedy: 'see above' });
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
  for (const { machine, reason } of machines)
    writeLine(output, `machine ${machine} cannot be booted: ${harmless(reason)}`);
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

function inOneLine(cell: string): string {
  return harmless(cell.replaceAll('\n', ' '));
}

function describe(target: TargetCheck): readonly [string, string] {
  switch (target.kind) {
    case 'boots':
      return [shortDigest(target.digest), target.clients.join(', ')];
    case 'refused':
      return [target.digest === undefined ? '-' : shortDigest(target.digest), `nothing: ${harmless(target.reason)}`];
    case 'skipped':
      return ['-', 'not asked (offline)'];
  }
}
