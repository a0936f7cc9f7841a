/**
 * What may stand in an iPXE script. The language has no quoting (ipxe: src/core/exec.c): tokens are split at white
 * space, the lone tokens `&&`, `||` and `;` chain commands, a token that begins with `#` starts a comment, `${...}` is
 * expanded again and again until none is left, and a backslash at the end joins lines. So nothing can be escaped:
 * a value is either harmless as it is, or it is changed (texts for the screen) or refused (arguments).
 */
declare const wordBrand: unique symbol;

/** One token (or several, joined by single spaces) that means just itself. Only this file makes them. */
export type Word = string & { readonly [wordBrand]: true };

const CHAINING = new Set(['&&', '||', ';']);
const UNFIT_FOR_SCREEN = /[^A-Za-z0-9 ._~:;/?=%,@+()[\]{}'"!*<>|-]|(?<![^ ])(?:;|\|\|)(?![^ ])/g;

/**
 * Text for the machine's screen: what could mean something to iPXE becomes `_`, runs of white space one space.
 * Hostile SMBIOS strings come through here.
 */
export function screenText(text: string): Word {
  // Cut first: a cut may leave a token alone.
  const line = text.replace(/\s+/g, ' ').trim().slice(0, 500);
  return line.replace(UNFIT_FOR_SCREEN, (unfit) => '_'.repeat(unfit.length)) as Word;
}

export type Arguments =
  | { readonly kind: 'words'; readonly words: Word }
  | { readonly kind: 'refused'; readonly argument: string; readonly why: string };

/** Kernel arguments exactly as given, or which of them iPXE cannot carry and why. */
export function argumentWords(text: string): Arguments {
  for (const token of text.split(' ')) {
    const why = unfitBecause(token);
    if (why !== undefined) return { kind: 'refused', argument: token, why };
  }
  return { kind: 'words', words: text as Word };
}

function unfitBecause(token: string): string | undefined {
  if (/[^\x21-\x7e]/.test(token)) return 'it holds a character that is not printable ASCII';
  if (CHAINING.has(token)) return `iPXE takes a lone "${token}" for the end of the command`;
  if (token.startsWith('#')) return 'iPXE takes it for the start of a comment';
  if (token.includes('${')) return 'iPXE would expand it';
  if (token.endsWith('\\')) return 'iPXE takes a backslash at the end for a joined line';
  return undefined;
}

/** `${netX/mac:hexhyp}`: iPXE fills it when the command runs. Names and types are ours, never a client's. */
export function setting(name: string, type?: 'hexhyp' | 'hexraw' | 'int8' | 'uristring'): Word {
  return (type === undefined ? `\${${name}}` : `\${${name}:${type}}`) as Word;
}

/** An absolute URL whose variable parts are percent-encoded already or settings. Throws on anything else: ours to prevent. */
export function urlWord(text: string): Word {
  const withoutSettings = text.replace(/\$\{[A-Za-z0-9/:.-]+\}/g, '');
  if (!/^https?:\/\/[A-Za-z0-9._~:/?=%,@+&[\]-]+$/.test(withoutSettings)) {
    throw new RangeError(`"${text}" cannot stand in an iPXE script`);
  }
  return text as Word;
}
