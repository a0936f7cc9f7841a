/**
 * The language of ISC's dhcpd.conf and dhcpd.leases (dhcpd.conf(5), dhcpd.leases(5)): words, texts in quotes, and blocks of
 * statements in braces. Read tolerantly: a statement that is broken is told, and reading goes on behind it.
 */

/** `text`: what was in quotes, one character a byte. */
export type Word = { readonly text: string; readonly isQuoted: boolean };

export type Statement = {
  /** Counted from 1. */
  readonly line: number;
  readonly words: readonly Word[];
  readonly block?: readonly Statement[];
};

/** Is told what is wrong, and where. */
export type Problem = (line: number, message: string) => void;

/** Real files have five. */
const DEEPEST = 32;

type Open = { readonly line: number; readonly words: readonly Word[]; readonly statements: Statement[] };

/** Pure but for what is told. */
export function readStatements(text: string, problem: Problem): readonly Statement[] {
  const builder = new Builder(problem);
  for (const token of tokensOf(text)) builder.take(token);
  return builder.whole();
}

class Builder {
  readonly #root: Statement[] = [];
  readonly #problem: Problem;
  readonly #open: Open[] = [];
  /** Of blocks that are too deep, which are left out. */
  #tooDeep = 0;
  #words: Word[] = [];
  #began = 1;

  constructor(problem: Problem) {
    this.#problem = problem;
  }

  take(token: Token): void {
    switch (token.kind) {
      case 'word':
        if (token.isBroken === true) this.#problem(token.line, 'a text in quotes has no end in its line');
        if (this.#words.length === 0) this.#began = token.line;
        if (this.#tooDeep === 0) this.#words.push({ text: token.text, isQuoted: token.isQuoted });
        break;
      case ';':
        this.#end();
        break;
      case '{':
        this.#begin(token.line);
        break;
      case '}':
        this.#close(token.line);
    }
  }

  whole(): readonly Statement[] {
    this.#end();
    for (const { line } of this.#open)
      this.#problem(line, 'this block has no end: the file is cut off, and the block is left out');
    return this.#root;
  }

  #begin(line: number): void {
    if (this.#tooDeep === 0 && this.#open.length < DEEPEST) {
      this.#open.push({ line: this.#words.length > 0 ? this.#began : line, words: this.#words, statements: [] });
    } else {
      if (this.#tooDeep === 0) this.#problem(line, `blocks are nested deeper than ${DEEPEST}: this one is left out`);
      this.#tooDeep += 1;
    }
    this.#words = [];
  }

  #close(line: number): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep -= 1;
      return;
    }
    this.#end();
    const done = this.#open.pop();
    if (done === undefined) this.#problem(line, 'a "}" ends nothing');
    else this.#statements().push({ line: done.line, words: done.words, block: done.statements });
  }

  #end(): void {
    if (this.#words.length > 0) this.#statements().push({ line: this.#began, words: this.#words });
    this.#words = [];
  }

  #statements(): Statement[] {
    return this.#open.at(-1)?.statements ?? this.#root;
  }
}

type Token =
  | { readonly kind: '{' | '}' | ';'; readonly line: number }
  | ({ readonly kind: 'word'; readonly line: number; readonly isBroken?: true } & Word);

/** One character after another, so that no text takes longer than it is long. */
const WORD = /[^\s{};"#,=]+/y;

function* tokensOf(text: string): Generator<Token, void> {
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const character = text[at] ?? '';
    if (character === '\n') line += 1;
    if (character === '#') {
      const next = text.indexOf('\n', at);
      at = next === -1 ? text.length : next;
      continue;
    }
    const token = tokenAt(text, at, line);
    if (token !== undefined) yield token.token;
    at = token?.end ?? at + 1;
  }
}

/** undefined where there is nothing but what parts words. */
function tokenAt(text: string, at: number, line: number): { readonly token: Token; readonly end: number } | undefined {
  const character = text[at];
  if (character === '{' || character === '}' || character === ';')
    return { token: { kind: character, line }, end: at + 1 };
  if (character === '"') {
    const found = textAt(text, at + 1);
    const broken = found.text === undefined ? { isBroken: true as const } : {};
    return { token: { kind: 'word', line, text: found.text ?? '', isQuoted: true, ...broken }, end: found.end };
  }
  WORD.lastIndex = at;
  const [word] = WORD.exec(text) ?? [];
  return word === undefined
    ? undefined
    : { token: { kind: 'word', line, text: word, isQuoted: false }, end: at + word.length };
}

/** Up to the quote that ends it; undefined where the line ends before. */
function textAt(source: string, start: number): { readonly text: string | undefined; readonly end: number } {
  let text = '';
  for (let at = start; at < source.length; ) {
    const character = source[at];
    if (character === '"') return { text, end: at + 1 };
    if (character === '\n') return { text: undefined, end: at };
    if (character === '\\') {
      const [escaped, length] = escapeAt(source, at + 1);
      text += escaped;
      at += 1 + length;
    } else {
      text += character;
      at += 1;
    }
  }
  return { text: undefined, end: source.length };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b' };

/** Behind a backslash: three octal digits, `x` with two of hex, or one character. */
function escapeAt(source: string, at: number): readonly [text: string, length: number] {
  const octal = /^[0-3][0-7]{2}/.exec(source.slice(at, at + 3))?.[0];
  if (octal !== undefined) return [String.fromCharCode(Number.parseInt(octal, 8)), 3];
  const hex = /^x([0-9a-fA-F]{2})/.exec(source.slice(at, at + 3))?.[1];
  if (hex !== undefined) return [String.fromCharCode(Number.parseInt(hex, 16)), 3];
  const character = source[at] ?? '';
  // A line's end is none of the text's.
  if (character === '\n' || character === '') return ['', 0];
  return [ESCAPES[character] ?? character, 1];
}
