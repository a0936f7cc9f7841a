import type { Chosen, WayChoice } from '../boot/choose-way.js';
import type { BootExplanation } from '../booter/explanation.js';
import { formatBytes, harmless } from '../format.js';
import { placeholdersIn } from '../image/command-line.js';
import type { OpenedIso } from '../image/iso-opening.js';
import { openedIso } from '../image/iso-ways.js';
import type { ArgumentWord } from '../image/merged-arguments.js';
import { withRemedy } from '../image/obstacle.js';
import { parsePlaceholder, type ValuePlaceholder } from '../image/placeholders.js';
import type { Way } from '../image/ways.js';
import { howFound } from './iso-lines.js';
import { emphasize, type Output, writeLine, writeTable } from './output.js';

type Image = Extract<BootExplanation, { kind: 'image' }>;

const WAYS: Readonly<Record<Way, string>> = {
  kernel: 'its kernel and initramfs layers',
  uki: 'its UKI as it is',
  opened: 'kernel, initramfs and command line out of its UKI',
  iso: 'its ISO as it is',
  'iso-files': 'kernel and initramfs out of its ISO',
};

/** What starts the machine, why nothing else does, and whose each of its kernel arguments is. */
export function writePreparation(
  output: Output,
  { preparation, loader, image }: Pick<Image, 'preparation' | 'loader' | 'image'>,
): void {
  if (loader !== undefined) writeLine(output, `  loader    its firmware is given iPXE: ${harmless(loader)}`);
  if (preparation.kind === 'refused') {
    writeLine(output, emphasize(output, 'bold', `nothing is booted: ${harmless(preparation.reason)}`));
    for (const line of unsaid(preparation)) writeLine(output, `  ${line}`);
    writeRejected(output, preparation.choice);
    return;
  }
  const { planned, memory } = preparation;
  const { plan, choice, words } = planned;
  writeLine(output, `  plan      ${plan.id}`);
  writeLine(output, `  starts    ${WAYS[choice.way]}, ${startedBy(choice)}`);
  const opened = choice.way === 'iso-files' ? openedIso(image) : undefined;
  if (opened !== undefined) writeLine(output, `  found     ${foundFiles(opened)}`);
  if (memory !== undefined)
    writeLine(output, `  memory    needs at least ${formatBytes(memory.bytes)}: ${memory.what}`);
  writeRejected(output, choice);
  writeWords(output, words);
}

function startedBy({ way, by }: Chosen): string {
  if (way !== 'iso') return by === 'firmware' ? 'by its firmware' : 'by iPXE';
  return by === 'firmware'
    ? 'by its firmware, as a disc in memory'
    : 'by iPXE, as a disc that is read over the network';
}

/** Which files of an ISO, and how. */
function foundFiles(opened: OpenedIso): string {
  const paths = [opened.kernel, ...opened.initrds].map(({ path }) => harmless(path));
  return `${howFound(opened)}: ${paths.join(', ')}`;
}

/** By which options of `plan` is said what machines report of themselves. */
const OPTIONS: Readonly<Partial<Record<ValuePlaceholder, string>>> = {
  'machine.mac': '--mac',
  'machine.mac.hyphens': '--mac',
  'machine.uuid': '--uuid',
  'machine.serial': '--serial',
  'machine.hostname': '--hostname',
  'machine.ip': '--ip',
  'machine.arch': '--arch',
};

/** What is wanting here alone, since no machine is there to report it. */
function unsaid({ reason, isOfMachine }: Extract<Image['preparation'], { kind: 'refused' }>): readonly string[] {
  if (isOfMachine !== true) return [];
  return placeholdersIn(reason).flatMap((name) => {
    const placeholder = parsePlaceholder(name);
    const option = placeholder.kind === 'value' ? OPTIONS[placeholder.name] : undefined;
    return option === undefined ? [] : [`a machine may report {${name}} itself: say here by ${option} what it reports`];
  });
}

function writeRejected(output: Output, { rejected }: WayChoice): void {
  for (const one of rejected) writeLine(output, `  not       ${WAYS[one.way]}: ${harmless(withRemedy(one))}`);
}

function writeWords(output: Output, words: readonly ArgumentWord[]): void {
  writeLine(output, emphasize(output, 'bold', words.length === 0 ? 'no kernel arguments' : 'kernel arguments'));
  if (words.length === 0) return;
  writeTable(
    output,
    ['  ARGUMENT', 'FROM'],
    words.map(({ text, from }) => [`  ${harmless(text)}`, harmless(from)]),
  );
}
