import { BootlayerError } from '../errors.js';
import { IPXE_BINARIES } from './binaries.js';

/** Why a machine gets no iPXE; `files`: those of the table that would do, as they are tried. */
export function whyNoBinary(files: readonly string[]): string {
  return files.length === 0 ? 'there is no iPXE for it' : `${files.join(' or ')} is missing`;
}

/** NOT_FOUND, of files that were to be sent and are in none of the folders: which those are is the log's, as the remedy is. */
export function absentBinary(files: readonly string[], folders: readonly string[]): BootlayerError {
  const isOfTable = files.every((file) => IPXE_BINARIES.some((binary) => binary.file === file));
  if (!isOfTable) return new BootlayerError('NOT_FOUND', 'there is no such file');
  const remedy = `put it into one of ${folders.join(', ')}, as ipxe/README.md says`;
  return new BootlayerError('NOT_FOUND', whyNoBinary(files), files.length === 0 ? {} : { remedy });
}
