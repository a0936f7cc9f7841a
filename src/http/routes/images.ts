import { z } from 'zod';
import type { ImageDesk } from '../../booter/image-desk.js';
import { mapping, text } from '../../config/values.js';
import { ERROR_CODES, type ErrorCode } from '../../errors.js';
import type { Api } from '../api.js';
import { pageQuery } from './pages.js';

const MOST = 500;
const MOST_REFERENCE = 4_096;

const artifact = z.object({ role: z.string(), digest: z.string(), size: z.int().describe('bytes') });

const image = z
  .object({
    reference: z.string().describe('in the spelling that counts'),
    assignments: z.array(z.string()).describe('names of those that name it, a hundred at most'),
    assignmentCount: z.int().describe('how many name it'),
    resolutions: z
      .array(
        z.object({
          architecture: z.string().describe('of the machines that it is for'),
          variant: z.string().describe('what was asked for'),
          platform: z.string().describe('as the image says'),
          digest: z.string().describe('of what the reference names: an index or a manifest'),
          manifestDigest: z.string(),
          artifacts: z.array(artifact),
        }),
      )
      .describe('what it is for each kind of machine, as far as it was resolved'),
  })
  .meta({ id: 'Image' });

const resolved = image
  .extend({
    problems: z
      .array(z.object({ code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]), message: z.string() }))
      .describe('what went wrong for some of them'),
  })
  .meta({ id: 'ResolvedImage' });

const prefetched = z
  .object({ reference: z.string(), bytes: z.int().describe('of all of them'), blobs: z.array(artifact) })
  .meta({ id: 'Prefetch' });

const named = mapping({
  reference: text(MOST_REFERENCE).describe('an image that an assignment names'),
}).meta({ id: 'ImageName' });

const listQuery = mapping(pageQuery(MOST, z.string().max(MOST_REFERENCE)));

/** What the source of an image may answer, or not. */
const SOURCE_ERRORS = [
  ...(['REFERENCE_INVALID', 'NOT_FOUND', 'IMAGE_NOT_FOUND', 'IMAGE_INVALID', 'IMAGE_NO_PLATFORM'] as const),
  ...(['REGISTRY_UNREACHABLE', 'REGISTRY_DENIED', 'DIGEST_MISMATCH'] as const),
] as const;

/** What is asked of the source of one of them. */
const ASKED = { method: 'POST', tag: 'images', takes: { body: named }, errors: SOURCE_ERRORS } as const;

/** `/api/v1/images`: those that assignments name; `resolve` and `prefetch` one of them, and nothing else. */
export function imageRoutes(api: Api, desk: Pick<ImageDesk, 'page' | 'resolve' | 'prefetch'>): void {
  api.route({
    method: 'GET',
    path: '/api/v1/images',
    tag: 'images',
    summary: 'List the images that assignments name',
    takes: { query: listQuery },
    answers: {
      200: {
        about: 'A page of them, by reference; "next" is there when there are more',
        body: z.object({ images: z.array(image), next: z.string().optional() }),
      },
    },
    handle: ({ query }) => ({ status: 200, body: desk.page(query) }),
  });
  api.route({
    ...ASKED,
    path: '/api/v1/images/resolve',
    summary: 'Ask the registry what a mapped image is now, unless it was asked within the last minute',
    answers: { 200: { about: 'What it is', body: resolved } },
    handle: async ({ body }) => ({ status: 200, body: await desk.resolve(body.reference) }),
  });
  api.route({
    ...ASKED,
    path: '/api/v1/images/prefetch',
    summary: 'Have what a mapped image consists of downloaded into the cache',
    answers: { 202: { about: 'What is being downloaded, or is there; the events tell how it goes', body: prefetched } },
    handle: async ({ body }) => ({ status: 202, body: await desk.prefetch(body.reference) }),
  });
}
