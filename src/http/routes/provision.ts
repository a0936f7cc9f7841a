import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provisioning } from '../../booter/provisioning.js';
import { BootlayerError } from '../../errors.js';
import { addressOf } from '../address-of.js';

type ProvisionRoute = { Params: { capability: string; '*': string } };

/** It is for one machine, and is never kept on the way to it. */
const PRIVATE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/**
 * `/provision/<capability>/<document>`: a machine's configuration. Whoever is not to have it is answered the same, whatever the reason
 * is, which the log tells.
 */
export function provisionRoutes(app: FastifyInstance, provisioning: Pick<Provisioning, 'hand'>): void {
  app.route<ProvisionRoute>({
    method: ['GET', 'HEAD'],
    url: '/provision/:capability/*',
    handler: async (request, reply) => hand(provisioning, request, reply),
  });
  app.route<ProvisionRoute>({
    method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: '/provision/:capability/*',
    // Whatever is posted, and before anything is made of it.
    onRequest: async (_request, reply) => {
      reply.headers(PRIVATE).header('allow', 'GET, HEAD');
      throw new BootlayerError('METHOD_NOT_ALLOWED', 'a document is fetched by GET');
    },
    handler: () => undefined,
  });
}

async function hand(
  provisioning: Pick<Provisioning, 'hand'>,
  request: FastifyRequest<ProvisionRoute>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { capability, '*': path } = request.params;
  const isHead = request.method === 'HEAD';
  reply.headers(PRIVATE);
  const handing = await provisioning.hand({ capability, path, address: addressOf(request), isHead });
  switch (handing.kind) {
    case 'none':
      throw new BootlayerError('NOT_FOUND', 'there is no such document');
    case 'broken':
      throw new BootlayerError('CONFIG_INVALID', 'the document cannot be written: the log of the server says why');
    case 'flooding':
      throw new BootlayerError('RATE_LIMITED', 'there were too many requests for what is not there');
    case 'document': {
      const { bytes, contentType } = handing.document;
      reply.type(contentType).header('content-length', bytes.length);
      return reply.send(isHead ? '' : bytes);
    }
  }
}
