import type { FastifyInstance } from 'fastify';
import type { DoneReports } from '../../booter/done-reports.js';
import { BootlayerError } from '../../errors.js';
import { addressOf } from '../address-of.js';

/** Nobody needs to say more than that. */
const BODY_BYTES = 64 * 1024;

/**
 * `POST /boot/done/<capability>`: the machine says that it is done with that boot, as often as it likes. Whatever tool it has
 * says so: what is posted, and of which type it is, does not matter.
 */
export function doneRoutes(app: FastifyInstance, reports: Pick<DoneReports, 'report'>): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_BYTES }, async () => undefined);
    scope.post<{ Params: { capability: string } }>('/boot/done/:capability', async (request, reply) => {
      const isKnown = await reports.report(request.params.capability, addressOf(request));
      if (!isKnown) throw new BootlayerError('NOT_FOUND', 'there is no such boot');
      return reply.code(204).send();
    });
  });
}
