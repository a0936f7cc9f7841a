import { join } from 'node:path';
import type { StoredBlob } from './blob-store.js';
import { type Checked, checkBlob, listBlobs } from './disk-folder.js';
import { blobPath } from './layout.js';

/** `gone`: somebody removed it meanwhile, who may be the server. */
export type Verified = StoredBlob & Pick<Checked, 'state'>;

/** Reads every blob of a cache folder and says whether it is what its name says. A server may be using the folder. */
export async function* verifyBlobs(folder: string): AsyncGenerator<Verified> {
  for (const { digest, size } of await listBlobs(folder)) {
    const { state } = await checkBlob(join(folder, blobPath(digest)), digest);
    yield { digest, size, state };
  }
}
