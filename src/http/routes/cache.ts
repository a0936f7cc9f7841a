import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { BootlayerError } from '../../errors.js';
import { refuseForeignPages } from '../foreign-pages.js';

export type CacheRouteParts = {
  /** Absolute: who asks names it, so as not to speak of another server's. */
  readonly folder: string;
  readonly collect: (options: { readonly force: boolean; readonly dryRun: boolean }) => Promise<unknown>;
};

const gcRequest = z.strictObject({
  folder: z.string(),
  force: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});

/** `POST /api/v1/cache/gc`: removes what neither a mapping nor an issued plan needs. */
export function cacheRoutes(app: FastifyInstance, { folder, collect }: CacheRouteParts): void {
  app.post('/api/v1/cache/gc', { onRequest: refuseForeignPages }, async (request, reply) => {
    const asked = gcRequest.safeParse(request.body);
    if (!asked.success) {
      throw new BootlayerError('REQUEST_INVALID', 'the body is not as it must be', {
        remedy: 'send {"folder": "<cache folder>"} in JSON',
      });
    }
    if (asked.data.folder !== folder) {
      throw new BootlayerError(
        'NOT_FOUND',
        `this server's cache is ${folder}, not ${asked.data.folder.slice(0, 200)}`,
        {
          remedy: 'ask the server of that cache, or name this one',
        },
      );
    }
    return reply.send(await collect(asked.data));
  });
}
