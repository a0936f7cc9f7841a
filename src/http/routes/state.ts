import type { FileHandle } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { BootlayerError } from '../../errors.js';
import { refuseForeignPages } from '../foreign-pages.js';

export type StateRouteParts = {
  /** Absolute: who asks may name it, so as not to get another server's. */
  readonly file: string;
  /** Whoever has the copy closes its file. */
  readonly copy: () => Promise<{ readonly size: number; readonly file: FileHandle }>;
};

/** Whoever takes none of it for so long is gone. */
const IDLE_MILLISECONDS = 60_000;

const query = z.strictObject({ file: z.string().max(4_096).optional() });

/** `GET /api/v1/state/backup`: a consistent copy of the state as it is now, a SQLite file. */
export function stateRoutes(app: FastifyInstance, { file, copy }: StateRouteParts): void {
  let isSending = false;
  app.get('/api/v1/state/backup', { onRequest: refuseForeignPages }, async (request, reply) => {
    const asked = query.safeParse(request.query);
    if (!asked.success) throw new BootlayerError('REQUEST_INVALID', 'there is no parameter but "file"');
    if (asked.data.file !== undefined && asked.data.file !== file) {
      throw new BootlayerError('NOT_FOUND', `this server's state is another than ${asked.data.file.slice(0, 200)}`, {
        remedy: 'ask the server of that state',
      });
    }
    if (isSending) {
      throw new BootlayerError('REQUEST_INVALID', 'a copy of the state is being made or sent already', {
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
    return reply
      .type('application/vnd.sqlite3')
      .headers({
        'content-length': made.size,
        'content-disposition': 'attachment; filename="bootlayer-state.db"',
        'cache-control': 'no-store',
      })
      .send(stream);
  });
}
