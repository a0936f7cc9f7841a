import { Command } from 'commander';
import { BootlayerError } from '../errors.js';
import { formatSeconds } from '../format.js';
import { apiOf, type ServerOptions, unreachable, withServer } from './api-server.js';
import { askServer } from './ask-server.js';
import { parsedBy } from './common.js';
import { emphasize, inOneLine, type Output, standardOutput, writeJson, writeLine, writeTable } from './output.js';
import { untilSignal } from './until-signal.js';

type ListOptions = ServerOptions & { readonly machine?: string; readonly limit: number };

/** What the API tells of a boot. */
type ToldBoot = {
  readonly id: string;
  readonly machine: string;
  readonly state: string;
  readonly beganAt: string;
  readonly lastAt: string;
  readonly assignment?: string;
  readonly image?: string;
};
type ToldSteps = ToldBoot & { readonly steps: readonly { readonly at: string; readonly text: string }[] };

/** What machines did when they booted, asked of a running server. */
export function bootCommand(): Command {
  const boot = new Command('boot').description('show how machines booted');
  boot.addCommand(
    withServer(new Command('ls'))
      .description('list boots, the newest first')
      .option('--machine <name>', 'only those of one machine')
      .option('--limit <number>', 'how many at most, up to 1000', parsedBy(parseLimit), 20)
      .addHelpText('after', STATES)
      .action(listBoots),
  );
  boot.addCommand(
    withServer(new Command('show'))
      .description('show one boot, step by step')
      .argument('<id>', 'as ls prints it')
      .action(showBoot),
  );
  return boot;
}

const STATES = `
States: unanswered (told nothing by DHCP: show says why), offered (told by DHCP what to load), loading (has a boot loader), waiting (for its image), planned (told what to start),
fetching, started (has all that is fetched before its system runs), refused (not booted: show says why).`;

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit;
  throw new BootlayerError('USAGE', `"${text}" is no number from 1 to 1000`);
}

async function listBoots(options: ListOptions): Promise<void> {
  const query = new URLSearchParams({ limit: String(options.limit) });
  if (options.machine !== undefined) query.set('machine', options.machine);
  const { boots } = await ask<{ readonly boots: readonly ToldBoot[] }>(options, `/api/v1/boots?${query}`, 'boots');
  const output = standardOutput();
  if (options.json) return writeJson(output, boots);
  if (boots.length === 0)
    return writeLine(output, `no boot${options.machine === undefined ? '' : ` of ${options.machine}`} is known`);
  const rows = boots.map((boot) => [boot.id, boot.machine, boot.beganAt, duration(boot), boot.state, boot.image ?? '']);
  writeTable(
    output,
    ['BOOT', 'MACHINE', 'BEGAN', 'TOOK', 'STATE', 'IMAGE'],
    rows.map((row) => row.map(inOneLine)),
  );
}

async function showBoot(id: string, options: ServerOptions): Promise<void> {
  const boot = await ask<ToldSteps>(options, `/api/v1/boots/${encodeURIComponent(id)}`, 'steps');
  const output = standardOutput();
  if (options.json) return writeJson(output, boot);
  const by = boot.assignment === undefined ? '' : `, assignment ${boot.assignment}`;
  writeLine(output, emphasize(output, 'bold', inOneLine(`${boot.machine}: ${boot.state}${by}`)));
  writeSteps(output, boot);
}

/** Each with how long after the boot's begin it came. */
function writeSteps(output: Output, { beganAt, steps }: ToldSteps): void {
  for (const { at, text } of steps) {
    const after = formatSeconds((Date.parse(at) - Date.parse(beganAt)) / 1000);
    writeLine(output, inOneLine(`${at}  ${`+${after}`.padStart(9)}  ${text}`));
  }
}

function duration({ beganAt, lastAt }: ToldBoot): string {
  return formatSeconds((Date.parse(lastAt) - Date.parse(beganAt)) / 1000);
}

/** Throws what the server tells, and SERVER_UNREACHABLE when none answers. */
async function ask<Answer>(options: ServerOptions, path: string, list: keyof Answer & string): Promise<Answer> {
  const api = await apiOf(options);
  const answer = await untilSignal((signal) => askServer(api, { path, signal }));
  // Another program may listen there, and speak JSON too.
  if (Array.isArray(((answer ?? {}) as Answer)[list])) return answer as Answer;
  throw unreachable(api);
}
