import { Drop, toValue } from 'liquidjs';

/** Text that stands in the document as it is: what a filter made fit for it, or a capture put together. */
export class StandingText extends Drop {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  /** What comparisons and other filters see. */
  override valueOf(): string {
    return this.#text;
  }

  override toString(): string {
    return this.#text;
  }
}

/** Why a value cannot stand where it is written, for the words of the template that wrote it. */
export class Refusal extends Error {
  readonly because: (expression: string) => string;

  constructor(because: (expression: string) => string) {
    super(because('NAME'));
    this.because = because;
  }
}

/** The text of a plain value; a missing one, or several at once, is refused. */
export function plainText(value: unknown): string {
  const plain: unknown = toValue(value);
  if (typeof plain === 'string') return plain;
  if (typeof plain === 'boolean' || (typeof plain === 'number' && Number.isFinite(plain))) return String(plain);
  if (plain === undefined || plain === null) throw new Refusal((expression) => `${expression} has no value`);
  if (typeof plain === 'number') throw new Refusal((expression) => `${expression} is not a finite number`);
  throw new Refusal(
    (expression) => `${expression} is several values: name one of them, or write {{ ${expression} | json }}`,
  );
}
