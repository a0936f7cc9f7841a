import { z } from 'zod';
import type { Api } from '../api.js';
import { docsPage } from '../docs-page.js';
import { openApiDocument } from '../openapi.js';

/**
 * `GET /api/v1/openapi.json`: what the API takes and answers, of all routes that it has, declared before or after this one; and
 * `GET /api/docs`, the same as a page.
 */
export function openApiRoutes(api: Api, version: string): void {
  let document: ReturnType<typeof openApiDocument> | undefined;
  const made = () => {
    document ??= openApiDocument(api.routes, version);
    return document;
  };
  api.route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    tag: 'description',
    summary: 'Describe this API (OpenAPI 3.1)',
    answers: { 200: { about: 'The document', body: z.looseObject({ openapi: z.string() }) } },
    handle: () => ({ status: 200, body: { openapi: '', ...made() } }),
  });
  api.page('/api/docs', () => docsPage(made()));
}
