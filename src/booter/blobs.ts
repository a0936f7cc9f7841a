import type { BlobReader } from '../blob/blob-reader.js';
import type { BlobSource } from '../blob/blob-store.js';
import type { Descriptor } from '../oci/descriptor.js';

/** The cache as the booter uses it; `blob/` is it. */
export interface Blobs {
  open(descriptor: Descriptor, sources: readonly BlobSource[]): Promise<BlobReader>;
  prefetch(descriptor: Descriptor, sources: readonly BlobSource[]): void;
}
