import { Drop, type Template, type Token, TypeGuards, toValue, Value } from 'liquidjs';
import type { Allowance } from './budget.js';

/** An item of a list takes as long to make, to compare and to look for as so many characters do. */
export const ITEM = 32;

/** How many characters a value holds, an item of several counting as more of them. */
export function sizeOf(value: unknown): number {
  const plain: unknown = toValue(value);
  if (typeof plain === 'string') return plain.length;
  if (typeof plain !== 'object' || plain === null || plain instanceof Drop) return 0;
  return Object.values(plain).reduce<number>((size, one) => size + ITEM + sizeOf(one), 0);
}

/** How long a text is that is looked for as fast as any: for a longer one each character may be looked at again and again. */
const SHORT = 64;

/** Looking for a text in another. */
export function countSearch(made: Allowance, text: string, wanted: string): void {
  made.use(text.length * (1 + wanted.length / SHORT));
}

/** Cutting a text wherever another stands in it, piece by piece, so that nothing is made of what is too much. */
export function countPieces(made: Allowance, text: string, between: string): void {
  countSearch(made, text, between);
  if (between === '') made.use(text.length * ITEM);
  else for (let at = text.indexOf(between); at >= 0; at = text.indexOf(between, at + between.length)) made.use(ITEM);
}

/** How many values, filters, and pieces of 16 characters of what is long, take as long as a tag that holds none. */
const PARTS_OF_STEP = 8;
const CHARACTERS_OF_PART = 16;

/** How many steps a text, output or tag takes, without its content, each time that it is rendered. */
export function stepsOf(template: Template): number {
  let parts = 0;
  for (const argument of template.arguments?.() ?? []) {
    parts += argument instanceof Value ? partsOfValue(argument) : partsOfToken(argument);
  }
  return 1 + Math.floor(parts / PARTS_OF_STEP);
}

function partsOfValue({ initial, filters }: Value): number {
  let parts = filters.length;
  for (const token of initial.postfix) parts += partsOfToken(token);
  for (const argument of filters.flatMap(({ args }) => args)) {
    const written = Array.isArray(argument) ? argument[1] : argument;
    if (written !== undefined) parts += partsOfToken(written);
  }
  return parts;
}

function partsOfToken(token: Token): number {
  if (TypeGuards.isRangeToken(token)) return 1 + partsOfToken(token.lhs) + partsOfToken(token.rhs);
  return 1 + Math.floor((token.end - token.begin) / CHARACTERS_OF_PART);
}
