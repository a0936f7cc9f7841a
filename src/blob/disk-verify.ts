import { join } from 'node:path';
import { systemErrorCode } from '../errors.js';
import type { Digest } from '../oci/digest.js';
import type { StoredBlob } from './blob-store.js';
import { listBlobs } from './disk-blob-store.js';
import { DiskReader } from './disk-reader.js';
import { hashOf } from './hash.js';
import { blobPath } from './layout.js';

/** `gone`: somebody removed it meanwhile, who may be the server. */
export type Verified = StoredBlob & { readonly state: 'intact' | 'damaged' | 'unreadable' | 'gone' };

/** Reads every blob of a cache folder and says whether it is what its name says. A server may be using the folder. */
export async function* verifyBlobs(folder: string): AsyncGenerator<Verified> {
  for (const { digest, size } of await listBlobs(folder)) {
    yield { digest, size, state: await stateOf(join(folder, blobPath(digest)), digest) };
  }
}

async function stateOf(path: string, digest: Digest): Promise<Verified['state']> {
  try {
    const reader = await DiskReader.open(path);
    try {
      return (await hashOf(reader)) === digest ? 'intact' : 'damaged';
    } finally {
      await reader.close();
    }
  } catch (thrown) {
    return systemErrorCode(thrown) === 'ENOENT' ? 'gone' : 'unreadable';
  }
}
