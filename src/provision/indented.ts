import type { Format } from './format.js';
import { plainText, Refusal, StandingText } from './standing-text.js';

/** Where a text is to stand: indented by how much, and what its author wrote before it in the line. */
export type Place = { readonly by: unknown; readonly before: string };

const MAX_INDENT = 40;

/**
 * The text with every line but the first, and but empty ones, indented: for a block scalar of YAML (YAML 1.2.2, section
 * 8.1), whose lines are content whatever they hold, as long as all are indented as the first one is.
 */
export function indented(format: Format, value: unknown, place: Place): string {
  if (format === 'json') throw new Refusal(() => 'indent is for YAML and text: a JSON string has no lines');
  const by = spaces(place.by);
  const text = plainText(value);
  if (format === 'yaml') checkPlace(by, place.before);
  if (format === 'yaml' && !(value instanceof StandingText)) checkContent(text, place.before);
  return text.replace(/\n(?!\n|$)/g, `\n${' '.repeat(by)}`);
}

function spaces(by: unknown): number {
  if (typeof by === 'number' && Number.isInteger(by) && by >= 1 && by <= MAX_INDENT) return by;
  throw new Refusal(() => `indent needs how many spaces, from 1 to ${MAX_INDENT}: write indent: 4`);
}

/** A second line that stands left of the first would be no part of the scalar. */
function checkPlace(by: number, before: string): void {
  const found = before.length - before.trimStart().length;
  // Right behind a key or a dash, it would be no block scalar, and its second line could be a key.
  if (/(?:[:?]|^\s*-)\s*$/.test(before))
    throw new Refusal((expression) => `${expression} is to stand below its key, which ends with |`);
  if (found === by && !before.startsWith('\t')) return;
  throw new Refusal(
    (expression) =>
      `the line of ${expression} begins with ${found} spaces: indent it by as many, with indent: ${found}`,
  );
}

function checkContent(text: string, before: string): void {
  // What is not printable, or a line break to one version of YAML only, is no content of a block scalar.
  const unfit = /[^\P{Cc}\n\t]|[\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/u.test(text);
  // The first line says how far a scalar is indented.
  if (!unfit && !(before.trim() === '' && /^\n*[ \t]/.test(text))) return;
  const fault = unfit ? 'holds control characters' : 'begins with white space';
  throw new Refusal((expression) => {
    const bare = expression.replace(/\|\s*indent\b[^|]*$/, '').trim();
    return `the value of ${bare} ${fault}, which a block scalar cannot hold: write {{ ${bare} | quote }} instead`;
  });
}
