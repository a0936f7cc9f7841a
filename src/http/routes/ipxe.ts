import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Booter } from '../../booter/booter.js';
import { BootlayerError } from '../../errors.js';
import type { IpxeBinaries, OpenBinary } from '../../ipxe/disk-binaries.js';
import { addressOf } from '../address-of.js';
import { clientGone } from '../client-gone.js';
import { type EntityReader, type Sending, type SendingParts, sendEntity } from '../send-entity.js';
import { turnOf } from '../turn.js';

type FileRequest = { Params: { file: string } };

export type IpxeRouteParts = SendingParts & { readonly booter: Booter; readonly binaries: IpxeBinaries };

/** `/ipxe/<file>`: what firmware loads before anything else, for UEFI HTTP Boot and for iPXE that wants another iPXE. */
export function ipxeRoutes(app: FastifyInstance, parts: IpxeRouteParts): void {
  app.route<FileRequest>({
    method: ['GET', 'HEAD'],
    url: '/ipxe/:file',
    handler: async (request, reply) => {
      await turnOf(reply.raw, clientGone(request.raw.socket));
      const { file } = request.params;
      const binary = await parts.binaries.open(file);
      if (binary === undefined) return refuse(parts.booter, request);
      return sendBinary(request, reply, { file, binary }, parts);
    },
  });
}

function refuse({ transferEvents }: Booter, request: FastifyRequest<FileRequest>): never {
  const file = request.params.file.slice(0, 200);
  const reason = 'there is no such file among the iPXE binaries';
  transferEvents.refused({ address: addressOf(request), protocol: 'http', file: `ipxe/${file}`, reason });
  throw new BootlayerError('NOT_FOUND', `ipxe/${file}: ${reason}`);
}

/** It is open already, so that what is described is what is sent. */
export async function sendBinary(
  request: FastifyRequest,
  reply: FastifyReply,
  { file, binary }: { readonly file: string; readonly binary: OpenBinary },
  { booter, ...parts }: IpxeRouteParts,
): Promise<FastifyReply> {
  const address = addressOf(request);
  const sending: Sending = {
    entity: {
      size: binary.size,
      etag: `"${binary.version}"`,
      // EDK2 compares it as a whole (edk2: NetworkPkg/HttpBootDxe).
      contentType: file.toLowerCase().endsWith('.efi') ? 'application/efi' : 'application/octet-stream',
      isImmutable: false,
    },
    open: async () => readerOf(binary),
    begun: () => booter.transferEvents.loader({ address, protocol: 'http', file }),
  };
  try {
    return await sendEntity(request, reply, sending, parts);
  } finally {
    await binary.close();
  }
}

function readerOf(binary: OpenBinary): EntityReader {
  return {
    ...binary,
    whole: async () => undefined,
    // Whoever opened it does.
    close: async () => undefined,
  };
}
