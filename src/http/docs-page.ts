import type { JsonSchema } from './openapi-schema.js';

/**
 * The OpenAPI document as a page for people: made whole on the server, without a script and without anything from elsewhere, so that
 * it is there in a lab without a way out, and nothing in it can run. (Swagger UI and its kin are megabytes of scripts for the same.)
 */

type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;
type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
};
type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
};
type Described = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
};

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.9em ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.6rem; border: 1px solid; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
summary { cursor: pointer; padding: 0.3rem 0; }
`;

/** Pure. `document`: as `openApiDocument` makes it. */
export function docsPage(document: JsonSchema): string {
  const { info, paths, components } = document as unknown as Described;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = [...new Set(all.flatMap(({ operation }) => operation.tags))];
  const groups = tags.map((tag) => {
    const own = all.filter(({ operation }) => operation.tags.includes(tag));
    return `<h2>${htmlOf(tag)}</h2>\n${own.map(operationText).join('\n')}`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<h3 id="schema-${htmlOf(name)}">${htmlOf(name)}</h3>\n${schemaText(schema)}`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlOf(info.title)} API</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${htmlOf(info.title)} API</h1>
<p>Version ${htmlOf(info.version)}. ${htmlOf(info.description)} For programs: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
<p>Where the server has a token file, every request shows a token of it: <code>Authorization: Bearer TOKEN</code>. One of the role
read may ask and try (<code>dryRun=true</code>), one of the role admin may do everything.</p>
${groups.join('\n')}
<h2>Schemas</h2>
${schemas.join('\n')}
</body>
</html>
`;
}

type Placed = { readonly path: string; readonly method: string; readonly operation: Operation };

function operationText({ path, method, operation }: Placed): string {
  const { operationId, summary, parameters = [], requestBody, responses } = operation;
  const [body] = Object.values(requestBody?.content ?? {});
  const answers = Object.entries(responses).map(([status, { description, content = {} }]) => [
    `<code>${htmlOf(status)}</code>`,
    htmlOf(description),
    Object.entries(content)
      .map(([type, { schema = {} }]) =>
        type === 'application/json' ? typeText(schema) : `<code>${htmlOf(type)}</code>`,
      )
      .join(', '),
  ]);
  const told = parameters.map(({ name, in: place, required, description = '', schema }) => [
    `<code>${htmlOf(name)}</code>`,
    `${htmlOf(place)}${required ? ', required' : ''}`,
    typeText(schema),
    htmlOf(description),
  ]);
  return `<details id="${htmlOf(operationId)}">
<summary><code>${htmlOf(method)} ${htmlOf(path)}</code> ${htmlOf(summary)}</summary>
<pre>${htmlOf(curlText(path, method, body !== undefined))}</pre>
${told.length === 0 ? '' : table(['parameter', 'where', 'type', ''], told)}
${body?.schema === undefined ? '' : `<p>Body: ${typeText(body.schema)}</p>`}
${table(['answer', '', 'body'], answers)}
</details>`;
}

/** To be put into a shell, with the token in a variable. */
function curlText(path: string, method: string, hasBody: boolean): string {
  const words = [
    'curl -sS',
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    '-H "Authorization: Bearer $TOKEN"',
    ...(hasBody ? ["-H 'Content-Type: application/json' -d @body.json"] : []),
    `"$API${path}"`,
  ];
  return words.join(' ');
}

function schemaText(schema: JsonSchema): string {
  const { properties, required = [], description } = schema;
  const about = typeof description === 'string' ? `<p>${htmlOf(description)}</p>` : '';
  if (typeof properties !== 'object' || properties === null) return `${about}<p>${typeText(schema)}</p>`;
  const rows = Object.entries(properties as Record<string, JsonSchema>).map(([key, value]) => [
    `<code>${htmlOf(key)}</code>`,
    (required as readonly string[]).includes(key) ? 'required' : '',
    typeText(value),
    htmlOf(typeof value['description'] === 'string' ? value['description'] : ''),
  ]);
  return about + table(['key', '', 'type', ''], rows);
}

/** In a few words; what has a name of its own, by that. */
function typeText(schema: JsonSchema): string {
  const { $ref, enum: words, type, items, properties, anyOf, format, additionalProperties } = schema;
  if (typeof $ref === 'string') {
    const name = htmlOf($ref.split('/').at(-1) ?? '');
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (Array.isArray(words)) return words.map((word) => `<code>${htmlOf(String(word))}</code>`).join(' ');
  if (Array.isArray(anyOf)) return anyOf.map((one) => typeText(one as JsonSchema)).join(' or ');
  if (type === 'array') return `list of ${typeText((items ?? {}) as JsonSchema)}`;
  if (typeof properties === 'object' && properties !== null) {
    const keys = Object.entries(properties as Record<string, JsonSchema>);
    return `{ ${keys.map(([key, value]) => `${htmlOf(key)}: ${typeText(value)}`).join(', ')} }`;
  }
  if (type === 'object' && typeof additionalProperties === 'object') {
    return `object of ${typeText(additionalProperties as JsonSchema)}`;
  }
  return `${htmlOf(typeof type === 'string' ? type : 'anything')}${htmlOf(boundsText(schema))}${typeof format === 'string' ? ` (${htmlOf(format)})` : ''}`;
}

function boundsText({ minimum, maximum, maxLength, default: usual }: JsonSchema): string {
  const isBound = (value: unknown) => typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [
    ...(isBound(minimum) ? [`, at least ${String(minimum)}`] : []),
    ...(isBound(maximum) ? [`, at most ${String(maximum)}`] : []),
    ...(isBound(maxLength) ? [`, up to ${String(maxLength)} characters`] : []),
    ...(usual === undefined ? [] : [`, else ${JSON.stringify(usual)}`]),
  ].join('');
}

/** The cells are HTML already. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((text) => `<th>${text}</th>`).join('');
  return `<table><tr>${head}</tr>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</table>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** As text between tags and in attributes. */
function htmlOf(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
