import { join } from 'node:path';
import { BootlayerError } from '../errors.js';
import type { StoredBlob } from './blob-store.js';
import { type Checked, checkBlob, listBlobs } from './disk-folder.js';
import { blobPath } from './layout.js';

/** `gone`: somebody removed it meanwhile, who may be the server. `unreadable`: by this user. */
export type Verified = StoredBlob & { readonly state: Checked['state'] | 'unreadable' };

/**
 * Reads every blob of a cache folder and says whether it is what its name says. A server may be using the folder. Throws
 * BLOB_UNAVAILABLE.
 */
export async function* verifyBlobs(folder: string): AsyncGenerator<Verified> {
  for (const { digest, size } of await listBlobs(folder)) {
    yield { digest, size, state: await stateOf(join(folder, blobPath(digest)), digest) };
  }
}

async function stateOf(...[path, digest]: Parameters<typeof checkBlob>): Promise<Verified['state']> {
  try {
    return (await checkBlob(path, digest)).state;
  } catch (thrown) {
    if (BootlayerError.from(thrown).code === 'DATA_UNUSABLE') return 'unreadable';
    throw thrown;
  }
}
