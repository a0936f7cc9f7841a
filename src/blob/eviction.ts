import type { Digest } from '../oci/digest.js';
import type { UsedBlob } from './blob-store.js';

/** `over`: by how many bytes what must stay is too much all the same. */
export type Eviction = { readonly evicted: readonly UsedBlob[]; readonly over: number };

/** Which blobs go so that the others have no more than `limit` bytes: the least recently used first, none that is pinned. Pure. */
export function chooseEvicted(blobs: readonly UsedBlob[], pinned: ReadonlySet<Digest>, limit: number): Eviction {
  let excess = blobs.reduce((sum, { size }) => sum + size, 0) - limit;
  const evicted: UsedBlob[] = [];
  for (const blob of blobs.filter(({ digest }) => !pinned.has(digest)).toSorted((a, b) => a.lastUsed - b.lastUsed)) {
    if (excess <= 0) break;
    evicted.push(blob);
    excess -= blob.size;
  }
  return { evicted, over: Math.max(0, excess) };
}
