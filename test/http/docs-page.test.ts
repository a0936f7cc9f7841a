import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { docsPage } from '../../src/http/docs-page.js';
import { openApiDocument } from '../../src/http/openapi.js';
import { servedApi } from '../fixtures/api.js';

const ODD = '<script>alert("1")</script>';

it('is there for every browser, and says what there is', async () => {
  const { port } = await servedApi();
  const response = await new Promise<import('node:http').IncomingMessage>((resolve) => {
    request({ port, host: '127.0.0.1', path: '/api/docs' }, resolve).end();
  });
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(response.headers['content-security-policy']).toContain("default-src 'none'");
  const page = await text(response);
  for (const told of ['GET /api/v1/boots/{id}', 'POST /api/v1/cache/gc', 'UNAUTHORIZED: ', 'id="schema-Boot"'])
    expect(page).toContain(told);
  // It loads nothing, here or elsewhere.
  expect(page).not.toMatch(/<(script|link|img|iframe)|@import|url\(|https?:/);
  const [ids, links] = [/ id="([\w-]+)"/g, / href="#([\w-]+)"/g].map((one) =>
    [...page.matchAll(one)].map(([, name]) => name),
  );
  expect(links?.filter((name) => ids?.includes(name) !== true)).toEqual([]);
});

it('shows what is told as text, whatever it is', () => {
  const page = docsPage(
    openApiDocument(
      [
        {
          method: 'GET',
          path: '/api/v1/things',
          tag: ODD,
          summary: ODD,
          takes: { query: z.object({ x: z.enum([ODD]).describe(ODD), n: z.int().min(1).max(5).default(2) }) },
          answers: { 200: { about: ODD, body: z.object({ [ODD]: z.record(z.string(), z.string()) }) } },
        },
      ],
      ODD,
    ),
  );
  expect(page).not.toContain('<script');
  expect(page).toContain('integer, at least 1, at most 5, else 2');
  expect(page).toContain('object of string');
});
