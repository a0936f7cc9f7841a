import { Command } from 'commander';
import { type EntryDocument, type EntryKind, PLURALS } from '../boot/entry.js';
import { readSource, whyNoText } from '../config/disk-sources.js';
import { BootlayerError } from '../errors.js';
import { apiOf, type ServerApi, type ServerOptions, withServer } from './api-server.js';
import { parsedBy, warnOnStderr } from './common.js';
import {
  type Change,
  changeEntry,
  listEntries,
  previewChange,
  readEntry,
  readEntryIfThere,
  type ToldEntry,
  warningsIn,
} from './entry-api.js';
import { entryIn, writtenOf } from './entry-edits.js';
import { writeEntries, writeEntry, writePreview } from './entry-output.js';
import { requireName, toldWhereWritten } from './entry-problems.js';
import { inOneLine, standardOutput, writeJson, writeLine } from './output.js';

/** `ls`, `show` and `rm` of machines and assignments, and what their `set` has in common. */

export type ListOptions = ServerOptions & {
  readonly search?: string;
  readonly source?: string;
  readonly label?: readonly string[];
};

export type SetOptions = ServerOptions & { readonly file?: string; readonly dryRun?: true };

type Columns = {
  readonly heading: readonly string[];
  readonly row: (entry: ToldEntry) => readonly string[];
};

export function lsCommand(kind: EntryKind, about: string, columns: Columns): Command {
  return withServer(new Command('ls'))
    .description(`list ${PLURALS[kind]}, of files and of the API`)
    .option('--search <text>', about)
    .option('--source <where>', 'only those of a "file" or of the "api"')
    .action(async (options: ListOptions) => {
      const { search, source, label = [] } = options;
      const query = new URLSearchParams(label.map((one): [string, string] => ['label', one]));
      if (search !== undefined) query.set('search', search);
      if (source !== undefined) query.set('source', source);
      const entries = await listEntries(await apiOf(options), kind, query);
      const output = standardOutput();
      if (options.json) return writeJson(output, entries);
      if (entries.length === 0) return writeLine(output, `there is no such ${kind}`);
      writeEntries(output, entries, columns);
    });
}

export function showCommand(kind: EntryKind): Command {
  return withServer(new Command('show'))
    .description(`show one as it is written, which "set -f" reads`)
    .argument('<name>', `of the ${kind}`)
    .action(async (name: string, options: ServerOptions) => {
      const entry = await readEntry(await apiOf(options), kind, name);
      const output = standardOutput();
      if (options.json) writeJson(output, entry);
      else writeEntry(output, entry, writtenOf(entry));
    });
}

/** `edit`: from what is written to what is to be. */
export function setCommand<Options extends SetOptions>(
  kind: EntryKind,
  edit: (document: EntryDocument, options: Options) => EntryDocument,
): Command {
  return withServer(new Command('set'))
    .description('create one in the API, or change it')
    .argument('<name>', `of the ${kind}`)
    .option(
      '-f, --file <file>',
      'one entry in YAML or JSON that takes the place of what there is ("-": standard input)',
    )
    .option('--dry-run', 'only tell which known machines would boot otherwise')
    .action(async (name: string, options: Options) => {
      const written = options.file === undefined ? undefined : entryIn(await textOf(options.file), options.file);
      if (written !== undefined) requireName(name, written.entry, written.from);
      const api = await apiOf(options);
      const before = await readEntryIfThere(api, kind, name);
      const document = { name, ...edit(written?.entry ?? writtenOf(before), options) };
      const wanted = { kind, name, before, document };
      await change({ api, options }, wanted, before === undefined ? 'created' : 'changed').catch((thrown: unknown) => {
        throw toldWhereWritten(thrown, wanted, written?.from);
      });
    });
}

export function rmCommand(kind: EntryKind): Command {
  return withServer(new Command('rm'))
    .description('delete one from the API')
    .argument('<name>', `of the ${kind}`)
    .option('--dry-run', 'only tell which known machines would boot otherwise')
    .action(async (name: string, options: SetOptions) => {
      const api = await apiOf(options);
      const before = await readEntry(api, kind, name);
      await change({ api, options }, { kind, name, before, document: undefined }, 'deleted');
    });
}

type Asking = { readonly api: ServerApi; readonly options: SetOptions };

async function change({ api, options }: Asking, wanted: Change, done: string): Promise<void> {
  const output = standardOutput();
  if (options.dryRun) {
    const preview = await previewChange(api, wanted);
    for (const warning of warningsIn(preview.warnings)) warnOnStderr(inOneLine(warning));
    if (options.json) return writeJson(output, preview);
    writePreview(output, preview);
    if (isLocal(wanted)) writeLine(output, LOCAL);
    return;
  }
  const warnings = await changeEntry(api, wanted);
  for (const warning of warnings) warnOnStderr(inOneLine(warning));
  const { kind, name } = wanted;
  if (options.json) writeJson(output, { kind, name, done, warnings });
  else writeLine(output, `${kind} ${name} ${done}${isLocal(wanted) ? `: ${LOCAL}` : ''}`);
}

const LOCAL = 'its machines boot their local disk (boot: local)';

/** An assignment alone has that. */
function isLocal({ document }: Change): boolean {
  return document?.['boot'] === 'local';
}

const MOST_BYTES = 1024 * 1024;

async function textOf(file: string): Promise<string> {
  if (file === '-') return textOfInput();
  const source = await readSource(file);
  if (source.kind === 'text') return source.text;
  throw new BootlayerError('USAGE', `cannot read ${file} (${whyNoText(source)})`);
}

async function textOfInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    const read = chunk as Buffer;
    bytes += read.length;
    if (bytes > MOST_BYTES) throw new BootlayerError('USAGE', `standard input is larger than ${MOST_BYTES} bytes`);
    chunks.push(read);
  }
  return Buffer.concat(chunks).toString();
}

/** For options that may be there again. */
export function repeatable<T>(parse: (text: string) => T): (text: string, others?: readonly T[]) => readonly T[] {
  const one = parsedBy(parse);
  return (text, others = []) => [...others, one(text)];
}

export function asText(text: string): string {
  return text;
}
