import { createReadStream } from 'node:fs';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { layerTypeOf } from '../image/media-type.js';
import type { Role } from '../image/role.js';
import { DigestHasher } from '../oci/digest.js';
import type { Layer } from './image-builder.js';

/** Read at a time: measured, smaller pieces cost a thread-pool hop each. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * A file as a layer: hashed once, and read again for every place it is written to. Throws USAGE when it cannot be read, and the
 * signal's reason.
 */
export async function layerFromFile(role: Role, file: string, signal?: AbortSignal): Promise<Layer> {
  const hasher = new DigestHasher();
  let size = 0;
  try {
    for await (const chunk of open(file)) {
      hasher.update(chunk);
      size += chunk.byteLength;
      if (signal?.aborted) break;
    }
  } catch (cause) {
    const why = systemErrorCode(cause) ?? String(cause);
    throw new BootlayerError('USAGE', `cannot read ${file} for the ${role} (${why})`, {
      remedy: 'name a file that exists and is readable',
      cause,
    });
  }
  signal?.throwIfAborted();
  if (size === 0)
    throw new BootlayerError('USAGE', `${file} for the ${role} is empty`, { remedy: 'name a file with contents' });
  return { role, descriptor: { mediaType: layerTypeOf(role), digest: hasher.digest(), size }, open: () => open(file) };
}

function open(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}
