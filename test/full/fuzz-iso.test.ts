import { describe, expect, it } from 'vitest';
import { type ReadIso, readIso } from '../../src/image/iso.js';
import type { IsoFile } from '../../src/image/iso-opening.js';
import type { FilePart } from '../../src/image/range-reader.js';
import { bzImageHead } from '../fixtures/huge-uki.js';
import { isoImage, type MadeIso, NO_ROCK_RIDGE } from '../setup/iso.js';
import { Dice } from './dice.js';

/** Whatever an ISO says: it is read or refused, by little of it. */

const SECTOR_BYTES = 2_048;
const MIB = 1024 * 1024;
const KERNEL = Buffer.concat([bzImageHead(), Buffer.alloc(60_000, 7)]);
const GRUB =
  'set default=1\nmenuentry A {\n linux /x\n}\nmenuentry B --id b {\n linux /live/k a=$b\n initrd /live/i\n}\n';
const ISOLINUX = 'default v\nlabel v\n menu default\n kernel ../live/k\n append initrd=/live/i,/live/i quiet\n';
const FILES = { 'live/k': KERNEL, 'live/i': Buffer.alloc(9_000, 8) };
const DEEP = Array.from({ length: 12 }, (_, depth) => `folder-${depth}-${'n'.repeat(40)}`).join('/');

const IMAGES: Readonly<Record<string, MadeIso>> = {
  'names of Joliet alone': {
    files: { 'boot/grub/grub.cfg': GRUB, ...FILES },
    before: NO_ROCK_RIDGE,
    options: ['-J', '-joliet-long'],
  },
  'deep folders and links of Rock Ridge': {
    files: { [`${DEEP}/k`]: KERNEL, 'live/i': 'i', 'boot/grub/grub.cfg': GRUB },
    links: { 'live/k': `../${DEEP}/k`, x: 'live/k', boot2: 'boot2' },
    options: [],
  },
  'a boot catalogue, and partitions': {
    files: { ...FILES, 'boot.bin': Buffer.alloc(4_096), 'efi.img': Buffer.alloc(8_192), 'EFI/BOOT/grub.cfg': GRUB },
    options: [
      ...['-b', 'boot.bin', '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'],
      ...['-eltorito-alt-boot', '-e', 'efi.img', '-no-emul-boot', '-isohybrid-gpt-basdat', '--protective-msdos-label'],
    ],
  },
  'a menu of isolinux': { files: { 'isolinux/isolinux.cfg': ISOLINUX, ...FILES }, options: ['-J'] },
  'a layout that is known': {
    files: { 'casper/vmlinuz': KERNEL, 'casper/initrd': 'i', 'live/vmlinuz-6': KERNEL, 'live/initrd.img-6': 'i' },
    options: ['-J'],
  },
};

/** Numbers that break sums. */
const EXTREMES = [0, 1, 2_047, 2_048, 0x7fff_ffff, 0x8000_0000, 0xffff_f800, 0xffff_ffff];

/** The sectors that say something: descriptors, directories, menus. */
function telling(bytes: Buffer): readonly number[] {
  const count = Math.floor(bytes.length / SECTOR_BYTES);
  return Array.from({ length: Math.min(count, 120) }, (_, sector) => sector).filter((sector) =>
    bytes.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES).some((byte) => byte !== 0),
  );
}

/** A place where something stands: what is filled up by zeros says nothing. */
function place(bytes: Buffer, sectors: readonly number[], dice: Dice): number {
  const start = dice.one(sectors) * SECTOR_BYTES;
  for (let tries = 0; tries < 20; tries += 1) {
    const at = start + dice.below(SECTOR_BYTES - 4);
    if (bytes[at] !== 0) return at;
  }
  return start;
}

/** Where something is said: in which sectors, and in which records of directories. */
type Places = { readonly sectors: readonly number[]; readonly records: readonly number[] };

type Change = (bytes: Buffer, places: Places, dice: Dice) => void;

