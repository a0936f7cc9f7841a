import { isWithin, SECTOR_BYTES } from './iso-volume.js';
import type { RangeReader } from './range-reader.js';

/** What firmware may start of a CD (El Torito 1.0; UEFI 2.10, 13.3.2.1). */
export type BootEntry = {
  /** Which firmware it is for; `other` is a Mac or a PowerPC. */
  readonly firmware: 'bios' | 'uefi' | 'other';
  /** Where its program or file system begins, in bytes. */
  readonly offset: number;
};

const ENTRY_BYTES = 32;
const [BOOTABLE, MORE_HEADERS, LAST_HEADER, EXTENSION] = [0x88, 0x90, 0x91, 0x44];
const FIRMWARE: Readonly<Record<number, BootEntry['firmware']>> = { 0: 'bios', 239: 'uefi' };

/** The entries that may be booted; none where the catalogue is no such thing. Throws what the reader throws. */
export async function readBootCatalog(file: RangeReader, offset: number): Promise<readonly BootEntry[]> {
  const part = { offset, length: SECTOR_BYTES };
  if (!isWithin(file, part)) return [];
  const bytes = await file.read(part.offset, part.length);
  if (bytes[0] !== 1 || bytes.readUInt16LE(30) !== 0xaa55) return [];
  const entries: BootEntry[] = [];
  let firmware = firmwareOf(bytes[1]);
  // How many entries the section has that are still to come; the first has one, and no header.
  let [left, isLast] = [1, false];
  for (let at = ENTRY_BYTES; at < bytes.length; at += ENTRY_BYTES) {
    const entry = bytes.subarray(at, at + ENTRY_BYTES);
    const [kind] = entry;
    if (left === 0) {
      if (isLast || (kind !== MORE_HEADERS && kind !== LAST_HEADER)) break;
      [firmware, left, isLast] = [firmwareOf(entry[1]), entry.readUInt16LE(2), kind === LAST_HEADER];
      continue;
    }
    if (kind === EXTENSION) continue;
    left -= 1;
    if (kind === BOOTABLE) entries.push({ firmware, offset: entry.readUInt32LE(8) * SECTOR_BYTES });
  }
  return entries;
}

function firmwareOf(platform: number | undefined): BootEntry['firmware'] {
  return FIRMWARE[platform ?? 255] ?? 'other';
}
