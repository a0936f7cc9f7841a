import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contentTypeOf } from '../../booter/boot-urls.js';
import type { Booter } from '../../booter/booter.js';
import type { ArtifactTransfer } from '../../boot/event.js';
import type { LocatedArtifact } from '../../boot/ports.js';
import { BootlayerError } from '../../errors.js';
import { digestFromHex, type Digest } from '../../oci/digest.js';
import { type BlobResponse, sendBlob } from '../blob-response.js';
import type { BufferPool } from '../buffer-pool.js';

type BlobPath = { Params: { hex: string; name: string } };

/** `/blobs/sha256/<hex>/<name>`: the layers of mapped images and issued plans, and nothing else. */
export function blobRoutes(app: FastifyInstance, booter: Booter, pool: BufferPool): void {
  app.route<BlobPath>({
    method: ['GET', 'HEAD'],
    url: '/blobs/sha256/:hex/:name',
    handler: async (request, reply) => {
      const artifact = await findArtifact(booter, request.params.hex);
      await send(request, reply, artifact, { booter, pool });
    },
  });
}

async function findArtifact(booter: Booter, hex: string): Promise<LocatedArtifact> {
  const digest = digestFromHex(hex);
  if (digest === undefined) throw new BootlayerError('DIGEST_INVALID', `"${hex.slice(0, 80)}" is not a sha256 in hex`);
  return (await booter.findArtifact(digest)) ?? unknown(digest);
}

function unknown(digest: Digest): never {
  throw new BootlayerError('BLOB_UNKNOWN', `no assignment and no issued plan leads to ${digest}`);
}
