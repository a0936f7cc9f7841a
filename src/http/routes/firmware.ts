import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FIRMWARE_ROUTE, factsFromFirmware, readFirmwarePath } from '../../booter/firmware-path.js';
import { BootlayerError } from '../../errors.js';
import { uefiLoadersFor } from '../../ipxe/binaries.js';
import { addressOf } from '../address-of.js';
import { clientGone } from '../client-gone.js';
import { sendEntity } from '../send-entity.js';
import { turnOf } from '../turn.js';
import { sendingOf } from './blobs.js';
import { type IpxeRouteParts, refuseBinary, sendBinary } from './ipxe.js';

type FirmwareRequest = { Params: { architecture: string; mac: string; uuid: string } };

/**
 * `/uefi/<architecture>/<mac>/<uuid>/boot.efi`, which DHCP names to UEFI HTTP Boot: the UKI of the machine's image, else iPXE.
 * Without a redirect, which EDK2 does not follow.
 */
export function firmwareRoutes(app: FastifyInstance, parts: IpxeRouteParts): void {
  app.route<FirmwareRequest>({
    method: ['GET', 'HEAD'],
    url: FIRMWARE_ROUTE,
    handler: async (request, reply) => {
      await turnOf(reply.raw, clientGone(request.raw.socket));
      const asked = readFirmwarePath(request.params);
      if (asked === undefined) throw new BootlayerError('NOT_FOUND', 'there is no such architecture');
      const address = addressOf(request);
      const isHead = request.method === 'HEAD';
      const file = await parts.booter.firmware.file(factsFromFirmware(asked, address), { isHead });
      switch (file.kind) {
        case 'uki':
          return sendEntity(
            request,
            reply,
            sendingOf(parts.booter, file.artifact, { address, isImmutable: false }),
            parts,
          );
        case 'loader':
          return sendLoader(request, reply, asked.architecture, parts);
        case 'refused':
        case 'local':
          throw new BootlayerError('NOT_FOUND', file.reason);
      }
    },
  });
}

async function sendLoader(
  request: FastifyRequest,
  reply: FastifyReply,
  architecture: string,
  parts: IpxeRouteParts,
): Promise<FastifyReply> {
  const files = uefiLoadersFor(architecture);
  for (const file of files) {
    const binary = await parts.binaries.open(file);
    if (binary !== undefined) return sendBinary(request, reply, { file, binary }, parts);
  }
  return refuseBinary(request, { asked: request.url, files }, parts);
}
