import { type Template, type Token, TypeGuards, toValueSync, Value } from 'liquidjs';

/** What a parsed template is made of, as far as its author has a say in it. */
export type Word =
  | { readonly kind: 'name'; readonly token: Token; readonly path: readonly string[] }
  /** Brackets that hold another name, or a name behind a literal: which value it is cannot be known without rendering. */
  | { readonly kind: 'computed'; readonly token: Token }
  | { readonly kind: 'filter'; readonly token: Token; readonly name: string }
  /** A name of the template's own. */
  | { readonly kind: 'own'; readonly token: Token; readonly name: string }
  /** Values with nothing between them, or operators without values, of which the library would drop some in silence. */
  | { readonly kind: 'unjoined'; readonly token: Token }
  | { readonly kind: 'too deep'; readonly token: Token };

/** How deep tags may stand in one another. */
const MAX_DEPTH = 50;

/** All words of a template, in the order in which they are written but for those of a tag, which come before its content. */
export function* wordsOf(templates: readonly Template[], depth = 0): Generator<Word, void, undefined> {
  for (const template of templates) {
    for (const argument of template.arguments?.() ?? []) {
      if (argument instanceof Value) yield* wordsOfValue(argument, template.token);
      else yield* wordsOfToken(argument);
    }
    for (const name of template.blockScope?.() ?? []) yield { kind: 'own', token: template.token, name };
    for (const token of template.localScope?.() ?? []) yield { kind: 'own', token, name: token.content };
    const inside = template.children === undefined ? [] : childrenOf(template);
    if (depth === MAX_DEPTH && inside.length > 0) yield { kind: 'too deep', token: template.token };
    else yield* wordsOf(inside, depth + 1);
  }
}

function childrenOf(template: Template): readonly Template[] {
  return toValueSync(template.children?.(false, true)) as Template[];
}

function* wordsOfValue(value: Value, token: Token): Generator<Word, void, undefined> {
  for (const operand of value.initial.postfix) yield* wordsOfToken(operand);
  if (!isOneValue(value.initial.postfix)) yield { kind: 'unjoined', token };
  for (const { name, args } of value.filters) {
    // The last one of an output is ours, "[object Function]": no name that can be written.
    if (!name.startsWith('[')) yield { kind: 'filter', token, name };
    for (const argument of args) {
      const written = Array.isArray(argument) ? argument[1] : argument;
      if (written !== undefined) yield* wordsOfToken(written);
    }
  }
}

/** Whether operands and operators, in reverse Polish order, make one value of all. */
function isOneValue(postfix: readonly Token[]): boolean {
  let values = 0;
  for (const token of postfix) {
    const takes = TypeGuards.isOperatorToken(token) ? (token.operator === 'not' ? 1 : 2) : 0;
    if (values < takes) return false;
    values += 1 - takes;
  }
  return values === 1;
}

function* wordsOfToken(token: Token): Generator<Word, void, undefined> {
  if (TypeGuards.isRangeToken(token)) {
    yield* wordsOfToken(token.lhs);
    yield* wordsOfToken(token.rhs);
  }
  if (!TypeGuards.isPropertyAccessToken(token)) return;
  const path = token.props.map((prop) =>
    TypeGuards.isWordToken(prop) || TypeGuards.isQuotedToken(prop) || TypeGuards.isNumberToken(prop)
      ? String(prop.content)
      : undefined,
  );
  const known = path.filter((word) => word !== undefined);
  const computed = token.variable !== undefined || known.length < path.length;
  yield computed ? { kind: 'computed', token } : { kind: 'name', token, path: known };
}
