import { SECTOR_BYTES } from './iso-volume.js';
import type { FilePart } from './range-reader.js';
import { fieldsSkipped, type RockRidge, rockRidgeOf } from './rock-ridge.js';

/** How names are read: as ECMA-119 has them, in UCS-2 (Joliet), or by Rock Ridge, whose fields begin after so many bytes. */
export type Naming = 'plain' | 'joliet' | { readonly skipped: number };

/** One record of a directory (ECMA-119, 9.1). */
export type IsoRecord = Omit<RockRidge, 'name'> & {
  readonly name: string;
  readonly isFolder: boolean;
  readonly part: FilePart;
  /** Whether the next record is of the same file. */
  readonly goesOn: boolean;
};

const NAME_AT = 33;
const [FOLDER, GOES_ON] = [0x02, 0x80];

/** The records of a directory, from its beginning on: none goes from one sector into the next. Those that are not whole end a sector. */
export function* recordsIn(directory: Buffer): Generator<Buffer> {
  for (let sector = 0; sector < directory.length; sector += SECTOR_BYTES) {
    const bytes = directory.subarray(sector, sector + SECTOR_BYTES);
    let at = 0;
    while (at + NAME_AT < bytes.length) {
      const length = bytes[at] ?? 0;
      if (length <= NAME_AT || at + length > bytes.length || NAME_AT + (bytes[at + 32] ?? 0) > length) break;
      yield bytes.subarray(at, at + length);
      at += length;
    }
  }
}

/**
 * What it says, with what Rock Ridge says elsewhere, as far as that was read. Undefined for the two that stand for the directory
 * itself and the one above it.
 */
export function recordOf(record: Buffer, naming: Naming, elsewhere: readonly Buffer[] = []): IsoRecord | undefined {
  const name = record.subarray(NAME_AT, NAME_AT + (record[32] ?? 0));
  if (name.length === 1 && (name[0] ?? 0) <= 1) return undefined;
  const fields = typeof naming === 'string' ? [] : [fieldsOf(record).subarray(naming.skipped), ...elsewhere];
  const { name: given, ...said } = rockRidgeOf(fields);
  const [flags, extendedBlocks, unitBlocks] = [record[25] ?? 0, record[1] ?? 0, record[26] ?? 0];
  return {
    name: given ?? (naming === 'joliet' ? jolietName(name) : plainName(name)),
    isFolder: (flags & FOLDER) !== 0,
    part: {
      offset: (record.readUInt32LE(2) + extendedBlocks) * SECTOR_BYTES,
      length: record.readUInt32LE(10),
    },
    goesOn: (flags & GOES_ON) !== 0,
    ...said,
    ...(unitBlocks !== 0 && { obstacle: 'its blocks are interleaved with those of others' }),
  };
}

/** Of the root directory's own record: how Rock Ridge is to be read; undefined where there is none. */
export function rockRidgeNaming(own: Buffer): Naming | undefined {
  const skipped = fieldsSkipped(fieldsOf(own));
  return skipped === undefined ? undefined : { skipped };
}

/** What is behind the name, which is filled up to an even length. */
function fieldsOf(record: Buffer): Buffer {
  const nameLength = record[32] ?? 0;
  return record.subarray(NAME_AT + nameLength + (nameLength % 2 === 0 ? 1 : 0));
}

/** In UCS-2, the high byte first. */
function jolietName(bytes: Buffer): string {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 2));
  return withoutVersion(Buffer.from(whole).swap16().toString('utf16le'));
}

function plainName(bytes: Buffer): string {
  return withoutVersion(bytes.toString('latin1')).replace(/\.$/, '');
}

/** Of which there is one: `VMLINUZ.;1`. */
function withoutVersion(name: string): string {
  return name.replace(/;\d+$/, '');
}
