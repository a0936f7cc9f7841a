import { styleText } from 'node:util';

/** Where a command writes. Tests give one that collects. */
export type Output = {
  readonly write: (text: string) => void;
  /** A person is looking: colour, progress bars. */
  readonly terminal: boolean;
};

export function standardOutput(): Output {
  return { write: (text) => void process.stdout.write(text), terminal: process.stdout.isTTY };
}

export function writeLine(output: Output, line: string): void {
  output.write(`${line}\n`);
}

/** `--json`: one document, readable by people too. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Columns aligned with spaces; the heading is dim on a terminal. Last column unpadded, so that lines have no tails. */
export function writeTable(output: Output, heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
  writeLine(output, emphasize(output, 'dim', line(heading)));
  for (const row of rows) writeLine(output, line(row));
}

export function emphasize(output: Output, style: 'bold' | 'dim', text: string): string {
  return output.terminal ? styleText(style, text) : text;
}
