import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LocatedArtifact } from '../../boot/ports.js';
import type { ActiveTransfers } from '../../booter/active-transfers.js';
import type { Booter } from '../../booter/booter.js';
import { BootlayerError, describeError } from '../../errors.js';
import { type Digest, digestFromHex } from '../../oci/digest.js';
import { addressOf } from '../address-of.js';
import { BlobResponse, type Span } from '../blob-response.js';
import type { BufferPool } from '../buffer-pool.js';
import { parseRange } from '../byte-range.js';
import { clientGone } from '../client-gone.js';
import { evaluateConditions, LAST_MODIFIED } from '../conditional.js';
import { contentTypeOf } from '../content-type.js';
import { turnOf } from '../turn.js';

type BlobRequest = { Params: { hex: string; name: string } };

export type BlobRouteParts = {
  readonly booter: Booter;
  readonly pool: BufferPool;
  readonly transfers: ActiveTransfers;
};

/** `/blobs/sha256/<hex>/<name>`: the layers of mapped images and issued plans, and nothing else. */
export function blobRoutes(app: FastifyInstance, parts: BlobRouteParts): void {
  app.route<BlobRequest>({
    method: ['GET', 'HEAD'],
    url: '/blobs/sha256/:hex/:name',
    handler: async (request, reply) => {
      const gone = clientGone(request.raw.socket);
      await turnOf(reply.raw, gone);
      const artifact = await findArtifact(parts.booter, request);
      const answer = decideAnswer(request, artifact);
      if (answer.kind === 'status') return reply.code(answer.status).headers(answer.headers).send();
      if (request.method === 'HEAD') return sendHead(reply, answer);
      gone.throwIfAborted();
      const response = new BlobResponse(reply.raw, parts.pool, gone);
      return parts.transfers.track({
        sent: () => response.sent,
        run: () => sendBody(request, reply, artifact, { ...parts, ...answer, gone, response }),
      });
    },
  });
}

async function findArtifact(booter: Booter, request: FastifyRequest<BlobRequest>): Promise<LocatedArtifact> {
  const { hex } = request.params;
  const digest = digestFromHex(hex);
  if (digest === undefined) throw new BootlayerError('DIGEST_INVALID', `"${hex.slice(0, 80)}" is not a sha256 in hex`);
  return (await booter.findArtifact(digest, addressOf(request))) ?? unknown(digest);
}

function unknown(digest: Digest): never {
  throw new BootlayerError('BLOB_UNKNOWN', `no assignment and no issued plan leads to ${digest}`);
}

type Headers = Readonly<Record<string, string | number>>;
type Body = { readonly kind: 'body'; readonly status: 200 | 206; readonly headers: Headers; readonly span: Span };
type Answer = Body | { readonly kind: 'status'; readonly status: 304 | 412 | 416; readonly headers: Headers };

/** Everything about the answer that the descriptor alone decides: HEAD needs no bytes (protocols D2). */
function decideAnswer(
  { method, headers }: Pick<FastifyRequest, 'method' | 'headers'>,
  { role, descriptor }: LocatedArtifact,
): Answer {
  const { size, digest } = descriptor;
  const etag = `"${digest}"`;
  const common = {
    etag,
    'last-modified': LAST_MODIFIED,
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=31536000, immutable',
  };
  const verdict = evaluateConditions(etag, {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
    ifModifiedSince: headers['if-modified-since'],
    ifRange: asText(headers['if-range']),
  });
  if (verdict.kind === 'status') return { ...verdict, headers: common };
  // Only GET has ranges (RFC 9110, 14.2): firmware asks HEAD for the whole length.
  const range = parseRange(verdict.rangeHolds && method === 'GET' ? headers.range : undefined, size);
  if (range.kind === 'unsatisfiable') {
    return { kind: 'status', status: 416, headers: { ...common, 'content-range': `bytes */${size}` } };
  }
  const span = range.kind === 'part' ? { start: range.start, end: range.end } : { start: 0, end: size };
  const described = { ...common, 'content-type': contentTypeOf(role), 'content-length': span.end - span.start };
  return range.kind === 'whole'
    ? { kind: 'body', status: 200, headers: described, span }
    : { kind: 'body', status: 206, headers: { ...described, 'content-range': rangeText(span, size) }, span };
}

function rangeText({ start, end }: Span, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}

function asText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Without a body, yet with the length of one: fastify leaves it alone when it is set before. */
function sendHead(reply: FastifyReply, { status, headers }: Body): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(status, headers);
  reply.raw.end();
  return reply;
}

type BodyParts = BlobRouteParts & Body & { readonly gone: AbortSignal; readonly response: BlobResponse };

/** Failures before the first byte are an ordinary error; later ones cut the connection, so that no length is a lie. */
async function sendBody(
  request: FastifyRequest,
  reply: FastifyReply,
  artifact: LocatedArtifact,
  { booter, gone, response, status, headers, span }: BodyParts,
): Promise<FastifyReply> {
  const reader = await booter.openArtifact(artifact);
  try {
    // The whole follows its download; a part could be complete before the digest is proven, so it waits.
    const isWhole = span.start === 0 && span.end === artifact.descriptor.size;
    await (isWhole ? reader.available(0, gone) : reader.whole(gone));
    reply.hijack();
    reply.raw.writeHead(status, headers);
    const transfer = booter.transferOf(
      artifact,
      addressOf(request),
      status === 206 ? `${span.start}-${span.end - 1}` : undefined,
    );
    const run = () => response.send(reader, span);
    await booter.recordTransfer(transfer, () => response.sent, run);
  } catch (thrown) {
    if (!reply.sent) throw thrown;
    request.log.debug({ reason: describeError(thrown) }, 'a transfer was cut');
    reply.raw.destroy();
  } finally {
    await reader.close();
  }
  return reply;
}
