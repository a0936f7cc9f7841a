import type { FastifyReply, FastifyRequest } from 'fastify';
import { tellEnd } from '../booter/transfer-events.js';
import { BlobResponse, type Span, type Turn } from './blob-response.js';
import type { BufferPool } from './buffer-pool.js';
import { clientGone } from './client-gone.js';
import { decideAnswer } from './entity.js';
import { cut, type Sending, type SendingParts } from './send-entity.js';

/** What can be sent before anything else happens. */
export type ReadySending = Pick<Sending, 'entity' | 'begun'> & {
  /** Fills all of `target`, or nothing of it: whether it did. */
  readonly readNow: (target: Uint8Array, position: number) => boolean;
};

/**
 * Answers GET with a part of an entity that is in memory, as `sendEntity` does, and without a promise: a boot loader that reads a disc
 * asks for a thousand small parts, one after the other, and waits for each. Whether it did; otherwise nothing has happened.
 */
export function sendNow(
  request: FastifyRequest,
  reply: FastifyReply,
  { entity, begun, readNow }: ReadySending,
  { pool, transfers }: SendingParts,
): boolean {
  const { socket } = request.raw;
  // One that waits behind others on its connection (pipelining) has to wait for its turn.
  if (reply.raw.socket === null || socket.destroyed) return false;
  const answer = decideAnswer(request, entity);
  if (answer.kind !== 'body' || answer.status !== 206) return false;
  const turn = turnNow(pool, answer.span, readNow);
  if (turn === undefined) return false;
  const response = new BlobResponse(reply.raw, pool, clientGone(socket));
  const sent = () => response.sent;
  const ended = begun(answer.span, sent);
  const over = transfers.begin(sent);
  reply.hijack();
  reply.raw.writeHead(answer.status, answer.headers);
  const rest = response.sendTurn(turn);
  if (rest === undefined) {
    ended({ kind: 'sent', bytes: response.sent });
    over();
  } else {
    tellEnd(ended, sent, () => rest)
      .catch((thrown: unknown) => cut(request, reply, thrown))
      .finally(over);
  }
  return true;
}

function turnNow(pool: BufferPool, { start, end }: Span, readNow: ReadySending['readNow']): Turn | undefined {
  const buffer = pool.takeNow();
  const bytes = buffer?.subarray(0, end - start);
  if (buffer === undefined || bytes === undefined) return undefined;
  if (bytes.length === end - start && readNow(bytes, start)) return { buffer, bytes };
  pool.giveBack(buffer);
  return undefined;
}
