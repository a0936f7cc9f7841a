import { z } from 'zod';
import { mapping } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { Api } from '../api.js';

const gcRequest = mapping({
  folder: z.string().describe("the cache's folder on the server's host, so that no other server is meant"),
  force: z.boolean().default(false).describe('also while some mapped image cannot be resolved'),
  dryRun: z.boolean().default(false).describe('only tell what would go'),
}).meta({ id: 'GarbageRequest' });

const collected = z
  .object({
    removed: z.array(
      z.object({
        digest: z.string(),
        size: z.int().describe('bytes'),
        isPart: z.boolean().describe('it was not complete'),
      }),
    ),
  })
  .meta({ id: 'Garbage' });

export type CacheRouteParts = {
  /** Absolute: who asks names it, so as not to speak of another server's. */
  readonly folder: string;
  readonly collect: (options: { readonly force: boolean; readonly dryRun: boolean }) => Promise<Collected>;
};

type Collected = {
  readonly removed: readonly { readonly digest: string; readonly size: number; readonly isPart: boolean }[];
};

/** `POST /api/v1/cache/gc`: removes what neither a mapping nor an issued plan needs. */
export function cacheRoutes(api: Api, { folder, collect }: CacheRouteParts): void {
  api.route({
    method: 'POST',
    path: '/api/v1/cache/gc',
    tag: 'cache',
    summary: 'Remove what neither a mapping nor an issued plan needs',
    takes: { body: gcRequest },
    answers: { 200: { about: 'What went, or would go', body: collected } },
    errors: ['NOT_FOUND', 'BLOB_UNAVAILABLE', 'DATA_UNUSABLE'],
    handle: async ({ body }) => {
      if (body.folder !== folder) throw anothersCache(folder, body.folder);
      const { removed } = await collect({ force: body.force, dryRun: body.dryRun });
      return { status: 200, body: { removed } };
    },
  });
}

function anothersCache(folder: string, asked: string): BootlayerError {
  return new BootlayerError('NOT_FOUND', `this server's cache is ${folder}, not ${asked.slice(0, 200)}`, {
    remedy: 'ask the server of that cache, or name this one',
  });
}
