import { formatBytes } from '../format.js';
import type { FilePart, RangeReader } from './range-reader.js';

/** What is said of an ISO 9660 image in front of its files (ECMA-119, 8). */
export type IsoVolume = {
  /** Its volume identifier, which live systems look for. */
  readonly label: string;
  /** The root directory, by names that any system can have, or by their extension of Rock Ridge. */
  readonly root: FilePart;
  /** The root directory of names in UCS-2, where there is one (Joliet). */
  readonly jolietRoot?: FilePart;
  /** Where what firmware may boot is listed (El Torito). */
  readonly bootCatalogAt?: number;
  /** Whether it begins with a partition table too, so that it boots as a disk. */
  readonly isHybrid: boolean;
};

export type ReadIsoVolume =
  | { readonly kind: 'volume'; readonly volume: IsoVolume }
  /** It is something else. */
  | { readonly kind: 'other' }
  /** It begins as one does, and cannot be one. */
  | { readonly kind: 'broken'; readonly reason: string };

/** A CD has no others, and what is not for a CD uses them too. */
export const SECTOR_BYTES = 2_048;

/** Before it is the room of the system: partition tables and boot code. */
const FIRST_DESCRIPTOR = 16;
/** There are three or four; what says that it has more is not read on. */
const MOST_DESCRIPTORS = 32;
const [BOOT_RECORD, PRIMARY, SUPPLEMENTARY, TERMINATOR] = [0, 1, 2, 255];
/** The escape sequences of UCS-2 by its three levels (Joliet specification, 2). */
const JOLIET_ESCAPES: ReadonlySet<string> = new Set(['%/@', '%/C', '%/E']);
const EL_TORITO = 'EL TORITO SPECIFICATION';

/** Reads the volume descriptors alone. What is read is bounded, whatever they say. Throws what the reader throws. */
export async function readIsoVolume(file: RangeReader): Promise<ReadIsoVolume> {
  const system = await file.read(0, Math.min(512, file.size));
  const descriptors: Buffer[] = [];
  for (let sector = FIRST_DESCRIPTOR; sector < FIRST_DESCRIPTOR + MOST_DESCRIPTORS; sector += 1) {
    const descriptor = await file.read(sector * SECTOR_BYTES, SECTOR_BYTES);
    if (descriptor.length < SECTOR_BYTES || descriptor.toString('latin1', 1, 6) !== 'CD001') break;
    if (descriptor[0] === TERMINATOR) return volumeOf(file, descriptors, isHybrid(system));
    descriptors.push(descriptor);
  }
  return descriptors.length === 0 ? { kind: 'other' } : broken('its volume descriptors do not end');
}

function volumeOf(file: RangeReader, descriptors: readonly Buffer[], hybrid: boolean): ReadIsoVolume {
  const primary = descriptors.find(([type]) => type === PRIMARY);
  if (primary === undefined) return broken('it has no primary volume descriptor');
  const blockBytes = primary.readUInt16LE(128);
  if (blockBytes !== SECTOR_BYTES) return broken(`its blocks have ${blockBytes} bytes, and ${SECTOR_BYTES} are read`);
  // Behind the volume there may be more, as a table of partitions, and there is no less (ECMA-119, 8.4.8).
  const volumeBytes = primary.readUInt32LE(80) * blockBytes;
  if (file.size < volumeBytes) return broken(cutOff(volumeBytes, file.size));
  const root = rootOf(primary);
  if (!isWithin(file, root)) return broken('its root directory is beyond its end');
  const joliet = descriptors.find(
    (one) => one[0] === SUPPLEMENTARY && JOLIET_ESCAPES.has(one.toString('latin1', 88, 91)),
  );
  const jolietRoot = joliet && rootOf(joliet);
  const boot = descriptors.find((one) => one[0] === BOOT_RECORD && textIn(one, 7, 39) === EL_TORITO);
  const volume = {
    label: textIn(primary, 40, 72).replace(/[^\x20-\x7e]/g, '?'),
    root,
    isHybrid: hybrid,
    ...(jolietRoot !== undefined && isWithin(file, jolietRoot) && { jolietRoot }),
    ...(boot !== undefined && { bootCatalogAt: boot.readUInt32LE(71) * SECTOR_BYTES }),
  };
  return { kind: 'volume', volume };
}

/** The record of the root directory stands in the descriptor, without a name. */
function rootOf(descriptor: Buffer): FilePart {
  return { offset: descriptor.readUInt32LE(156 + 2) * SECTOR_BYTES, length: descriptor.readUInt32LE(156 + 10) };
}

export function isWithin({ size }: RangeReader, { offset, length }: FilePart): boolean {
  return length > 0 && offset + length <= size;
}

/** A master boot record, which has the partitions of a disk. */
function isHybrid(system: Buffer): boolean {
  return system.length === 512 && system.readUInt16LE(510) === 0xaa55;
}

/** Filled up by spaces, or by zeros. */
function textIn(descriptor: Buffer, from: number, to: number): string {
  return descriptor.toString('latin1', from, to).replace(/[\0 ]+$/, '');
}

function cutOff(volumeBytes: number, fileBytes: number): string {
  return `it is cut off: of its ${formatBytes(volumeBytes)}, ${formatBytes(volumeBytes - fileBytes)} are missing`;
}

function broken(reason: string): ReadIsoVolume {
  return { kind: 'broken', reason };
}
