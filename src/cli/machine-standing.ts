import { Command } from 'commander';
import { BootlayerError } from '../errors.js';
import { apiOf, type ServerOptions, withServer } from './api-server.js';
import { askOurs } from './ask-ours.js';
import type { Question } from './ask-server.js';
import { parsedBy, warnOnStderr } from './common.js';
import { warningsIn } from './entry-api.js';
import { inOneLine, standardOutput, writeJson, writeLine, writeTable } from './output.js';
import { describeStanding, isStanding, outlookLines, type ToldStanding } from './told-standing.js';

type Cancelling = ServerOptions & { readonly cancel?: true };
type ReprovisionOptions = Cancelling & { readonly at?: string };
type NextOptions = Cancelling & { readonly variant?: string };

const NAME = 'of a machine that is known, or the MAC of a stranger';

/** Where a machine stands with its policy: shown, and changed. */
export function standingCommands(): readonly Command[] {
  const named = (name: string, about: string) =>
    withServer(new Command(name)).description(about).argument('<name>', NAME);
  return [
    named('standing', 'show where a machine stands with its policy, and what it would be told now')
      .option('--forget', 'forget that: under "once" it is installed when it asks next')
      .action(show),
    withServer(new Command('done'))
      .description('say that machines are installed, whoever did it')
      .argument('<names...>', NAME)
      .action(done),
    named('reprovision', 'have a machine installed anew at its next boot, though it is done')
      .option('--at <time>', 'not before then (2027-01-31T02:00:00Z)', parsedBy(parseTime))
      .option('--cancel', 'take that back')
      .action((name: string, options: ReprovisionOptions) => {
        const { at, cancel } = options;
        return change(name, options, { reprovision: cancel ? null : { ...(at !== undefined && { at }) } });
      }),
    named('next', 'choose what a machine boots next, once, whatever its policy says')
      .argument('[image]', 'an image reference')
      .option('--variant <name>', 'which of the image')
      .option('--cancel', 'take that back')
      .action((name: string, image: string | undefined, options: NextOptions) =>
        change(name, options, { next: nextOf(image, options) }),
      ),
    named('release', 'let a machine be booted again that was booted as often as its policy allows').action(
      changing({ release: true }),
    ),
    enrolledCommand(),
  ];
}

function parseTime(text: string): string {
  const at = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(at)) return new Date(at).toISOString();
  throw new BootlayerError('USAGE', `"${text}" is no time: write 2027-01-31T02:00:00Z`);
}

function nextOf(image: string | undefined, { cancel, variant }: NextOptions): Readonly<Record<string, string>> | null {
  if (cancel === true) return null;
  if (image === undefined) throw new BootlayerError('USAGE', 'name the image that it boots next, or --cancel');
  return { image, ...(variant !== undefined && { variant }) };
}

function changing(body: Readonly<Record<string, unknown>>) {
  return (name: string, options: ServerOptions) => change(name, options, body);
}

async function show(name: string, options: ServerOptions & { readonly forget?: true }): Promise<void> {
  if (options.forget === true) {
    await ask<object>(options, { path: pathOf(name), method: 'DELETE' }, () => true);
    if (options.json) return writeJson(standardOutput(), { name, done: 'forgotten' });
    return writeLine(standardOutput(), `what was known of ${inOneLine(name)} is forgotten`);
  }
  write(await ask<ToldStanding>(options, { path: pathOf(name) }, isStanding), options);
}

async function change(name: string, options: ServerOptions, body: Readonly<Record<string, unknown>>): Promise<void> {
  write(await ask<ToldStanding>(options, { path: pathOf(name), method: 'PATCH', body }, isStanding), options);
}

/** One after the other: what was said of the first ones stays where one is refused. */
async function done(names: readonly string[], options: ServerOptions): Promise<void> {
  const standings: ToldStanding[] = [];
  for (const name of names) {
    const question = { path: pathOf(name), method: 'PATCH', body: { done: true } } as const;
    const standing = await ask<ToldStanding>(options, question, isStanding);
    standings.push(standing);
    if (!options.json) write(standing, options);
  }
  if (options.json) writeJson(standardOutput(), names.length === 1 ? standings[0] : standings);
}

function pathOf(name: string): string {
  return `/api/v1/machines/${encodeURIComponent(name)}/standing`;
}

function write(standing: ToldStanding, { json }: ServerOptions): void {
  const output = standardOutput();
  for (const warning of warningsIn(standing.warnings)) warnOnStderr(inOneLine(warning));
  if (json) {
    writeJson(output, standing);
    return;
  }
  writeLine(output, inOneLine(`${standing.machine}: ${describeStanding(standing)}`));
  for (const line of outlookLines(standing)) writeLine(output, inOneLine(`  ${line}`));
}

type EnrolledOptions = ServerOptions & { readonly forget?: string };

/** What the API tells of a machine that waits. */
type ToldEnrolled = {
  readonly name: string;
  readonly lastAt: string;
  readonly isShown: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
};

function enrolledCommand(): Command {
  return withServer(new Command('enrolled'))
    .description('list the machines that wait for an assignment (unknown: enrol)')
    .option('--forget <name>', 'forget one; it is there again when it asks again')
    .action(enrolled);
}

async function enrolled(options: EnrolledOptions): Promise<void> {
  const output = standardOutput();
  if (options.forget !== undefined) {
    const path = `/api/v1/enrolled/${encodeURIComponent(options.forget)}`;
    await ask<object>(options, { path, method: 'DELETE' }, () => true);
    if (options.json) return writeJson(output, { name: options.forget, done: 'forgotten' });
    return writeLine(output, `${inOneLine(options.forget)} is forgotten`);
  }
  const found: ToldEnrolled[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const query: string = next === '' ? '' : `&${new URLSearchParams({ after: next })}`;
    const page: Page = await ask<Page>(options, { path: `/api/v1/enrolled?limit=1000${query}` }, isPage);
    found.push(...page.enrolled);
    next = page.next === next ? undefined : page.next;
  }
  if (options.json) return writeJson(output, found);
  if (found.length === 0) return writeLine(output, 'no machine waits for an assignment');
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const rows = found.map(({ name, lastAt, isShown, facts }) => [
    name,
    lastAt,
    isShown ? 'yes' : 'no',
    [facts['manufacturer'], facts['product']].map(text).join(' ').trim(),
    ...['serial', 'architecture', 'sourceAddress'].map((key) => text(facts[key])),
  ]);
  writeTable(
    output,
    ['NAME', 'ASKED LAST', 'SHOWN', 'MODEL', 'SERIAL', 'ARCH', 'ADDRESS'],
    rows.map((row) => row.map(inOneLine)),
  );
}

type Page = { readonly enrolled: readonly ToldEnrolled[]; readonly next?: string };

function isPage(answer: unknown): boolean {
  return Array.isArray((answer as Partial<Page> | undefined)?.enrolled);
}

/** Throws what the server tells, and SERVER_UNREACHABLE when none answers, or another program. */
async function ask<Answer>(
  options: ServerOptions,
  question: Omit<Question, 'signal'>,
  isOurs: (answer: unknown) => boolean,
): Promise<Answer> {
  return askOurs<Answer>(await apiOf(options), question, isOurs);
}
