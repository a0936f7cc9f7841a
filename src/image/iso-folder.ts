import { type IsoRecord, type Naming, recordOf, recordsIn, rockRidgeNaming } from './iso-record.js';
import { type IsoVolume, isWithin, SECTOR_BYTES } from './iso-volume.js';
import type { FilePart, RangeReader } from './range-reader.js';

/** What stands in a directory. */
export type IsoEntry =
  | { readonly kind: 'file'; readonly name: string; readonly part: FilePart }
  | { readonly kind: 'folder'; readonly name: string; readonly part: FilePart }
  | { readonly kind: 'link'; readonly name: string; readonly target: string }
  /** Its bytes are not one part of the image as they are. */
  | { readonly kind: 'refused'; readonly name: string; readonly reason: string };

/** A directory, and how its names are read. */
export type IsoFolder = { readonly part: FilePart; readonly naming: Naming };

/** Of a directory: 20,000 files, which no installer has in one. */
const MOST_FOLDER_BYTES = 2 * 1024 * 1024;
/** Of a file in several parts, of 4 GiB each: of what goes on for ever, no more is kept than what says so. */
const MOST_PARTS = 64;
/** Of what Rock Ridge says elsewhere, as of long names: of one record, and of all in a directory. */
const [MOST_AREA_BYTES, MOST_AREAS, MOST_AREAS_ELSEWHERE] = [SECTOR_BYTES, 4, 1_024];

/** Where names are read best: by Rock Ridge, else by Joliet, else as they are. Throws what the reader throws. */
export async function rootFolder(file: RangeReader, { root, jolietRoot }: IsoVolume): Promise<IsoFolder> {
  const [own] = recordsIn(await file.read(root.offset, Math.min(root.length, SECTOR_BYTES)));
  const rockRidge = own && rockRidgeNaming(own);
  if (rockRidge !== undefined) return { part: root, naming: rockRidge };
  return jolietRoot === undefined ? { part: root, naming: 'plain' } : { part: jolietRoot, naming: 'joliet' };
}

/** Everything in it, in its order. What leads out of the image is refused. Throws what the reader throws. */
export async function readFolder(file: RangeReader, { part, naming }: IsoFolder): Promise<readonly IsoEntry[]> {
  if (!isWithin(file, part)) return [];
  const bytes = await file.read(part.offset, Math.min(part.length, MOST_FOLDER_BYTES));
  const entries: IsoEntry[] = [];
  let left = MOST_AREAS_ELSEWHERE;
  let records: IsoRecord[] = [];
  for (const each of recordsIn(bytes)) {
    const elsewhere = await areasElsewhere(file, { record: each, naming, most: Math.min(left, MOST_AREAS) });
    left -= elsewhere.length;
    const record = recordOf(each, naming, elsewhere);
    if (record === undefined) continue;
    records.push(record);
    if (record.goesOn && records.length < MOST_PARTS) continue;
    const [first = record, ...others] = records;
    entries.push(entryOf(file, first, others));
    records = [];
  }
  return entries;
}

type Elsewhere = { readonly record: Buffer; readonly naming: Naming; readonly most: number };

/** What Rock Ridge says of a record where there is room for it, each area naming the next. */
async function areasElsewhere(file: RangeReader, { record, naming, most }: Elsewhere): Promise<readonly Buffer[]> {
  const areas: Buffer[] = [];
  while (areas.length < most) {
    const more = recordOf(record, naming, areas)?.more;
    if (more === undefined || more.length > MOST_AREA_BYTES || !isWithin(file, more)) break;
    areas.push(await file.read(more.offset, more.length));
  }
  return areas;
}

/** The parts of a large file lie behind one another most times, and are one then. */
function entryOf({ size }: RangeReader, first: IsoRecord, others: readonly IsoRecord[]): IsoEntry {
  const { name, target, obstacle, isFolder } = first;
  if (target !== undefined) return { kind: 'link', name, target };
  if (obstacle !== undefined) return { kind: 'refused', name, reason: obstacle };
  let part = first.part;
  for (const { part: next } of others) {
    if (next.offset !== part.offset + part.length)
      return { kind: 'refused', name, reason: `it lies in ${others.length + 1} parts that are apart` };
    part = { offset: part.offset, length: part.length + next.length };
  }
  if (part.offset + part.length > size) return { kind: 'refused', name, reason: 'it is beyond the end of the image' };
  return { kind: isFolder ? 'folder' : 'file', name, part };
}
