import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActiveTransfers } from '../booter/active-transfers.js';
import { type TransferEnded, tellEnd } from '../booter/transfer-events.js';
import { describeError } from '../errors.js';
import { BlobResponse, type BodyReader, type Span } from './blob-response.js';
import type { BufferPool } from './buffer-pool.js';
import { clientGone } from './client-gone.js';
import { type Body, decideAnswer, type Entity } from './entity.js';

/** Whoever opens it closes it. */
export interface EntityReader extends BodyReader {
  /** All of it is there and verified, as a file that nothing but itself is in. */
  readonly isStored?: boolean;
  /** Resolves when all of it is there and verified. */
  whole(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What is sent, and who is told. */
export type Sending = {
  readonly entity: Entity;
  /** Throws before the first byte what is an ordinary error. */
  readonly open: () => Promise<EntityReader>;
  /** The body begins to be sent; `part`: what was asked for, when that is not all; `sent`: bytes by now. */
  readonly begun: (part: Span | undefined, sent: () => number) => TransferEnded;
};

export type SendingParts = { readonly pool: BufferPool; readonly transfers: ActiveTransfers };

/** Answers GET and HEAD with an entity, whole or a part of it. */
export function sendEntity(
  request: FastifyRequest,
  reply: FastifyReply,
  sending: Sending,
  { pool, transfers }: SendingParts,
): FastifyReply | Promise<FastifyReply> {
  const answer = decideAnswer(request, sending.entity);
  if (answer.kind === 'status') return reply.code(answer.status).headers(answer.headers).send();
  if (request.method === 'HEAD') return sendHead(reply, answer);
  const gone = clientGone(request.raw.socket);
  gone.throwIfAborted();
  const response = new BlobResponse(reply.raw, pool, gone);
  return transfers.track({
    sent: () => response.sent,
    run: () => sendBody(request, reply, sending, { answer, gone, response }),
  });
}

/** Without a body, yet with the length of one: fastify leaves it alone when it is set before. */
function sendHead(reply: FastifyReply, { status, headers }: Body): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(status, headers);
  reply.raw.end();
  return reply;
}

type BodyParts = { readonly answer: Body; readonly gone: AbortSignal; readonly response: BlobResponse };

/** Failures before the first byte are an ordinary error; later ones cut the connection, so that no length is a lie. */
async function sendBody(
  request: FastifyRequest,
  reply: FastifyReply,
  { entity, open, begun }: Sending,
  { answer: { status, headers, span }, gone, response }: BodyParts,
): Promise<FastifyReply> {
  const reader = await open();
  try {
    // The whole follows its download; a part could be complete before the digest is proven, so it waits.
    const isWhole = span.start === 0 && span.end === entity.size;
    await (isWhole ? reader.available(0, gone) : reader.whole(gone));
    reply.hijack();
    reply.raw.writeHead(status, headers);
    const sent = () => response.sent;
    const ended = begun(status === 206 ? span : undefined, sent);
    await tellEnd(ended, sent, () => response.send(reader, span));
  } catch (thrown) {
    if (!reply.sent) throw thrown;
    cut(request, reply, thrown);
  } finally {
    await reader.close();
  }
  return reply;
}

/** A body that cannot be sent to its end. */
export function cut(request: FastifyRequest, reply: FastifyReply, thrown: unknown): void {
  request.log.debug({ reason: describeError(thrown) }, 'a transfer was cut');
  reply.raw.destroy();
}
