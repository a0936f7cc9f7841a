import { formatBytes, formatSeconds } from '../format.js';
import type { Room, StyledLine } from './live-screen.js';
import { inOneLine } from './output.js';
import type { Mood, WatchedMachine } from './watched-machines.js';
import type { WatchedTransfer } from './watched-transfers.js';

const STYLES: Readonly<Record<Mood, StyledLine['style']>> = {
  trouble: 'red',
  stalled: 'yellow',
  active: 'plain',
  silent: 'dim',
  unanswered: 'dim',
  finished: 'dim',
};
const BAR_CELLS = 20;
const STATE_COLUMNS = 10;
const TIME_COLUMNS = 11;

/**
 * The machines as lines that fit: the first so many of them, and how many more there are. `title` is the first line. No line is
 * wider, as far as a character is a column. Pure.
 */
export function tableOf(
  title: StyledLine,
  machines: readonly WatchedMachine[],
  { columns, lines }: Room,
): readonly StyledLine[] {
  const left = Math.max(0, lines - 2);
  const hasRoom = machines.length <= left;
  const shown = machines.slice(0, hasRoom ? left : Math.max(0, left - 1));
  const widest = shown.reduce((width, { name }) => Math.max(width, lengthOf(name)), 'MACHINE'.length);
  const width = Math.min(widest, Math.max(12, Math.floor(columns / 3)));
  const heading = ['MACHINE'.padEnd(width), 'STATE'.padEnd(STATE_COLUMNS), 'FOR'.padStart(TIME_COLUMNS), 'STEP'];
  const table: StyledLine[] = [title, { text: heading.join('  '), style: 'dim' }];
  for (const machine of shown) table.push(rowOf(machine, width, columns));
  if (!hasRoom) table.push({ text: `and ${countsOf(machines.slice(shown.length), 'more ')}`, style: 'dim' });
  return table.slice(0, lines).map(({ text, style }) => ({ text: fitted(text, columns), style }));
}

function rowOf({ name, state, seconds, step, transfers, mood }: WatchedMachine, width: number, columns: number) {
  const cells = [
    fitted(inOneLine(name), width).padEnd(width),
    fitted(inOneLine(state), STATE_COLUMNS).padEnd(STATE_COLUMNS),
    formatSeconds(seconds).padStart(TIME_COLUMNS),
  ].join('  ');
  const room = columns - lengthOf(cells) - 2;
  const what = transfers.length === 0 ? inOneLine(step) : progressOf(transfers, room);
  return { text: `${cells}  ${what}`.trimEnd(), style: STYLES[mood] };
}

/** The newest of a machine's transfers, with as much about it as there is room for. */
export function progressOf(transfers: readonly WatchedTransfer[], room: number): string {
  const transfer = transfers.at(-1);
  if (transfer === undefined) return '';
  const { size, bytes, role, file } = transfer;
  const name = inOneLine(role ?? file ?? '').padEnd(9);
  const [pace, others] = [paceOf(transfer), transfers.length > 1 ? ` (+${transfers.length - 1})` : ''];
  // How much of a disc will be read nobody knows.
  if (transfer.isDisc === true) return fitting([`${name} ${formatBytes(bytes)} of a disc${pace}${others}`, name], room);
  const share = size > 0 ? Math.min(1, bytes / size) : 1;
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const cells = Math.round(share * BAR_CELLS);
  const bar = `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)}`;
  const amount = `${formatBytes(bytes)} of ${formatBytes(size)}`;
  const texts = [
    `${name} ${bar} ${percent}  ${amount}${pace}${others}`,
    `${name} ${percent}  ${amount}${pace}${others}`,
    `${name} ${percent} of ${formatBytes(size)}${pace}`,
    `${name} ${percent}${pace}`,
    `${name} ${percent}`,
  ];
  return fitting(texts, room);
}

function paceOf({ rate, isStalled }: WatchedTransfer): string {
  if (isStalled) return '  stands still';
  return rate === undefined ? '' : `  ${formatBytes(rate)}/s`;
}

/** The first for which there is room, else the last. */
function fitting(texts: readonly string[], room: number): string {
  return texts.find((text) => lengthOf(text) <= room) ?? texts.at(-1) ?? '';
}

/** The first line: how many there are, and that the server at this address is gone. */
export function titleOf(machines: readonly WatchedMachine[], lost: string | undefined): StyledLine {
  if (lost === undefined) return { text: countsOf(machines), style: 'bold' };
  const text = `the server at ${lost} does not answer: it is waited for; ${countsOf(machines)}`;
  return { text: inOneLine(text), style: 'red' };
}

/** `12 machines: 1 refused, 3 fetching, 8 started`, the first mentioned first. */
function countsOf(machines: readonly WatchedMachine[], more = ''): string {
  const counts = new Map<string, number>();
  for (const { state } of machines) counts.set(state, (counts.get(state) ?? 0) + 1);
  const told = [...counts].map(([state, count]) => `${count} ${state === '' ? 'others' : inOneLine(state)}`).join(', ');
  const many = `${machines.length} ${more}${machines.length === 1 ? 'machine' : 'machines'}`;
  return told === '' ? many : `${many}: ${told}`;
}

/** No longer than that, and with a sign where something is missing. */
export function fitted(text: string, columns: number): string {
  const length = lengthOf(text);
  if (length <= columns) return text;
  return columns < 1 ? '' : `${[...text].slice(0, columns - 1).join('')}…`;
}

/** In code points, which most are a column each; a terminal that differs cuts the line. */
function lengthOf(text: string): number {
  // ASCII, nearly always.
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...text].length;
}
