import { z } from 'zod';
import { describeError } from '../errors.js';
import { nearest } from '../nearest.js';

/** The building blocks of the schema: each refuses in words that say what to write instead. */

export const LATER = 'is not in this version';

/** A key that is to come: refused by name when it is there. */
export const later = z.undefined({ error: LATER }).optional();

/** A mapping with these keys and no others; an unknown key is refused with the nearest known one, and with the hint. */
export function mapping<T extends z.core.$ZodLooseShape>(shape: T, hint?: string, example?: string) {
  const known = Object.keys(shape).filter((key) => shape[key] !== later);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, known, hint)).join('\n');
      return example === undefined
        ? `must be a mapping of ${known.join(', ')}`
        : `must be a mapping, such as ${example}`;
    },
  });
}

function unknownKey(key: string, known: readonly string[], hint?: string): string {
  const [first = ''] = key.split(':', 1);
  if (first !== key && known.includes(first)) return `unknown key "${key}": put a space behind the colon`;
  const meant = nearest(key, known) ?? known.find((one) => key.length > 3 && one.startsWith(key));
  const more = hint === undefined ? '' : `; ${hint}`;
  return `unknown key "${key}"${meant === undefined ? `; known here: ${known.join(', ')}` : `, did you mean "${meant}"?`}${more}`;
}

/** A mapping of names of the operator's own choice. */
export function record<K extends z.core.$ZodRecordKey, V extends z.ZodType>(key: K, value: V, message: string) {
  const values = z.record(key, value, { error: ({ code }) => (code === 'invalid_type' ? message : undefined) });
  return z.preprocess((input, context) => {
    // JavaScript's records cannot hold it, so it would be lost.
    if (typeof input === 'object' && input !== null && Object.hasOwn(input, '__proto__')) {
      context.addIssue({ code: 'custom', message: '"__proto__" cannot be a name here' });
    }
    return input;
  }, values);
}

/** What the operator calls machines, assignments, and sets that these take. */
export const name = text(128).regex(/^[^\s/\p{Cc}\p{Cf}]+$/u, 'must not hold spaces, slashes or invisible characters');

const MAX_VALUES = 10_000;

/** One value, or a list of them. */
export function oneOrMore<T extends z.ZodType>(one: T) {
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z
      .array(one)
      .min(1, 'the list is empty: name at least one, or leave the key out')
      .max(MAX_VALUES, `the list is longer than ${MAX_VALUES}: match by labels of the machines instead`),
  );
}

/** Text that YAML must not have turned into something else. */
export function text(longest = 1024, whereNumber = 'must be text: quote it', whereMissing = 'is missing') {
  return z
    .string({
      error: ({ input }) => {
        if (input === undefined) return whereMissing;
        if (typeof input === 'number') return whereNumber;
        if (typeof input === 'boolean') return 'must be text: quote it';
        if (input === null)
          return 'must be text, and there is none: put a space behind the colon, or leave the key out';
        return `must be text, and is a ${Array.isArray(input) ? 'list' : 'mapping'}: quote it`;
      },
    })
    .min(1, 'must not be empty')
    .max(longest, `must not be longer than ${longest} characters`);
}

/** What the text may be before it is parsed, and what is said of what is no text. */
type TextRules = {
  readonly whereNumber?: string;
  readonly whereMissing?: string;
  /** In characters. */
  readonly longest?: number;
};

/** Text that is read by a parser of ours; undefined, or an error it throws, is a problem. */
export function parsed<T>(
  parse: (text: string) => T | undefined,
  otherwise: string,
  { whereNumber, whereMissing, longest = 2048 }: TextRules = {},
) {
  return text(longest, whereNumber, whereMissing).transform((written, context): T => {
    try {
      const value = parse(written);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `"${written}" ${otherwise}` });
    } catch (thrown) {
      context.addIssue({ code: 'custom', message: describeError(thrown) });
    }
    return z.NEVER;
  });
}

/** One of a few words. */
export function oneOf<const T extends readonly string[]>(words: T, notYet: readonly string[] = []) {
  return z.enum(words, {
    error: ({ input }) =>
      typeof input === 'string' && notYet.includes(input) ? `"${input}" ${LATER}` : mustBe(words, input),
  });
}

function mustBe(words: readonly string[], input: unknown): string {
  const meant = typeof input === 'string' ? nearest(input, words) : undefined;
  return `must be ${words.join(' or ')}${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}
