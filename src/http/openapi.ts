import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../errors.js';
import type { ApiAnswer, DeclaredRoute } from './api-route.js';
import { statusOf } from './error-reply.js';
import { type JsonSchema, SchemaComponents } from './openapi-schema.js';

/** What may go wrong with every route. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  ...(['REQUEST_INVALID', 'UNAUTHORIZED', 'FORBIDDEN', 'RATE_LIMITED'] as const),
  ...(['DATA_UNUSABLE', 'DISK_FULL', 'INTERNAL'] as const),
];

/** Of a body that is too long, and of one in another language: the framework's. */
const BODY_ERRORS: Readonly<Record<number, string>> = {
  413: 'REQUEST_INVALID: the body is too long',
  415: 'REQUEST_INVALID: the body is in no language that is spoken here',
};

const errorAnswer = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
      message: z.string(),
      details: z
        .looseObject({
          remedy: z.string().optional().describe('what to do about it'),
          problems: z
            .array(z.object({ in: z.enum(['path', 'query', 'header', 'body']), path: z.string(), message: z.string() }))
            .optional()
            .describe('everything that is wrong with the request'),
        })
        .optional(),
    }),
  })
  .meta({ id: 'Error' });

/** The API as OpenAPI 3.1 describes it. `version`: of the program. Pure. */
export function openApiDocument(routes: readonly DeclaredRoute[], version: string): JsonSchema {
  const components = new SchemaComponents();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, components) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Bootlayer',
      version,
      description: 'Which machines boot which OCI images, how they did, and what is kept for them.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'this server' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    security: [{ token: [] }, {}],
    components: {
      schemas: components.named,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'one of api.tokenFile, where there is such a file' },
      },
    },
  };
}

function operationOf(route: DeclaredRoute, components: SchemaComponents): JsonSchema {
  const { method, path, tag, summary, takes = {}, bodyTypes = [], answers } = route;
  const parameters = [
    ...parametersOf('path', takes.params, components),
    ...parametersOf('query', takes.query, components),
    ...parametersOf('header', takes.headers, components),
  ];
  const schema = takes.body && components.of(takes.body, 'input');
  const types = ['application/json', ...bodyTypes];
  const content = Object.fromEntries(types.map((type) => [type, { schema }]));
  const told = Object.entries(answers).map(([status, answer]) => [status, responseOf(answer, components)]);
  return {
    operationId: `${method.toLowerCase()}${path
      .replace('/api/v1', '')
      .replaceAll(/\W+(\w)/g, (_all, first: string) => first.toUpperCase())
      .replaceAll(/\W/g, '')}`,
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(schema !== undefined && { requestBody: { required: true, content } }),
    responses: { ...Object.fromEntries(told), ...errorsOf(route, components) },
  };
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  schema: z.ZodObject | undefined,
  components: SchemaComponents,
): readonly JsonSchema[] {
  return Object.entries((schema?.shape ?? {}) as Record<string, z.ZodType>).map(([name, value]) => {
    const { description, ...made } = components.of(value, 'input');
    const required = place === 'path' || !value.safeParse(undefined).success;
    return { name, in: place, required, ...(description !== undefined && { description }), schema: made };
  });
}

function responseOf(
  { about, body, contentType = 'application/json', headers = {} }: ApiAnswer,
  components: SchemaComponents,
): JsonSchema {
  const described = Object.entries(headers).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  return {
    description: about,
    ...(described.length > 0 && { headers: Object.fromEntries(described) as JsonSchema }),
    ...(body !== undefined && { content: { [contentType]: { schema: components.of(body, 'output') } } }),
  };
}

/** By status, with the codes that have it. */
function errorsOf({ method, errors = [] }: DeclaredRoute, components: SchemaComponents): JsonSchema {
  const content = { 'application/json': { schema: components.of(errorAnswer, 'output') } };
  const lines = new Map<number, string[]>();
  for (const code of new Set([...COMMON_ERRORS, ...errors])) {
    const status = statusOf(code);
    lines.set(status, [...(lines.get(status) ?? []), `${code}: ${ERROR_CODES[code]}`]);
  }
  if (method !== 'GET') for (const [status, line] of Object.entries(BODY_ERRORS)) lines.set(Number(status), [line]);
  return Object.fromEntries([...lines].map(([status, told]) => [status, { description: told.join('; '), content }]));
}
