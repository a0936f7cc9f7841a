import type { TransferEvents } from '../booter/transfer-events.js';
import { absentBinary } from '../ipxe/absent-binary.js';
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
    if (binary === undefined) throw absentBinary([file], binaries.folders);
    const { size } = binary;
    return { ...binary, begun: (sent) => transfers.loader({ address, protocol: 'tftp', file }, { size, sent }) };
  }
}
