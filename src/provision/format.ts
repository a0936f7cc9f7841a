/** What a document is to those who read it: it decides how a value may stand in it. `text` is a script, a kickstart, a preseed or any other file. */
export type Format = 'json' | 'yaml' | 'text';

export type Formatted =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * How a plain value may stand where the author of a document wrote its name, so that it never becomes anything but a
 * value: escaped for the inside of a JSON string, or as it is where it means nothing else. The reason of a refusal
 * names `expression`, never the value, which may be secret.
 */
export function asFormat(format: Format, value: string, expression = 'NAME'): Formatted {
  if (format === 'json') return { kind: 'text', text: jsonInside(value) };
  const fault = format === 'yaml' ? yamlFault(value) : textFault(value);
  if (fault === undefined) return { kind: 'text', text: value };
  const why = expression.startsWith('secrets.') ? FAULT_OF_SECRET : fault;
  return { kind: 'refused', reason: `the value of ${expression} ${why}: write ${REMEDIES[format](expression)}` };
}

/** Not one character of it is told. */
const FAULT_OF_SECRET = 'holds what may mean something where it is to stand';

const REMEDIES = {
  yaml: (expression: string) =>
    `{{ ${expression} | quote }}, or {{ ${expression} | indent: N }} in a block scalar that is indented by N spaces`,
  text: (expression: string) =>
    `{{ ${expression} | shell }} in a script, {{ ${expression} | base64 }} or, where it can do no harm, {{ ${expression} | raw }}`,
} satisfies Partial<Record<Format, (expression: string) => string>>;

/**
 * Any value as JSON in one line (RFC 8259), which is YAML too: a string with its quotes is a double-quoted scalar (YAML
 * 1.2.2, section 7.3.1). What YAML calls not printable (section 5.1), or YAML 1.1 a line break, is escaped.
 */
export function jsonString(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function jsonInside(value: string): string {
  return jsonString(value).slice(1, -1);
}

/** Plain, single-quoted and double-quoted scalars mean the same by these, in a flow collection too. */
const YAML_SAFE = /^[\p{L}\p{M}\p{N} _./:@+=~?&%()*!;$^#-]*$/u;
/** Anything else may be an indicator (YAML 1.2.2, section 7.3.3), the `=` of YAML 1.1, or `---` and `...` at the start of a line. */
const YAML_START = /^(?!\.\.\.)[\p{L}\p{N}_/.+$]/u;

function yamlFault(value: string): string | undefined {
  if (value === '') return 'is empty, which YAML reads as null';
  const unsafe = unlike(value, YAML_SAFE);
  if (unsafe !== undefined) return `holds ${unsafe}, which may mean something to YAML`;
  if (!YAML_START.test(value)) return 'starts with what may mean something to YAML';
  if (value.endsWith(' ')) return 'ends with a space, which YAML drops';
  if (/:(?= |$)/.test(value)) return 'holds a colon before a space or at its end, which makes a key of it in YAML';
  return value.includes(' #') ? 'holds " #", which begins a comment in YAML' : undefined;
}

/** Nothing that a shell, or a format of lines, takes for more than a letter of a word. */
const TEXT_SAFE = /^[\p{L}\p{M}\p{N} _./:@+=,%~^#-]*$/u;

function textFault(value: string): string | undefined {
  const unsafe = unlike(value, TEXT_SAFE);
  if (unsafe !== undefined) return `holds ${unsafe}, which may mean something to a shell or to this file`;
  if (value.startsWith('%')) return 'begins with "%", as the sections of a kickstart do';
  return /^#| #/.test(value) ? 'holds a "#" that may begin a comment' : undefined;
}

/** The first character that is none of the safe ones, as people read it. */
function unlike(value: string, safe: RegExp): string | undefined {
  if (safe.test(value)) return undefined;
  const character = [...value].find((one) => !safe.test(one)) ?? '';
  if (/[\n\r\u0085\u2028\u2029]/.test(character)) return 'a line break';
  if (/\P{C}/u.test(character)) return `"${character}"`;
  return `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
