import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import type { Metrics } from '../../metrics.js';

/** `/metrics` in the Prometheus text format. `guard`: throws for those who may not read it. */
export function metricsRoutes(app: FastifyInstance, metrics: Metrics, guard: onRequestAsyncHookHandler): void {
  app.get('/metrics', { onRequest: guard }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}
