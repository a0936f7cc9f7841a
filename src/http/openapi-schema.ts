import { z } from 'zod';

export type JsonSchema = { readonly [key: string]: unknown };

/** Which side of a schema is meant: what is sent to the server, or what comes from it. */
export type Side = 'input' | 'output';

const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

/** Schemas as an OpenAPI document holds them (3.1: JSON Schema 2020-12): those with an id stand once, under their names. */
export class SchemaComponents {
  readonly #named = new Map<string, JsonSchema>();

  /** By name, in the order of the names. */
  get named(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** The schema, or where it is to be found. */
  of(schema: z.ZodType, side: Side): JsonSchema {
    // As an element of something, so that its own name counts as well.
    const made = z.toJSONSchema(z.array(schema), { io: side, unrepresentable: 'any', override: withoutKeysToCome });
    const { items, $defs = {} } = withComponents(made) as { readonly items: JsonSchema; readonly $defs?: JsonSchema };
    for (const [name, definition] of Object.entries($defs)) this.#name(name, definition as JsonSchema);
    return items;
  }

  #name(name: string, { id: _id, ...definition }: JsonSchema): void {
    const known = this.#named.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition)) {
      throw new TypeError(`there are two schemas of the name ${name}`);
    }
    this.#named.set(name, definition);
  }
}

/** A key that is refused in this version is none for the reader. */
function withoutKeysToCome({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  if (zodSchema._zod.def.type !== 'object') return;
  const properties = jsonSchema['properties'] as Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(zodSchema._zod.def.shape)) {
    const { def } = value._zod;
    const isToCome = def.type === 'optional' && (def as z.core.$ZodOptionalDef).innerType._zod.def.type === 'undefined';
    if (isToCome) delete properties?.[key];
  }
}

/** With references into the document instead of into itself. */
function withComponents(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withComponents);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      const isReference = key === '$ref' && typeof value === 'string' && value.startsWith(DEFINITIONS);
      return [key, isReference ? COMPONENTS + value.slice(DEFINITIONS.length) : withComponents(value)];
    }),
  );
}