const CHANGES: readonly Change[] = [
  (bytes, { sectors }, dice) => (bytes[place(bytes, sectors, dice)] = dice.below(256)),
  (bytes, { sectors }, dice) => bytes.writeUInt32LE(dice.one(EXTREMES), place(bytes, sectors, dice)),
  // Of a record of a directory: where it is, its size, its flags, the length of its name.
  (bytes, { sectors, records }, dice) => {
    const at = dice.one(records);
    const [offset, value] = [dice.one([0, 1, 25, 26, 32]), dice.below(256)];
    if (dice.below(2) === 0) bytes[at + offset] = value;
    else bytes.writeUInt32LE(dice.one([...EXTREMES, dice.one(sectors)]), at + dice.one([2, 10]));
  },
  (bytes, { sectors }, dice) => {
    const [one, other] = [dice.one(sectors) * SECTOR_BYTES, dice.one(sectors) * SECTOR_BYTES];
    const kept = Buffer.from(bytes.subarray(one, one + SECTOR_BYTES));
    bytes.copy(bytes, one, other, other + SECTOR_BYTES);
    kept.copy(bytes, other);
  },
  // A field of Rock Ridge, wherever one is.
  (bytes, _places, dice) => {
    const field = bytes.indexOf(
      dice.one(['NM', 'SL', 'CE', 'PX', 'SP', 'TF']),
      dice.below(60) * SECTOR_BYTES,
      'latin1',
    );
    if (field !== -1 && field + 12 < bytes.length) bytes[field + dice.below(12)] = dice.below(256);
  },
];

/** Both orders of bytes of where a file is show a record of it (ECMA-119, 7.3.3 and 9.1.3). */
function recordsIn(bytes: Buffer): readonly number[] {
  const records: number[] = [16 * SECTOR_BYTES + 156];
  for (let at = 18 * SECTOR_BYTES; at + 34 < Math.min(bytes.length, 60 * SECTOR_BYTES); at += 2)
    if (bytes.readUInt32LE(at + 2) === bytes.readUInt32BE(at + 6) && bytes.readUInt32LE(at + 2) !== 0) records.push(at);
  return records;
}

/** Counts, and gives nothing that is not there. */
function countingReader(bytes: Buffer) {
  const parts: FilePart[] = [];
  const read = async (offset: number, length: number) => {
    if (!(offset >= 0 && length >= 0)) throw new Error(`it asks for ${length} bytes at ${offset}`);
    parts.push({ offset, length });
    return bytes.subarray(offset, offset + length);
  };
  return { file: { size: bytes.length, read }, parts };
}

/** The image cut off, or with a few changes. */
function spoiled(whole: Buffer, places: Places, dice: Dice): Buffer {
  if (dice.below(8) === 0) return whole.subarray(0, dice.below(whole.length));
  const bytes = Buffer.from(whole);
  for (let changes = 1 + dice.below(6); changes > 0; changes -= 1) dice.one(CHANGES)(bytes, places, dice);
  return bytes;
}

/** What of it a machine would be given. */
function startedOf(read: ReadIso): readonly IsoFile[] {
  if (read.kind !== 'iso' || read.iso.opening.kind !== 'opened') return [];
  const { kernel, initrds, root } = read.iso.opening;
  return [kernel, ...initrds, ...(root === undefined ? [] : [root])];
}

describe.each(Object.entries(IMAGES))('an ISO with %s', (_what, made) => {
  it('is read or refused whatever of it is changed, by fewer than a hundred reads', async () => {
    const whole = await isoImage(made);
    expect(startedOf(await readIso(countingReader(whole).file))).not.toEqual([]);
    const places = { sectors: telling(whole), records: recordsIn(whole) };
    expect(places.records.length).toBeGreaterThan(4);
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const bytes = spoiled(whole, places, new Dice(seed));
      const { file, parts } = countingReader(bytes);
      const read = await readIso(file).catch((cause: unknown) => {
        throw new Error(`seed ${seed}`, { cause });
      });
      kinds.add(read.kind === 'iso' ? read.iso.opening.kind : read.reason);
      const received = parts.reduce((sum, { length }) => sum + length, 0);
      expect([seed, parts.length < 100, received < 4 * MIB]).toEqual([seed, true, true]);
      const beyond = startedOf(read).filter(({ part }) => part.offset + part.length > bytes.length);
      expect([seed, beyond]).toEqual([seed, []]);
    }
    // Else nothing was changed that counts.
    expect([...kinds]).toEqual(expect.arrayContaining(['opened', 'closed', 'it is no ISO 9660 image']));
  });
});
