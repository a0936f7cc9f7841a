import { type EntryDocument, formatSource } from '../boot/entry.js';
import { writeDocument } from '../config/document.js';
import { counted, formatDuration, harmless } from '../format.js';
import type { ToldEntry, ToldPreview, WouldBoot } from './entry-api.js';
import { emphasize, inOneLine, type Output, writeLine, writeTable } from './output.js';
import { describeStanding, isStanding, type ToldPolicy } from './told-standing.js';

type Columns = {
  readonly heading: readonly string[];
  readonly row: (entry: ToldEntry) => readonly string[];
};

/** A line for each; where it is written stands last. */
export function writeEntries(output: Output, entries: readonly ToldEntry[], { heading, row }: Columns): void {
  const rows = entries.map((entry) => [entry.name, ...row(entry), sourceOf(entry)].map(inOneLine));
  writeTable(output, ['NAME', ...heading, 'SOURCE'], rows);
}

function sourceOf({ source, inForce }: ToldEntry): string {
  return inForce ? formatSource(source) : `${formatSource(source)}, OUT OF FORCE`;
}

/** YAML, with where it is written and what is wrong with it in comments. */
export function writeEntry(output: Output, entry: ToldEntry, document: EntryDocument): void {
  const { problems = [] } = entry;
  const standing = isStanding(entry['standing']) ? [describeStanding(entry['standing'])] : [];
  const comments = [sourceOf(entry), ...problems, ...standing].map((one) =>
    emphasize(output, 'dim', `# ${inOneLine(one)}`),
  );
  for (const comment of comments) writeLine(output, comment);
  output.write(harmless(writeDocument(document)));
}

/** Which machines would boot otherwise. */
export function writePreview(output: Output, { boots, more = 0 }: ToldPreview): void {
  const rows = boots.map(({ machine, before, after, differs }) => [
    machine,
    bootText(before),
    bootText(after),
    differs.join(', '),
  ]);
  if (rows.length === 0) {
    writeLine(output, 'no known machine would boot otherwise');
    return;
  }
  writeTable(
    output,
    ['MACHINE', 'BOOTS', 'WOULD BOOT', 'DIFFERS IN'],
    rows.map((row) => row.map(inOneLine)),
  );
  if (more > 0) writeLine(output, `and ${more} more`);
}

/** `registry.lab:5000/os/debian:12 (db, boot: uki, always)` */
function bootText(would: WouldBoot | undefined): string {
  if (would === undefined) return 'nothing';
  const { assignment, image, boot = 'auto', policy } = would;
  const how = boot === 'auto' ? [] : [`boot: ${boot}`];
  return `${boot === 'local' ? 'its local disk' : image} (${[assignment, ...how, ...policyWords(policy)].join(', ')})`;
}

/** `once until it has started`, `5 times within 1 h` */
function policyWords(policy: ToldPolicy | undefined): readonly string[] {
  if (policy === undefined) return [];
  const { mode, doneWhen, maxAttempts, window = 0 } = policy;
  return [
    mode === 'once' && doneWhen === 'started' ? 'once until it has started' : mode,
    ...(maxAttempts === undefined ? [] : [`${counted(maxAttempts, 'time')} within ${formatDuration(window * 1000)}`]),
  ];
}
