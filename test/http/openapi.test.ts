import { expect, it } from 'vitest';
import { z } from 'zod';
import { later, mapping, oneOrMore, text } from '../../src/config/values.js';
import { openApiDocument } from '../../src/http/openapi.js';

const thing = mapping({ name: text(8), more: later, tags: oneOrMore(text()).optional() }).meta({ id: 'Thing' });

const ROUTE = {
  method: 'GET',
  path: '/api/v1/things/{name}/all',
  tag: 'things',
  summary: 'Show them',
  takes: {
    params: z.strictObject({ name: z.string() }),
    query: z.strictObject({ limit: z.coerce.number().int().min(1).default(5).describe('at most') }),
  },
  answers: { 200: { about: 'They', body: z.object({ things: z.array(thing) }) } },
  errors: ['NOT_FOUND'],
} as const;

it('says what a route takes and answers', () => {
  const document = openApiDocument([ROUTE], '1.2.3');
  expect(document).toMatchObject({
    openapi: '3.1.1',
    info: { title: 'Bootlayer', version: '1.2.3' },
    tags: [{ name: 'things' }],
    paths: {
      '/api/v1/things/{name}/all': {
        get: {
          operationId: 'getThingsNameAll',
          summary: 'Show them',
          parameters: [
            { name: 'name', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'limit', in: 'query', required: false, description: 'at most', schema: { default: 5, minimum: 1 } },
          ],
          responses: {
            200: {
              description: 'They',
              content: {
                'application/json': {
                  schema: { properties: { things: { items: { $ref: '#/components/schemas/Thing' } } } },
                },
              },
            },
            404: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
            500: { description: expect.stringContaining('INTERNAL: ') as unknown },
          },
        },
      },
    },
    components: { schemas: { Thing: { type: 'object', required: ['name'] } } },
  });
});

it('leaves out what is to come, and refers to nothing that is not there', () => {
  const text = JSON.stringify(openApiDocument([ROUTE], '1'));
  expect(text).not.toContain('"more"');
  expect(text).not.toContain('$defs');
  const document = JSON.parse(text) as { components: { schemas: object } };
  const referred = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name = '']) => name);
  expect(referred.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([]);
  expect(referred).toContain('Error');
});

it('wants one schema for one name', () => {
  const other = {
    ...ROUTE,
    path: '/api/v1/others',
    answers: { 200: { about: 'x', body: z.string().meta({ id: 'Thing' }) } },
  } as const;
  expect(() => openApiDocument([ROUTE, other], '1')).toThrow('two schemas of the name Thing');
});
