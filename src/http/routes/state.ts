import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import type { NotDone } from '../../booter/not-done.js';
import { mapping } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { Api } from '../api.js';
import { STREAMED } from '../api-route.js';
import { timeOf } from '../told-step.js';

export type StateRouteParts = {
  /** Absolute: who asks may name it, so as not to get another server's. */
  readonly file: string;
  /** Whoever has the copy closes its file. */
  readonly copy: () => Promise<{ readonly size: number; readonly file: FileHandle }>;
  /** Whether it was lost, replaced or is a copy (`Standings.isDoubted`). */
  readonly isDoubted: () => boolean;
  /** Since when; missing where it is not, or where only what is known of some machines is damaged. Milliseconds since the epoch. */
  readonly doubtedSince: () => number | undefined;
  /** Throws DATA_UNUSABLE. */
  readonly sizes: () => Promise<StateSizes>;
  /** Machines under "once" that it does not know as done. */
  readonly notDone: () => Promise<NotDone>;
  /** Throws DATA_UNUSABLE, DISK_FULL. */
  readonly trust: () => Promise<void>;
};

/** Whoever takes none of it for so long is gone. */
const IDLE_MILLISECONDS = 60_000;

const query = mapping({
  file: z
    .string()
    .max(4_096)
    .optional()
    .describe('the state that is meant: of a server with another one there is none'),
});

const state = z.object({
  isDoubted: z
    .boolean()
    .describe(
      'it was lost, replaced or is a copy: machines under "once" that it does not know as done are not installed',
    ),
  doubtedSince: z
    .string()
    .optional()
    .describe('RFC 3339; missing where only what is known of some machines is damaged'),
});

const notDone = z
  .object({ count: z.int(), machines: z.array(z.string()).readonly().describe('the first 1,000 of them') })
  .describe('machines under "once" that it does not know as done: where it is taken for whole, they are installed');

const sized = state.extend({
  notDone,
  boots: z.int(),
  standings: z.int().describe('machines of which it is known where they stand'),
  enrolled: z.int().describe('machines that wait for an assignment'),
  capabilities: z.int().describe('places where boots may be reported as done'),
  bytes: z.int().describe('of the file, without its log'),
});

/** How much there is in it. */
export type StateSizes = Omit<z.output<typeof sized>, keyof z.output<typeof state> | 'notDone'>;

/** `/api/v1/state`: whether it is taken for whole, and a consistent copy of it as it is now, a SQLite file. */
export function stateRoutes(api: Api, parts: StateRouteParts): void {
  backupRoute(api, parts);
  trustRoutes(api, parts);
}

function backupRoute(api: Api, { file, copy }: StateRouteParts): void {
  let isSending = false;
  api.route({
    method: 'GET',
    path: '/api/v1/state/backup',
    tag: 'state',
    summary: 'Copy the state as it is now, also what may be reported in the name of machines',
    access: 'admin',
    takes: { query },
    answers: { 200: { about: 'A SQLite file', contentType: 'application/vnd.sqlite3', body: z.string() } },
    errors: ['NOT_FOUND', 'DATA_UNUSABLE', 'DISK_FULL', 'RATE_LIMITED'],
    handle: async ({ query: asked, request, reply }): Promise<typeof STREAMED> => {
      requireThis(file, asked.file);
      if (isSending) {
        throw new BootlayerError('RATE_LIMITED', 'a copy of the state is being made or sent already', {
          remedy: 'try again when it is done',
        });
      }
      isSending = true;
      const over = () => {
        isSending = false;
      };
      const made = await copy().catch((thrown: unknown) => {
        over();
        throw thrown;
      });
      const { socket } = request.raw;
      const stream = made.file.createReadStream();
      const isIdle = () => socket.destroy();
      stream.once('close', () => {
        over();
        socket.setTimeout(0).off('timeout', isIdle);
      });
      socket.setTimeout(IDLE_MILLISECONDS).once('timeout', isIdle);
      void reply
        .type('application/vnd.sqlite3')
        .headers({
          'content-length': made.size,
          'content-disposition': 'attachment; filename="bootlayer-state.db"',
          'cache-control': 'no-store',
        })
        .send(stream);
      return STREAMED;
    },
  });
}

function requireThis(file: string, asked: string | undefined): void {
  if (asked === undefined || asked === file) return;
  throw new BootlayerError('NOT_FOUND', `this server's state is another than ${asked.slice(0, 200)}`, {
    remedy: 'ask the server of that state',
  });
}

function trustRoutes(api: Api, { isDoubted, doubtedSince, sizes, notDone: find, trust }: StateRouteParts): void {
  const doubt = () => {
    const since = doubtedSince();
    return { isDoubted: isDoubted(), ...(since !== undefined && { doubtedSince: timeOf(since) }) };
  };
  api.route({
    method: 'GET',
    path: '/api/v1/state',
    tag: 'state',
    summary: 'Show whether the state is taken for whole, and how much there is in it',
    answers: { 200: { about: 'Whether it is', body: sized } },
    errors: ['DATA_UNUSABLE'],
    handle: async () => ({ status: 200, body: { ...doubt(), ...(await sizes()), notDone: await find() } }),
  });
  api.route({
    method: 'POST',
    path: '/api/v1/state/accept',
    tag: 'state',
    summary: 'Take the state for whole, though it was lost or replaced: who is not known as done is installed',
    answers: { 200: { about: 'It is', body: state.extend({ notDone }) } },
    errors: ['DATA_UNUSABLE', 'DISK_FULL'],
    handle: async () => {
      await trust();
      return { status: 200, body: { ...doubt(), notDone: await find() } };
    },
  });
}
