import { type BlobPath, parseBlobPath } from '../booter/blob-path.js';
import type { Booter } from '../booter/booter.js';
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

async function openArtifact(booter: Booter, wanted: BlobPath, { address }: FileRequest): Promise<BootFile> {
  const { slice } = wanted;
  const artifact = await booter.artifacts.find(wanted, address);
  const reader = await booter.artifacts.open(artifact, slice);
  // What a machine starts is no part of something else to it.
  const range = artifact.part === undefined ? slice : undefined;
  return {
    ...reader,
    begun: (sent) => booter.artifacts.begun(artifact, { address, protocol: 'tftp', range, sent }),
  };
}
