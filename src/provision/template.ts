import type { Format } from './kinds.js';

/** Nested mappings of texts. */
export type Values = { readonly [name: string]: string | Values };

export type Refused = {
  readonly kind: 'refused';
  readonly line: number;
  readonly column: number;
  readonly reason: string;
};

export type UsedName = { readonly path: readonly string[]; readonly line: number; readonly column: number };

export type Template = {
  readonly names: readonly UsedName[];
  render(values: Values): { readonly kind: 'text'; readonly text: string } | Refused;
};

export function parseTemplate(
  text: string,
  _format: Format,
): { readonly kind: 'template'; readonly template: Template } | Refused {
  return { kind: 'template', template: { names: [], render: () => ({ kind: 'text', text }) } };
}
