import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { DoneReports } from '../../booter/done-reports.js';
import { BootlayerError } from '../../errors.js';
import { addressOf } from '../address-of.js';

/** An installer may post its whole log: so much is read, and dropped. */
const BODY_BYTES = 1024 * 1024;

/**
 * `POST /boot/done/<capability>`: the machine says that it is done with that boot, as often as it likes. Whatever tool it has
 * says so: what is posted, of which type it is and whether it comes to its end does not matter.
 */
export function doneRoutes(app: FastifyInstance, reports: Pick<DoneReports, 'report' | 'refused'>): void {
  app.route<{ Params: { capability: string } }>({
    method: 'POST',
    url: '/boot/done/:capability',
    // Fastify looks at the type and the length of a body before there is a handler.
    onRequest: async (request, reply) => {
      const isKnown = await reports.report(request.params.capability, addressOf(request));
      if (!(await readToEnd(request.raw, BODY_BYTES))) reply.header('connection', 'close');
      if (!isKnown) throw new BootlayerError('NOT_FOUND', 'there is no such boot');
      return reply.code(204).send();
    },
    handler: () => undefined,
  });
  app.route<{ Params: { capability: string } }>({
    method: ['GET', 'PUT'],
    url: '/boot/done/:capability',
    onRequest: async (request, reply) => {
      const remedy = `POST to it: curl -X POST, or wget --post-data ''`;
      reports.refused(addressOf(request), `it asks by ${request.method}: ${remedy}`);
      reply.header('allow', 'POST');
      throw new BootlayerError('METHOD_NOT_ALLOWED', 'that a boot is done is told by POST', { remedy });
    },
    handler: () => undefined,
  });
}

/** Reads what is posted, and drops it; whether it came to its end within so many bytes. Never rejects. */
function readToEnd(request: IncomingMessage, most: number): Promise<boolean> {
  return new Promise((resolve) => {
    let read = 0;
    request.on('data', ({ length }: Buffer) => {
      read += length;
      if (read > most) resolve(false);
    });
    request.once('end', () => resolve(true));
    request.once('error', () => resolve(false));
    request.once('close', () => resolve(false));
    if (request.readableEnded || request.destroyed) resolve(request.readableEnded);
  });
}
