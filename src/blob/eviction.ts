import type { Digest } from '../oci/digest.js';
import type { Holding } from './blob-store.js';

/** `over`: by how many bytes what must stay is too much all the same. */
export type Eviction = { readonly evicted: readonly Holding[]; readonly over: number };

/** What goes so that the rest has no more than `limit` bytes: the least recently used first, nothing that is pinned. Pure. */
export function chooseEvicted(holdings: readonly Holding[], pinned: ReadonlySet<Digest>, limit: number): Eviction {
  let excess = bytesIn(holdings) - limit;
  const evicted: Holding[] = [];
  for (const blob of holdings.filter(({ digest }) => !pinned.has(digest)).toSorted((a, b) => a.lastUsed - b.lastUsed)) {
    if (excess <= 0) break;
    evicted.push(blob);
    excess -= blob.size;
  }
  return { evicted, over: Math.max(0, excess) };
}

export function bytesIn(holdings: readonly Pick<Holding, 'size'>[]): number {
  return holdings.reduce((sum, { size }) => sum + size, 0);
}
