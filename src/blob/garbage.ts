import { BootlayerError } from '../errors.js';
import { fewOf } from '../format.js';
import type { Holding } from './blob-store.js';
import type { Collector } from './collector.js';

export type Garbage = Pick<Holding, 'digest' | 'size' | 'isPart'>;

export type GarbageParts = {
  readonly collector: Pick<Collector, 'collect'>;
  /** Mapped images of which nobody knows what they need; undefined while that is not known itself. */
  readonly unresolved: readonly string[] | undefined;
  readonly isAnythingMapped: boolean;
};

const MAX_NAMES = 5;

/** What nothing needs goes, or, with `dryRun`, would go. Throws BLOB_UNAVAILABLE while not all is known of what is needed. */
export async function collectGarbage(
  { collector, unresolved, isAnythingMapped }: GarbageParts,
  { force, dryRun }: { readonly force: boolean; readonly dryRun: boolean },
): Promise<readonly Garbage[]> {
  if (!isAnythingMapped && !force) {
    throw new BootlayerError('BLOB_UNAVAILABLE', 'no image is mapped, so that nothing would stay', {
      remedy: 'see that the configuration has its assignments, and what it includes; --force removes everything',
    });
  }
  if (unresolved !== undefined && unresolved.length > 0 && !force) {
    throw new BootlayerError('BLOB_UNAVAILABLE', `what ${fewOf(unresolved, MAX_NAMES)} needs is not known`, {
      remedy: 'bootlayer check says what is wrong with it; --force lets its blobs go, too',
    });
  }
  const removed = await collector.collect({ dryRun });
  return removed.map(({ digest, size, isPart }) => ({ digest, size, isPart }));
}
