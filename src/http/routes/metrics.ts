import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../metrics.js';

/** `/metrics` in the Prometheus text format. */
export function metricsRoutes(app: FastifyInstance, metrics: Metrics): void {
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}
