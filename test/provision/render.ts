import fc from 'fast-check';
import type { Format } from '../../src/provision/format.js';
import { parseTemplate, type Rendered, type Template, type Values } from '../../src/provision/template.js';

/** A template that is one. */
export function templateOf(text: string, format: Format): Template {
  const parsed = parseTemplate(text, format);
  if (parsed.kind === 'refused') throw new Error(`${parsed.line}:${parsed.column}: ${parsed.reason}`);
  return parsed.template;
}

export function render(text: string, format: Format, values: Values = {}): Rendered {
  return templateOf(text, format).render(values);
}

/** The text of what must be one. */
export function textOf(rendered: Rendered): string {
  if (rendered.kind === 'refused') throw new Error(rendered.reason);
  return rendered.text;
}

/** Any text, halves of characters and all. */
export const anyUnits = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
