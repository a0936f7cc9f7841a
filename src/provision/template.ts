import { LiquidError, type Template as Node, type Token, TypeGuards, UndefinedVariableError } from 'liquidjs';
import { nearest } from '../nearest.js';
import { Budget } from './budget.js';
import { Engine, FILTERS, TAGS } from './engine.js';
import type { Format } from './format.js';
import { ROOTS } from './names.js';
import { linesOf, type Position } from './position.js';
import { Refusal } from './standing-text.js';
import { type Word, wordsOf } from './words.js';

/** What stands behind the names of a template: texts, below words. */
export type Values = { readonly [name: string]: string | Values };

/** A name of the outside that a template uses, such as machine, labels, rack, where it does so first. */
export type UsedName = Position & { readonly path: readonly string[] };

export type TemplateRefused = Position & { readonly kind: 'refused'; readonly reason: string };
export type Parsed = { readonly kind: 'template'; readonly template: Template } | TemplateRefused;
export type Rendered = { readonly kind: 'text'; readonly text: string } | TemplateRefused;

/** A document of the operator's with names in it, parsed (Liquid, https://shopify.github.io/liquid/). */
export type Template = {
  readonly names: readonly UsedName[];
  /** The same values make the same text, whatever they hold, as far as the budget does. */
  readonly render: (values: Values, budget?: Budget) => Rendered;
};

/** What a template may be at most, in bytes. */
const MAX_TEMPLATE_BYTES = 256 * 1024;
/** How many tags and outputs it may hold: the library takes them from the front of a list, each time moving the rest. */
const MAX_PARTS = 4096;

const ENGINES: Readonly<Record<Format, Engine>> = {
  json: new Engine('json'),
  yaml: new Engine('yaml'),
  text: new Engine('text'),
};

/** Never throws. */
export function parseTemplate(text: string, format: Format): Parsed {
  const tooLarge = tooLargeBecause(text);
  if (tooLarge !== undefined) return { kind: 'refused', line: 1, column: 1, reason: tooLarge };
  try {
    return judge(ENGINES[format].parse(text), text, format);
  } catch (error) {
    return refusedAt(error, parseReason);
  }
}

function tooLargeBecause(text: string): string | undefined {
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) {
    return `the template is larger than ${MAX_TEMPLATE_BYTES / 1024} KiB: keep what is large elsewhere`;
  }
  const parts = text.match(/\{[{%]/g)?.length ?? 0;
  return parts > MAX_PARTS ? `the template holds ${parts} tags and names: ${MAX_PARTS} is the most` : undefined;
}

function judge(nodes: Node[], text: string, format: Format): Parsed {
  const positionOf = linesOf(text);
  const words = [...wordsOf(nodes)];
  for (const word of words) {
    const reason = faultOf(word);
    if (reason !== undefined) return { kind: 'refused', ...positionOf(word.token.begin), reason };
  }
  const own = new Set(words.flatMap((word) => (word.kind === 'own' ? [word.name] : [])));
  const names = new Map<string, UsedName>();
  for (const word of words) {
    if (word.kind !== 'name' || own.has(word.path[0] ?? '')) continue;
    const key = JSON.stringify(word.path);
    if (!names.has(key)) names.set(key, { path: word.path, ...positionOf(word.token.begin) });
  }
  const render: Template['render'] = (values, budget = new Budget()) => {
    return renderNodes(nodes, values, { format, budget });
  };
  return { kind: 'template', template: { names: [...names.values()], render } };
}

const TOO_DEEP = 'tags or brackets stand too deep in one another: write a simpler template';

/** Why a template may not say so. */
function faultOf(word: Word): string | undefined {
  switch (word.kind) {
    case 'name':
      return word.path.some((name) => name === '__proto__' || name === 'constructor')
        ? `${word.token.getText()} stands for nothing`
        : undefined;
    case 'computed':
      return `${word.token.getText()} does not say which value it is: write a name, such as machine.labels["rack"]`;
    case 'filter':
      return FILTERS.includes(word.name) ? undefined : `there is no filter ${unknownWord(word.name, FILTERS)}`;
    case 'own':
      return ROOTS.includes(word.name) ? `${word.name} has its meaning already: choose another name` : undefined;
    case 'unjoined':
      return `{{ ${expressionOf(word.token)} }} is not one value: join values with | append, conditions with and, or`;
    case 'too deep':
      return TOO_DEEP;
  }
}

function unknownWord(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return `"${word}"${meant === undefined ? `; known are ${known.join(', ')}` : `, did you mean "${meant}"?`}`;
}

function renderNodes(
  nodes: Node[],
  values: Values,
  { format, budget }: { readonly format: Format; readonly budget: Budget },
): Rendered {
  try {
    return { kind: 'text', text: ENGINES[format].render(nodes, ownValues(values), budget) };
  } catch (error) {
    return refusedAt(error, renderReason);
  }
}

/** Only what was given, and of that no more than was given: the library counts what is asked for its `size`. */
function ownValues(values: Values): object {
  const own = Object.create(null) as object;
  Object.defineProperty(own, 'size', { value: undefined, enumerable: false, configurable: true });
  for (const [name, value] of Object.entries(values)) {
    const copied = typeof value === 'string' ? value : ownValues(value);
    Object.defineProperty(own, name, { value: copied, enumerable: true, configurable: true });
  }
  return own;
}

function refusedAt(error: unknown, reasonOf: (error: LiquidError) => string): TemplateRefused {
  // What was left was used up by others before.
  if (error instanceof Refusal) return { kind: 'refused', line: 1, column: 1, reason: error.message };
  if (!(error instanceof LiquidError)) {
    // The stack ended where no error of the library could be made any more.
    return { kind: 'refused', line: 1, column: 1, reason: `the template cannot be used: ${String(error)}` };
  }
  const [line = 1, column = 1] = error.token.getPosition();
  return { kind: 'refused', line, column, reason: reasonOf(error) };
}

function parseReason({ token, originalError, message }: LiquidError): string {
  if (TypeGuards.isTagToken(token) && !TAGS.includes(token.name)) return unknownTag(token.name);
  if (originalError instanceof RangeError) return TOO_DEEP;
  // The library says the place in the message of some of its errors.
  return `the template cannot be read: ${originalError?.message ?? message.replace(/, line:\d+, col:\d+$/, '')}`;
}

function unknownTag(name: string): string {
  if (name.startsWith('end'))
    return `{% ${name} %} ends nothing: there is no {% ${name.slice('end'.length)} %} before it`;
  if (['else', 'elsif', 'when'].includes(name)) return `{% ${name} %} stands outside of what it belongs to`;
  return `there is no tag ${unknownWord(name, TAGS)}`;
}

function renderReason(error: LiquidError): string {
  const { token, originalError } = error;
  // The library takes whatever stands in the way of reading a value for a missing one.
  if (originalError instanceof Refusal) return originalError.because(expressionOf(token));
  if (error instanceof UndefinedVariableError) {
    const name = expressionOf(token);
    return `${name} has no value: give it one, or write {{ ${name} | default: "..." }}`;
  }
  return `the template cannot be rendered: ${originalError?.message ?? error.message}`;
}

/** What its author wrote, without the braces. */
function expressionOf(token: Token): string {
  const text = TypeGuards.isOutputToken(token) || TypeGuards.isTagToken(token) ? token.content : token.getText();
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
