import { Command, Option } from 'commander';
import { BOOT_STATES } from '../boot/boot.js';
import { BootlayerError } from '../errors.js';
import { formatSeconds } from '../format.js';
import { apiOf, type ServerOptions, withServer } from './api-server.js';
import { askOurs } from './ask-ours.js';
import { noteOnStderr, parsedBy } from './common.js';
import { knownName } from './named-machine.js';
import { emphasize, inOneLine, type Output, standardOutput, writeJson, writeLine, writeTable } from './output.js';
import { stepLine } from './timeline.js';
import type { ToldBoot, ToldFinding, ToldSteps } from './told.js';

type ListOptions = ServerOptions & {
  readonly machine?: string;
  readonly state?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly limit: number;
};

/** What machines did when they booted, asked of a running server. */
export function bootCommand(): Command {
  const boot = new Command('boot').description('show how machines booted');
  boot.addCommand(
    withServer(new Command('ls'))
      .description('list boots, the newest first')
      .option('--machine <name>', 'only those of one machine')
      .addOption(new Option('--state <state>', 'only those in this state').choices(BOOT_STATES))
      .option('--since <time>', 'only those that began since: 30m, 2h, 7d ago, or a time', parsedBy(parseSince))
      .option('--limit <number>', 'how many at most, up to 1000', parsedBy(parseLimit), 20)
      .addHelpText('after', STATES)
      .action(listBoots),
  );
  boot.addCommand(
    withServer(new Command('show'))
      .description('show one boot, step by step')
      .argument('<boot>', 'its id as ls prints it, or how that begins; or a machine: its last boot')
      .action(showBoot),
  );
  return boot;
}

const STATES = `
States: unanswered (told nothing by DHCP), offered (told by DHCP what to load), loading (has a boot loader), waiting (for its image), planned (told what to start),
fetching, started (has all that is fetched before its system runs), done (is installed), local (sent to its local disk by its policy), refused (not booted).
What was told nothing, or is not booted, shows why.`;

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit;
  throw new BootlayerError('USAGE', `"${text}" is no number from 1 to 1000`);
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function parseSince(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Date.now() - Number(count) * UNITS[unit as keyof typeof UNITS];
  const time = Date.parse(text);
  if (/^\d{4}-/.test(text) && !Number.isNaN(time)) return time;
  throw new BootlayerError('USAGE', `"${text}" is no time: 30m, 2h, 7d, or 2026-01-31T12:00:00Z`);
}

async function listBoots(options: ListOptions): Promise<void> {
  const query = new URLSearchParams({ limit: String(options.limit) });
  const name = options.machine === undefined ? undefined : await named(options, options.machine);
  const machine = name ?? options.machine;
  if (machine !== undefined) query.set('machine', machine);
  if (options.state !== undefined) query.set('state', options.state);
  if (options.since !== undefined) query.set('since', new Date(options.since).toISOString());
  const { boots, next } = await ask<Page>(options, `/api/v1/boots?${query}`, 'boots');
  const output = standardOutput();
  if (next !== undefined) noteOnStderr(`the newest ${boots.length}; --limit N shows more`);
  if (options.json) return writeJson(output, boots);
  if (boots.length === 0) return writeLine(output, noneOf(options, name));
  const rows = boots.map((boot) => {
    const { id, machine, beganAt, state, reason, finding, image } = boot;
    return [id, machine, beganAt, duration(boot), state, reason ?? finding ?? image ?? ''];
  });
  writeTable(
    output,
    ['BOOT', 'MACHINE', 'BEGAN', 'TOOK', 'STATE', 'IMAGE, OR WHY NOT'],
    rows.map((row) => row.map(inOneLine)),
  );
}

/** `no boot of node-01 is known that is refused`; `name`: undefined where no such machine is known. */
function noneOf({ machine, state, since }: ListOptions, name: string | undefined): string {
  const of = machine === undefined ? '' : ` of ${inOneLine(name ?? machine)}`;
  const unknown = machine !== undefined && name === undefined ? `; ${UNKNOWN}` : '';
  const how = [
    ...(state === undefined ? [] : [`is ${state}`]),
    ...(since === undefined ? [] : [`began since ${new Date(since).toISOString()}`]),
  ];
  return `no boot${of} is known${how.length === 0 ? '' : ` that ${how.join(' and ')}`}${unknown}`;
}

const UNKNOWN = 'no such machine is known either: "bootlayer machine ls" lists those there are';

async function showBoot(wanted: string, options: ServerOptions): Promise<void> {
  const name = await named(options, wanted);
  const ofMachine = new URLSearchParams({ machine: name ?? wanted, limit: '1' });
  const { boots } = await ask<Page>(options, `/api/v1/boots?${ofMachine}`, 'boots');
  const id = boots[0]?.id ?? wanted;
  const boot = await ask<ToldSteps>(options, `/api/v1/boots/${encodeURIComponent(id)}`, 'steps').catch(
    (thrown: unknown) => {
      if (name === undefined || BootlayerError.from(thrown).code !== 'NOT_FOUND') throw thrown;
      throw new BootlayerError('NOT_FOUND', `no boot of ${name} is known`);
    },
  );
  const output = standardOutput();
  if (options.json) return writeJson(output, boot);
  const by = boot.assignment === undefined ? '' : `, assignment ${boot.assignment}`;
  writeLine(output, emphasize(output, 'bold', inOneLine(`${boot.machine}: ${boot.state}${by}`)));
  writeSteps(output, boot);
  for (const finding of boot.findings ?? []) writeFinding(output, finding);
}

/** Below the steps: what one looks for when it does not come up. */
function writeFinding(output: Output, { finding, evidence, remedy }: ToldFinding): void {
  writeLine(output, `${emphasize(output, 'bold', inOneLine(finding))}: ${inOneLine(evidence)}`);
  writeLine(output, `  ${inOneLine(remedy)}`);
}

/** Each with how long after the boot's begin it came. */
function writeSteps(output: Output, { beganAt, steps }: ToldSteps): void {
  for (const step of steps) writeLine(output, stepLine(step, beganAt));
}

function duration({ beganAt, lastAt }: ToldBoot): string {
  return formatSeconds((Date.parse(lastAt) - Date.parse(beganAt)) / 1000);
}

type Page = { readonly boots: readonly ToldBoot[]; readonly next?: string };

async function named(options: ServerOptions, machine: string): Promise<string | undefined> {
  const api = await apiOf(options);
  return knownName((path) => askOurs<object>(api, { path }, () => true), machine);
}

/** Throws what the server tells, and SERVER_UNREACHABLE when none answers. */
async function ask<Answer>(options: ServerOptions, path: string, list: keyof Answer & string): Promise<Answer> {
  return askOurs<Answer>(await apiOf(options), { path }, (answer) => Array.isArray(answer[list]));
}
