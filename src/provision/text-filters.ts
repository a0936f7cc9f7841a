import { type FilterImplOptions, toValue } from 'liquidjs';
import { asFormat, type Format, jsonString } from './format.js';
import { indented } from './indented.js';
import { plainText, Refusal, StandingText } from './standing-text.js';

type TextFilter = Extract<FilterImplOptions, (...values: never[]) => unknown>;

/** What stands behind the last filter of every output: texts stay as they are, plain values must fit the format. */
export function written(format: Format, value: unknown): string {
  if (value instanceof StandingText) return value.toString();
  const text = plainText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return text;
  const formatted = asFormat(format, text);
  if (formatted.kind === 'text') return formatted.text;
  throw new Refusal((expression) => {
    const again = asFormat(format, text, expression);
    return again.kind === 'refused' ? again.reason : formatted.reason;
  });
}

/** The filters that make a value fit for a place which the author of the document knows. */
export function textFilters(format: Format): Readonly<Record<string, TextFilter>> {
  return {
    quote: (value) => new StandingText(quoted(format, value)),
    json: (value) => new StandingText(asJson(value)),
    shell: (value) => {
      const word = shellWord(plainText(value));
      // Between the quotes of JSON, or in a scalar of YAML, a word is a value like any other.
      return format === 'text' ? new StandingText(word) : word;
    },
    base64: (value) => new StandingText(Buffer.from(wellFormed(plainText(value))).toString('base64')),
    raw: (value) => new StandingText(wellFormed(plainText(value))),
    indent: function (value: unknown, by: unknown) {
      // In a script, what is indented must be fit to stand there first.
      const text = format === 'text' ? new StandingText(written(format, value)) : value;
      return new StandingText(indented(format, text, { by, before: lineBefore(this.token) }));
    },
  };
}

/** What the author wrote in the line before the output that holds the token. */
function lineBefore({ input, begin }: { readonly input: string; readonly begin: number }): string {
  const output = input.lastIndexOf('{{', begin);
  return input.slice(input.lastIndexOf('\n', output) + 1, Math.max(output, 0));
}

function quoted(format: Format, value: unknown): string {
  const text = plainText(value);
  if (format === 'text' && /[$`]/.test(text)) {
    throw new Refusal((expression) => {
      const bare = expression.replace(/\|\s*quote\s*$/, '').trim();
      const held = `the value of ${bare} holds "$" or "\`", which a shell looks for between double quotes too`;
      return `${held}: write {{ ${bare} | shell }} in a script, {{ ${bare} | json }} in other files`;
    });
  }
  return jsonString(text);
}

/** Labels may be written all at once. */
function asJson(value: unknown): string {
  const plain: unknown = toValue(value);
  if (plain === undefined || plain === null) throw new Refusal((expression) => `${expression} has no value`);
  return jsonString(plain);
}

/**
 * One word of a POSIX shell (XCU, section 2.2.2): between single quotes only the single quote means something. A word
 * that needs no quotes gets none, so that it may stand in YAML too.
 */
function shellWord(text: string): string {
  if (text.includes('\0')) {
    throw new Refusal((expression) => `the value of ${expression} holds a NUL, which a word of a shell cannot`);
  }
  if (/^[A-Za-z0-9_./:@%+,][A-Za-z0-9_./:@%+,-]*$/.test(text)) return text;
  return `'${wellFormed(text).replaceAll("'", `'\\''`)}'`;
}

/** In UTF-8 there is no half of a character beyond U+FFFF. */
function wellFormed(text: string): string {
  if (!/\p{Surrogate}/u.test(text)) return text;
  throw new Refusal((expression) => `the value of ${expression} holds half of a character (an unpaired surrogate)`);
}
