import { z } from 'zod';
import { mapping } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { Api } from '../api.js';
import { timeOf } from '../told-step.js';
import { pageQuery } from './pages.js';

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

const contents = z
  .object({
    folder: z.string(),
    bytes: z.int().describe('of all blobs and kept parts'),
    limit: z.int().optional().describe('cache.maxSize in bytes, where it is set'),
    count: z.int().describe('how many there are, parts included'),
    blobs: z.array(
      z.object({
        digest: z.string(),
        size: z.int().describe('bytes'),
        isPart: z.boolean().describe('what was kept of a download that broke'),
        lastUsed: z.iso.datetime(),
      }),
    ),
    next: z.string().optional().describe('there when there are more: "after" of the next page'),
  })
  .meta({ id: 'Cache' });

const MOST = 1_000;
const listQuery = mapping(pageQuery(MOST, z.string().max(128)));

type Holding = {
  readonly digest: string;
  readonly size: number;
  readonly isPart: boolean;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
};

export type CacheRouteParts = {
  readonly holdings: () => Promise<readonly Holding[]>;
  /** Of the configuration in force, in bytes. */
  readonly limit: () => number | undefined;
  /** Absolute: who asks names it, so as not to speak of another server's. */
  readonly folder: string;
  readonly collect: (options: { readonly force: boolean; readonly dryRun: boolean }) => Promise<Collected>;
};

type Collected = {
  readonly removed: readonly { readonly digest: string; readonly size: number; readonly isPart: boolean }[];
};

/** `GET /api/v1/cache`: what is in the cache; `POST /api/v1/cache/gc`: removes what neither a mapping nor an issued plan needs. */
export function cacheRoutes(api: Api, { folder, collect, holdings, limit }: CacheRouteParts): void {
  api.route({
    method: 'GET',
    path: '/api/v1/cache',
    tag: 'cache',
    summary: 'Show what is in the cache',
    takes: { query: listQuery },
    answers: { 200: { about: 'A page of its blobs, by digest, and what all of them take', body: contents } },
    handle: async ({ query }) => {
      const all = await holdings();
      const [most, bytes] = [limit(), all.reduce((sum, { size }) => sum + size, 0)];
      const whole = { folder, bytes, count: all.length, ...(most !== undefined && { limit: most }) };
      return { status: 200, body: { ...whole, ...pageOf(all, query) } };
    },
  });
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

/** A part and a blob of the same digest are one page's. */
function pageOf(
  all: readonly Holding[],
  { limit, after }: z.output<typeof listQuery>,
): Pick<z.input<typeof contents>, 'blobs' | 'next'> {
  const left = all.filter(({ digest }) => after === undefined || digest > after);
  const sorted = left.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
  const last = sorted[limit - 1]?.digest;
  const page = sorted.filter(({ digest }, at) => at < limit || digest === last);
  const blobs = page.map(({ digest, size, isPart, lastUsed }) => ({
    digest,
    size,
    isPart,
    lastUsed: timeOf(lastUsed),
  }));
  return { blobs, ...(last !== undefined && page.length < sorted.length && { next: last }) };
}

function anothersCache(folder: string, asked: string): BootlayerError {
  return new BootlayerError('NOT_FOUND', `this server's cache is ${folder}, not ${asked.slice(0, 200)}`, {
    remedy: 'ask the server of that cache, or name this one',
  });
}
