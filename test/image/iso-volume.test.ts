import { describe, expect, it } from 'vitest';
import { formatBytes } from '../../src/format.js';
import { readIsoVolume } from '../../src/image/iso-volume.js';
import { rangesOf } from '../fixtures/ranges.js';
import { isoImage, type MadeIso } from '../setup/iso.js';

const read = (bytes: Buffer) => readIsoVolume(rangesOf(bytes));
const FILES = { 'efi.img': Buffer.alloc(4_096, 1) };
const SECTOR = 2_048;

/** With other bytes at some places. */
function changed(bytes: Buffer, changes: Readonly<Record<number, Buffer>>): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, other] of Object.entries(changes)) other.copy(copy, Number(at));
  return copy;
}

it('has the label, where the root directories are, and where the boot catalogue is', async () => {
  const bytes = await isoImage({ files: FILES, options: ['-J', '-e', 'efi.img', '-no-emul-boot'] });
  const found = await read(bytes);
  if (found.kind !== 'volume') throw new Error(JSON.stringify(found));
  const { root, jolietRoot, bootCatalogAt, ...said } = found.volume;
  expect(said).toEqual({ label: 'TESTISO', isHybrid: false });
  const first = [root, jolietRoot].map((part) => bytes.readUInt32LE((part?.offset ?? 0) + 2) * SECTOR);
  expect(first).toEqual([root.offset, jolietRoot?.offset]);
  expect(bytes[bootCatalogAt ?? 0]).toBe(1);
});

it('has neither where there is none', async () => {
  const found = await read(await isoImage({ files: FILES, options: [] }));
  expect(found).toEqual({
    kind: 'volume',
    volume: { label: 'TESTISO', isHybrid: false, root: expect.objectContaining({ length: SECTOR }) as object },
  });
});

it('sees that it is a disk as well', async () => {
  const options = ['-e', 'efi.img', '-no-emul-boot', '--protective-msdos-label'];
  const found = await read(await isoImage({ files: FILES, options }));
  expect(found).toMatchObject({ volume: { isHybrid: true } });
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['a file system of another kind', Buffer.alloc(100_000)],
])('is something else: %s', async (_what, bytes) => {
  expect(await read(bytes)).toEqual({ kind: 'other' });
});

it('is refused where it cannot be one', async () => {
  const bytes = await isoImage({ files: FILES, options: [] });
  const primary = 16 * SECTOR;
  const cases = [
    [bytes.subarray(0, 17 * SECTOR), 'its volume descriptors do not end'],
    [changed(bytes, { [primary]: Buffer.of(3) }), 'it has no primary volume descriptor'],
    [changed(bytes, { [primary + 128]: Buffer.of(0, 2) }), 'its blocks have 512 bytes, and 2048 are read'],
    [changed(bytes, { [primary + 158]: Buffer.alloc(4, 0xff) }), 'its root directory is beyond its end'],
    [changed(bytes, { [primary + 166]: Buffer.alloc(4) }), 'its root directory is beyond its end'],
  ] as const;
  for (const [broken, reason] of cases) expect(await read(broken)).toEqual({ kind: 'broken', reason });
});

describe('one that is cut off', () => {
  it.each([1, SECTOR, 150 * SECTOR])('is refused, and says how much is missing: %d bytes', async (missing) => {
    const bytes = await isoImage({ files: FILES, options: [] });
    expect(await read(bytes.subarray(0, bytes.length - missing))).toEqual({
      kind: 'broken',
      reason: `it is cut off: of its ${formatBytes(bytes.length)}, ${formatBytes(missing)} are missing`,
    });
  });

  it.each<[string, MadeIso['options'], MadeIso['before']?]>([
    ['with no more than its files', ['-no-pad']],
    ['filled up', [], ['-padding', '1m']],
    ['filled up within', [], ['-padding', 'included']],
    ['that is on a stick with an offset', ['-partition_offset', '16']],
    ['with partitions', ['-e', 'efi.img', '-no-emul-boot', '-isohybrid-gpt-basdat', '--protective-msdos-label']],
    ['with a partition behind it', ['-append_partition', '2', '0xef', 'root/efi.img']],
  ])('is none that xorriso has made: %s', async (_what, options = [], before = []) => {
    const bytes = await isoImage({ files: FILES, options, before });
    expect(await read(bytes)).toMatchObject({ kind: 'volume' });
    expect(await read(Buffer.concat([bytes, Buffer.alloc(4_096)]))).toMatchObject({ kind: 'volume' });
  });
});

it('reads no more descriptors than there may be', async () => {
  const bytes = await isoImage({ files: FILES, options: [] });
  const one = bytes.subarray(16 * SECTOR, 17 * SECTOR);
  const ranges = rangesOf(Buffer.concat([bytes.subarray(0, 16 * SECTOR), ...Array<Buffer>(1_000).fill(one)]));
  expect(await readIsoVolume(ranges)).toEqual({ kind: 'broken', reason: 'its volume descriptors do not end' });
  expect(ranges.parts.length).toBe(33);
});

it('gives a terminal nothing that drives it', async () => {
  const bytes = await isoImage({ files: FILES, options: [] });
  const found = await read(changed(bytes, { [16 * SECTOR + 40]: Buffer.from('\x1b[2J') }));
  expect(found).toMatchObject({ volume: { label: '?[2JISO' } });
});
