import { type BlobPath, parseBlobPath } from '../booter/blob-path.js';
import type { Booter } from '../booter/booter.js';
import { BootlayerError } from '../errors.js';
import type { BootFile, BootFileRoute, FileRequest } from './boot-file.js';

/** The layers of mapped images and issued plans, and parts of them, by the paths that HTTP has them under. */
export function artifactRoute(booter: Booter): BootFileRoute {
  return {
    name: 'artifacts',
    claim: (path) => {
      const wanted = parseBlobPath(path);
      return wanted && ((request) => openArtifact(booter, wanted, request));
    },
  };
}

async function openArtifact(booter: Booter, { digest, slice }: BlobPath, { address }: FileRequest): Promise<BootFile> {
  const artifact = await booter.findArtifact(digest, address);
  if (artifact === undefined)
    throw new BootlayerError('BLOB_UNKNOWN', `no assignment and no issued plan leads to ${digest}`);
  const reader = await booter.openArtifact(artifact, slice);
  const range = slice && `${slice.offset}-${slice.offset + slice.length - 1}`;
  return { ...reader, begun: () => booter.transfers.artifact(booter.transferOf(artifact, address, range)) };
}
