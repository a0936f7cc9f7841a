import { styleText } from 'node:util';
import { harmless } from '../format.js';

/** Where a command writes. Tests give one that collects. */
export type Output = {
  readonly write: (text: string) => void;
  /** A person is looking: colour, progress bars. */
  readonly terminal: boolean;
};

export function standardOutput(): Output {
  return { write: (text) => void process.stdout.write(text), terminal: isForPeople(process.env) };
}

/** Whoever wants no colour, or has a terminal that can do nothing but print, gets what a pipe gets (no-color.org). */
function isForPeople({ NO_COLOR: noColour = '', TERM: terminal }: NodeJS.ProcessEnv): boolean {
  return process.stdout.isTTY && noColour === '' && terminal !== 'dumb';
}

export function writeLine(output: Output, line: string): void {
  output.write(`${line}\n`);
}

/** `--json`: one document, readable by people too, whose terminal it cannot drive. */
export function writeJson(output: Output, value: unknown): void {
  const text = JSON.stringify(value, undefined, 2).replace(/[\x7f-\x9f]|\p{Cf}/gu, escaped);
  output.write(`${text}\n`);
}

/** As JSON writes the control characters that it does not take. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** Columns aligned with spaces; the heading is dim on a terminal. Last column unpadded, so that lines have no tails. */
export function writeTable(output: Output, heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((title, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), title.length),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
  writeLine(output, emphasize(output, 'dim', line(heading)));
  for (const row of rows) writeLine(output, line(row));
}

/** What machines, registries and relays have said may be in it. */
export function inOneLine(text: string): string {
  return harmless(text.replaceAll('\n', ' '));
}

export function emphasize(output: Output, style: 'bold' | 'dim' | 'red' | 'yellow' | 'green', text: string): string {
  return output.terminal ? styleText(style, text) : text;
}
