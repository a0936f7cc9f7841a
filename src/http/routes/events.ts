import { z } from 'zod';
import type { FindingListener, ToldFinding } from '../../booter/boot-findings.js';
import type { StepListener, ToldStep } from '../../booter/journal.js';
import type { RunningTransfer } from '../../booter/running-transfers.js';
import type { Clock, every } from '../../clock.js';
import { mapping } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { Api } from '../api.js';
import { STREAMED } from '../api-route.js';
import { EventStreams } from '../event-streams.js';
import { timeOf, toldStep } from '../told-step.js';

export type EventRouteParts = {
  /** Tells of every step from now on, until what it answers is called. */
  readonly listen: (listener: StepListener) => () => void;
  /** The same of each finding. */
  readonly listenToFindings: (listener: FindingListener) => () => void;
  /** What is on its way to machines, so many transfers at most. */
  readonly running: (most: number) => readonly RunningTransfer[];
  readonly clock: Pick<Clock, 'now'> & { readonly every: typeof every };
};

export type OpenStreams = {
  /** Ends those that are open now: whoever may listen on asks again. */
  readonly end: () => void;
};

/** People and dashboards that look at the same time. */
const MOST = 64;
/** Of one look at what is under way: a thousand machines that boot at once. */
const MOST_TRANSFERS = 1_000;
const LOOK_MILLISECONDS = 1_000;

const query = mapping({ machine: z.string().max(256).optional().describe('only steps of this machine') });

const ABOUT = `Server-sent events without an end. The event is the name of a step, its data the step in JSON, with the boot that it \
belongs to ("boot"), when that began ("beganAt") and its state after the step ("state"). While something is on its way to machines, \
the event "transfers" tells each second what: its data has "at" and "transfers", each of them with its "id", "size", "bytes" so far \
and "seconds"; whoever reads slowly gets the next.`;

/** `GET /api/v1/events`: the steps of all machines or of one as they happen, as server-sent events, and what is under way. */
export function eventRoutes(api: Api, parts: EventRouteParts): OpenStreams {
  const streams = new EventStreams();
  let stop = (): void => undefined;
  api.route({
    method: 'GET',
    path: '/api/v1/events',
    tag: 'boots',
    summary: 'Follow what machines do when they boot, as they do it',
    takes: { query },
    answers: { 200: { about: ABOUT, contentType: 'text/event-stream', body: z.string() } },
    handle: ({ query: { machine }, reply }) => {
      if (streams.size >= MOST) {
        throw new BootlayerError('RATE_LIMITED', `${MOST} are listening already`, {
          remedy: 'end some of those that watch, and try again',
        });
      }
      reply.hijack();
      if (streams.size === 0) stop = tellAll(streams, parts);
      streams.add(reply.raw, machine, () => {
        if (streams.size === 0) stop();
      });
      return STREAMED;
    },
  });
  const end = () => streams.end();
  // They would have no end otherwise.
  api.beforeClose(end);
  return { end };
}

/** For as long as somebody listens: until what it answers is called. */
function tellAll(streams: EventStreams, { listen, listenToFindings, running, clock }: EventRouteParts): () => void {
  const tell = (step: ToldStep | ToldFinding) => streams.tell(step.event.event, step.event.machine, told(step));
  const silences = [listen(tell), listenToFindings(tell)];
  let isToldAgain = false;
  const rest = clock.every(LOOK_MILLISECONDS, () => {
    const transfers = running(MOST_TRANSFERS).map(toldTransfer);
    if (transfers.length === 0 && !isToldAgain) return;
    const at = timeOf(clock.now());
    const haveAll = streams.show('transfers', (wanted) => ({
      at,
      transfers: wanted === undefined ? transfers : transfers.filter(({ machine }) => machine === wanted),
    }));
    // That there are none any more is told once.
    isToldAgain = transfers.length > 0 || !haveAll;
  });
  return () => {
    for (const silence of silences) silence();
    rest();
  };
}

/** What it is made of is in its steps. */
function toldTransfer(transfer: RunningTransfer): Omit<RunningTransfer, 'digest'> {
  const { digest: _, ...told } = { digest: undefined, ...transfer };
  return told;
}

function told({ boot, ...told }: ToldStep | ToldFinding): Record<string, unknown> {
  const step = toldStep(told);
  return boot === undefined ? step : { ...step, boot: boot.id, state: boot.state, beganAt: timeOf(boot.beganAt) };
}
