import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Booter } from '../../booter/booter.js';
import { BootlayerError, describeError } from '../../errors.js';
import { absentBinary } from '../../ipxe/absent-binary.js';
import { platformOfBinary } from '../../ipxe/binaries.js';
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
      if (binary === undefined) return refuseBinary(request, { asked: `ipxe/${file}`, files: [file] }, parts);
      return sendBinary(request, reply, { file, binary }, parts);
    },
  });
}

/** `asked`: by which name, and `files`: what would do. Throws NOT_FOUND, and tells the log where it was looked for. */
export function refuseBinary(
  request: FastifyRequest,
  { asked, files }: { readonly asked: string; readonly files: readonly string[] },
  { booter, binaries }: Pick<IpxeRouteParts, 'booter' | 'binaries'>,
): never {
  const error = absentBinary(files, binaries.folders);
  const platform = files.map(platformOfBinary).find((known) => known !== undefined);
  booter.transferEvents.refused({
    ...{ address: addressOf(request), protocol: 'http', file: asked.slice(0, MAX_NAME_CHARACTERS) },
    ...(platform !== undefined && { platform }),
    ...{ reason: describeError(error), code: error.code },
  });
  throw new BootlayerError(error.code, error.message);
}

const MAX_NAME_CHARACTERS = 200;

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
    begun: (part, sent) => {
      const size = part === undefined ? binary.size : part.end - part.start;
      return booter.transferEvents.loader({ address, protocol: 'http', file }, { size, sent });
    },
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
