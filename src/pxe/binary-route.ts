import type { TransferEvents } from '../booter/transfer-events.js';
import { BootlayerError } from '../errors.js';
import { IPXE_BINARIES } from '../ipxe/binaries.js';
import type { IpxeBinaries } from '../ipxe/disk-binaries.js';
import type { BootFile, BootFileRoute, FileRequest } from './boot-file.js';

/** The iPXE binaries, under the path that HTTP has them under and under their bare names. */
export function binaryRoute(binaries: IpxeBinaries, transfers: TransferEvents): BootFileRoute {
  return {
    name: 'iPXE binaries',
    claim: (path) => {
      const [, file] = /^(?:ipxe\/)?([^/]+)$/.exec(path) ?? [];
      return file === undefined ? undefined : (request) => openBinary(file, request);
    },
  };

  async function openBinary(file: string, { address }: FileRequest): Promise<BootFile> {
    const binary = await binaries.open(file);
    if (binary === undefined) throw absent(file, binaries.folders);
    return { ...binary, begun: () => transfers.loader({ address, protocol: 'tftp', file }) };
  }
}

/** Which folders there are is the log's. */
function absent(file: string, folders: readonly string[]): BootlayerError {
  const isOurs = IPXE_BINARIES.some((binary) => binary.file === file);
  if (!isOurs) return new BootlayerError('NOT_FOUND', 'there is no such file');
  const remedy = `put it into one of ${folders.join(', ')}, as ipxe/README.md says`;
  return new BootlayerError('NOT_FOUND', 'this iPXE binary is missing', { remedy });
}
