/**
 * JSON as Kea reads it (Kea's manual, "JSON Syntax"): with comments of three kinds, commas behind the last value, and files
 * that are included, which are left out. Each value knows its line.
 */

export type KeaValue = {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly value: string | number | boolean | null | readonly KeaValue[] | ReadonlyMap<string, KeaValue>;
};

export type KeaDocument = {
  /** undefined where the text is broken. */
  readonly root: KeaValue | undefined;
  /** `<?include "..."?>`. */
  readonly includes: readonly { readonly line: number; readonly file: string }[];
  readonly problem?: { readonly line: number; readonly message: string };
};

/** Real ones have ten. */
const DEEPEST = 64;

/** Pure. */
export function readKeaJson(text: string): KeaDocument {
  const reader = new Reader(text);
  try {
    const root = reader.document();
    return { root, includes: reader.includes };
  } catch (thrown) {
    if (!(thrown instanceof Broken)) throw thrown;
    const { line, message } = thrown;
    return { root: undefined, includes: reader.includes, problem: { line, message } };
  }
}

class Broken extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const NUMBER = /-?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,3})?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n\ufeff]+/y;
const INCLUDE = /<\?include\s+"([^"\n]*)"\s*\?>/y;
const WORDS = { true: true, false: false, null: null } as const;

class Reader {
  readonly includes: { readonly line: number; readonly file: string }[] = [];
  readonly #text: string;
  #at = 0;
  #line = 1;
  /** Where the line ends that was counted last. */
  #lineEnd: number;

  constructor(text: string) {
    this.#text = text;
    this.#lineEnd = this.#nextLineEnd(0);
  }

  document(): KeaValue | undefined {
    this.#skip();
    const root = this.#at < this.#text.length ? this.#value(0) : undefined;
    this.#skip();
    if (this.#at < this.#text.length) throw this.#broken('there is more behind the end of the document');
    return root;
  }

  #value(depth: number): KeaValue {
    if (depth > DEEPEST) throw this.#broken(`it is nested deeper than ${DEEPEST}`);
    const line = this.#lineNow();
    const next = this.#text[this.#at];
    if (next === '{') return { line, value: this.#object(depth) };
    if (next === '[') return { line, value: this.#list(depth) };
    if (next === '"') return { line, value: this.#string() };
    const word = this.#match(WORD)?.[0];
    if (word !== undefined) return { line, value: WORDS[word as keyof typeof WORDS] };
    const number = this.#match(NUMBER)?.[0];
    if (number !== undefined) return { line, value: Number(number) };
    throw this.#broken('a value is missing here');
  }

  #object(depth: number): ReadonlyMap<string, KeaValue> {
    const found = new Map<string, KeaValue>();
    this.#at += 1;
    for (this.#skip(); !this.#takes('}'); this.#skip()) {
      if (this.#text[this.#at] !== '"') throw this.#broken('a key in quotes, or a "}", is missing here');
      const key = this.#string();
      this.#skip();
      if (!this.#takes(':')) throw this.#broken('a ":" is missing here');
      this.#skip();
      found.set(key, this.#value(depth + 1));
      this.#skip();
      if (!this.#takes(',') && this.#text[this.#at] !== '}') throw this.#broken('a "," or a "}" is missing here');
    }
    return found;
  }

  #list(depth: number): readonly KeaValue[] {
    const found: KeaValue[] = [];
    this.#at += 1;
    for (this.#skip(); !this.#takes(']'); this.#skip()) {
      found.push(this.#value(depth + 1));
      this.#skip();
      if (!this.#takes(',') && this.#text[this.#at] !== ']') throw this.#broken('a "," or a "]" is missing here');
    }
    return found;
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    for (let next = this.#text[this.#at]; next !== '"'; next = this.#text[this.#at]) {
      if (next === undefined || next === '\n') throw this.#broken('a text in quotes has no end in its line');
      this.#at += next === '\\' ? 2 : 1;
    }
    this.#at += 1;
    const written = this.#text.slice(start, this.#at);
    try {
      return JSON.parse(written.replaceAll('\t', '\\t')) as string;
    } catch {
      throw this.#broken('a text in quotes cannot be read');
    }
  }

  /** Spaces, comments, and what is included. */
  #skip(): void {
    for (;;) {
      if (this.#match(SPACE) !== undefined) continue;
      if (this.#text[this.#at] === '#' || this.#text.startsWith('//', this.#at)) {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end === -1 ? this.#text.length : end;
        continue;
      }
      if (this.#text.startsWith('/*', this.#at)) {
        const end = this.#text.indexOf('*/', this.#at + 2);
        if (end === -1) throw this.#broken('a comment has no end');
        this.#at = end + 2;
        continue;
      }
      const line = this.#lineNow();
      const file = this.#match(INCLUDE)?.[1];
      if (file === undefined) return;
      this.includes.push({ line, file });
      // As if there were nothing: a comma may stand behind it, or be missing.
      this.#match(SPACE);
      this.#takes(',');
    }
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }

  /** Counted on from where it was asked last. */
  #lineNow(): number {
    for (; this.#lineEnd < this.#at; this.#lineEnd = this.#nextLineEnd(this.#lineEnd + 1)) this.#line += 1;
    return this.#line;
  }

  #nextLineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end === -1 ? this.#text.length : end;
  }

  #broken(message: string): Broken {
    return new Broken(this.#lineNow(), message);
  }
}
