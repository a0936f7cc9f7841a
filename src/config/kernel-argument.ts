import { normalizeCommandLine, placeholdersIn } from '../image/command-line.js';
import { knownPlaceholders, parsePlaceholder } from '../image/placeholders.js';
import { argumentWords } from '../ipxe/word.js';
import { nearest } from '../nearest.js';
import { LATER, parsed, record, text } from './values.js';

/** Kernel arguments as they are written: what no machine could be given is refused before one asks. */

/** One argument or several, and the placeholders in it. */
export const appendedArgument = parsed((written) => {
  checkPlaceholders(written);
  checkWords(written);
  return written;
}, 'is no kernel argument');

const replacedValue = parsed((written) => {
  checkPlaceholders(written);
  return written;
}, 'is no value of a kernel argument');

/** Key to its new value. */
export const replacedArguments = record(text(), replacedValue, 'must be a mapping of keys to values').superRefine(
  (pairs, context) => {
    for (const [key, value] of Object.entries(pairs)) {
      const message = unfitBecause(`${key}=${value}`);
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: [key] });
    }
  },
);

function checkPlaceholders(written: string): void {
  for (const name of placeholdersIn(written)) {
    const { kind } = parsePlaceholder(name);
    if (kind === 'later') throw new RangeError(`"{${name}}" ${LATER}`);
    if (kind === 'unknown') throw new RangeError(`"{${name}}" is no placeholder${hintFor(name)}`);
  }
}

function hintFor(name: string): string {
  const known = knownPlaceholders();
  const meant = nearest(name, known);
  return meant === undefined ? `; known: ${known.map((one) => `{${one}}`).join(', ')}` : `, did you mean {${meant}}?`;
}

function checkWords(written: string): void {
  const message = unfitBecause(written);
  if (message !== undefined) throw new RangeError(message);
}

/** The script is refused for the same, with its URLs. */
function unfitBecause(written: string): string | undefined {
  const args = argumentWords(normalizeCommandLine(written));
  if (args.kind === 'words') return undefined;
  return `"${args.argument}" cannot be given by iPXE: ${args.why}: leave it out, or write it without that`;
}
