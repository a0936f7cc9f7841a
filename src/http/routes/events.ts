import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { StepOfMachine } from '../../boot/boot.js';
import { BootlayerError } from '../../errors.js';
import { EventStream } from '../event-stream.js';
import { refuseForeignPages } from '../foreign-pages.js';
import { toldStep } from '../told-step.js';

/** A step as it happens. `boot`: the id of the boot that it belongs to, where there is one. */
export type ToldStep = { readonly at: number; readonly boot?: string; readonly event: StepOfMachine };

export type EventRouteParts = {
  /** Tells of every step from now on, until what it answers is called. */
  readonly listen: (listener: (step: ToldStep) => void) => () => void;
};

/** People and dashboards that look at the same time. */
const MOST = 64;

const query = z.strictObject({ machine: z.string().max(256).optional() });

/** `GET /api/v1/events`: the steps of all machines or of one as they happen, as server-sent events. */
export function eventRoutes(app: FastifyInstance, { listen }: EventRouteParts): void {
  const streams = new Set<EventStream>();
  app.get('/api/v1/events', { onRequest: refuseForeignPages }, (request, reply) => {
    const asked = query.safeParse(request.query);
    if (!asked.success) throw new BootlayerError('REQUEST_INVALID', 'there is no parameter but "machine"');
    if (streams.size >= MOST) throw new BootlayerError('REQUEST_INVALID', `${MOST} are listening already`);
    const { machine } = asked.data;
    reply.hijack();
    const stream: EventStream = new EventStream(reply.raw, () => {
      streams.delete(stream);
      stop();
    });
    streams.add(stream);
    const stop = listen(({ at, boot, event }) => {
      if (machine !== undefined && event.machine !== machine) return;
      stream.send(event.event, { ...(boot !== undefined && { boot }), ...toldStep({ at, event }) });
    });
  });
  // They would have no end otherwise.
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end();
  });
}
