import { z } from 'zod';
import type { StepOfMachine } from '../../boot/boot.js';
import { mapping } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { Api } from '../api.js';
import { STREAMED } from '../api-route.js';
import { EventStream } from '../event-stream.js';
import { toldStep } from '../told-step.js';

/** A step as it happens. `boot`: the id of the boot that it belongs to, where there is one. */
export type ToldStep = { readonly at: number; readonly boot?: string; readonly event: StepOfMachine };

export type EventRouteParts = {
  /** Tells of every step from now on, until what it answers is called. */
  readonly listen: (listener: (step: ToldStep) => void) => () => void;
};

export type EventStreams = {
  /** Ends those that are open now: whoever may listen on asks again. */
  readonly end: () => void;
};

/** People and dashboards that look at the same time. */
const MOST = 64;

const query = mapping({ machine: z.string().max(256).optional().describe('only steps of this machine') });

/** `GET /api/v1/events`: the steps of all machines or of one as they happen, as server-sent events. */
export function eventRoutes(api: Api, { listen }: EventRouteParts): EventStreams {
  const streams = new Set<EventStream>();
  api.route({
    method: 'GET',
    path: '/api/v1/events',
    tag: 'boots',
    summary: 'Follow what machines do when they boot, as they do it',
    takes: { query },
    answers: {
      200: {
        about: 'Server-sent events without an end: the event is the name of the step, its data the step in JSON',
        contentType: 'text/event-stream',
        body: z.string(),
      },
    },
    handle: ({ query: { machine }, reply }) => {
      if (streams.size >= MOST) throw new BootlayerError('RATE_LIMITED', `${MOST} are listening already`);
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
      return STREAMED;
    },
  });
  const end = () => {
    for (const stream of streams) stream.end();
  };
  // They would have no end otherwise.
  api.beforeClose(end);
  return { end };
}
