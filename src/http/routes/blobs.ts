import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LocatedArtifact } from '../../boot/ports.js';
import { parseSlice } from '../../booter/blob-path.js';
import type { Booter } from '../../booter/booter.js';
import { requirePart } from '../../booter/slice-reader.js';
import { BootlayerError, describeError } from '../../errors.js';
import type { FilePart } from '../../image/range-reader.js';
import { type Digest, digestFromHex } from '../../oci/digest.js';
import { addressOf } from '../address-of.js';
import { clientGone } from '../client-gone.js';
import { contentTypeOf } from '../content-type.js';
import { type HandOverParts, handOver, locationFor, placeOf } from '../hand-over.js';
import { type Sending, type SendingParts, sendEntity } from '../send-entity.js';
import { sendNow } from '../send-now.js';
import { turnOf } from '../turn.js';

type BlobRequest = { Params: { hex: string; slice?: string; name: string } };

export type BlobRouteParts = SendingParts & HandOverParts & { readonly booter: Booter };

/**
 * `/blobs/sha256/<hex>/<name>`: the layers of mapped images and issued plans, and nothing else; with `<offset>+<length>`
 * before the name, a part of one as if it were a file of its own.
 */
export function blobRoutes(app: FastifyInstance, parts: BlobRouteParts): void {
  const inTurn = async (request: FastifyRequest<BlobRequest>, reply: FastifyReply) => {
    await turnOf(reply.raw, clientGone(request.raw.socket));
    try {
      return await sendBlob(request, reply, parts);
    } catch (thrown) {
      tellRefused(request, parts.booter, thrown);
      throw thrown;
    }
  };
  const handler = (request: FastifyRequest<BlobRequest>, reply: FastifyReply) =>
    sendDiscPart(request, reply, parts) ? undefined : inTurn(request, reply);
  for (const url of ['/blobs/sha256/:hex/:name', '/blobs/sha256/:hex/:slice/:name']) {
    app.route<BlobRequest>({ method: ['GET', 'HEAD'], url, handler });
  }
}

/** Of an ISO that is read part by part, one for which nothing has to be waited for. Whether it was. */
function sendDiscPart(request: FastifyRequest<BlobRequest>, reply: FastifyReply, parts: BlobRouteParts): boolean {
  const digest = request.params.slice === undefined ? digestFromHex(request.params.hex) : undefined;
  if (digest === undefined || request.headers.range === undefined) return false;
  const { booter } = parts;
  const address = addressOf(request);
  const disc = booter.artifacts.reading(digest, address);
  if (disc === undefined) return false;
  const { entity, begun } = sendingOf(booter, disc.artifact, { address });
  return sendNow(request, reply, { entity, begun, readNow: disc.reader.readNow }, parts);
}

async function sendBlob(
  request: FastifyRequest<BlobRequest>,
  reply: FastifyReply,
  parts: BlobRouteParts,
): Promise<FastifyReply> {
  const slice = sliceIn(request.params.slice);
  const wanted = { digest: digestIn(request.params.hex), ...(slice && { slice }) };
  const artifact = await parts.booter.artifacts.find(wanted, addressOf(request));
  if (slice !== undefined) requirePart(slice, artifact.descriptor);
  const sending = sendingOf(parts.booter, artifact, { slice, address: addressOf(request) });
  const location = slice === undefined ? locationFor(request, parts) : undefined;
  if (location !== undefined && (await handOver(request, reply, sending, placeOf(location, wanted.digest))))
    return reply;
  return await sendEntity(request, reply, sending, parts);
}

const MAX_PATH_CHARACTERS = 200;

/** A machine may have the script of an older plan, or the bytes cannot be had: its boot stops there. Who hung up has no need of it. */
function tellRefused(request: FastifyRequest, booter: Booter, thrown: unknown): void {
  if (clientGone(request.raw.socket).aborted) return;
  const { code } = BootlayerError.from(thrown);
  const file = request.url.slice(1, MAX_PATH_CHARACTERS);
  const reason = describeError(thrown);
  booter.transferEvents.refused({ address: addressOf(request), protocol: 'http', file, reason, code });
}

function sliceIn(text: string | undefined): FilePart | undefined {
  if (text === undefined) return undefined;
  const slice = parseSlice(text);
  if (slice !== undefined) return slice;
  throw new BootlayerError('REQUEST_INVALID', `"${text.slice(0, 80)}" is no part of a blob: it is <offset>+<length>`);
}

function digestIn(hex: string): Digest {
  const digest = digestFromHex(hex);
  if (digest === undefined) throw new BootlayerError('DIGEST_INVALID', `"${hex.slice(0, 80)}" is not a sha256 in hex`);
  return digest;
}

/** An artifact, or a part of it, for a machine at this address. */
export function sendingOf(
  booter: Booter,
  artifact: LocatedArtifact,
  { slice, address, isImmutable = true }: SendingOptions,
): Sending {
  const { digest, size: whole } = artifact.descriptor;
  const { offset = 0, length: size = whole } = slice ?? {};
  return {
    entity: {
      size,
      etag: slice === undefined ? `"${digest}"` : `"${digest}:${slice.offset}+${slice.length}"`,
      contentType: contentTypeOf(artifact.role),
      isImmutable,
    },
    open: () => booter.artifacts.open(artifact, slice),
    begun: (part, sent) => {
      const { start, end } = part ?? { start: 0, end: size };
      const isAll = part === undefined && (slice === undefined || artifact.part !== undefined);
      const range = isAll ? undefined : { offset: offset + start, length: end - start };
      return booter.artifacts.begun(artifact, { address, protocol: 'http', range, sent });
    },
  };
}

type SendingOptions = {
  readonly slice?: FilePart | undefined;
  readonly address: string;
  /** Whether the path has never anything else. */
  readonly isImmutable?: boolean;
};
