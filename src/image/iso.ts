import { type BootEntry, readBootCatalog } from './boot-catalog.js';
import type { IsoFiles } from './iso-files.js';
import { type IsoOpening, openIso } from './iso-opening.js';
import { isoTree } from './iso-tree.js';
import { readIsoVolume } from './iso-volume.js';
import type { RangeReader } from './range-reader.js';

/** What an ISO 9660 image holds, and who can boot it. */
export type Iso = {
  /** Its volume identifier. */
  readonly label: string;
  /** Which firmware boots it as it is, as a CD (El Torito). */
  readonly firmware: readonly BootEntry['firmware'][];
  /** Whether it boots as a disk as well. */
  readonly isHybrid: boolean;
  /** What of it is started where it is not booted as it is. */
  readonly opening: IsoOpening;
};

export type ReadIso =
  | { readonly kind: 'iso'; readonly iso: Iso }
  /** `isIso`: false where it is something else. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isIso?: false };

/**
 * Reads its descriptors, its boot catalogue, and the directories and files that lead to its kernel: some hundred kilobytes of an
 * image of any size. Throws what the reader throws.
 *
 * @param isoFiles what the operator says is to be started of it
 */
export async function readIso(file: RangeReader, isoFiles?: IsoFiles): Promise<ReadIso> {
  const read = await readIsoVolume(file);
  if (read.kind === 'other') return { kind: 'refused', reason: 'it is no ISO 9660 image', isIso: false };
  if (read.kind === 'broken') return { kind: 'refused', reason: read.reason };
  const { label, isHybrid, bootCatalogAt } = read.volume;
  const entries = bootCatalogAt === undefined ? [] : await readBootCatalog(file, bootCatalogAt);
  const firmware = [...new Set(entries.map((entry) => entry.firmware))];
  const opening = await openIso(file, await isoTree(file, read.volume), isoFiles);
  return { kind: 'iso', iso: { label, firmware, isHybrid, opening } };
}
