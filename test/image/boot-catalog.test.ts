import { expect, it } from 'vitest';
import { readBootCatalog } from '../../src/image/boot-catalog.js';
import { readIsoVolume } from '../../src/image/iso-volume.js';
import { rangesOf } from '../fixtures/ranges.js';
import { isoImage } from '../setup/iso.js';

const FILES = { 'efi.img': Buffer.alloc(4_096, 1), 'boot.bin': Buffer.alloc(2_048, 2) };
const BIOS = ['-b', 'boot.bin', '-no-emul-boot'];
const UEFI = ['-e', 'efi.img', '-no-emul-boot'];

async function madeBy(options: readonly string[]): Promise<{ readonly bytes: Buffer; readonly at: number }> {
  const bytes = await isoImage({ files: FILES, options });
  const read = await readIsoVolume(rangesOf(bytes));
  if (read.kind !== 'volume' || read.volume.bootCatalogAt === undefined) throw new Error('no catalogue');
  return { bytes, at: read.volume.bootCatalogAt };
}

it.each([
  ['a BIOS', BIOS, [['bios', 2]]],
  ['UEFI', UEFI, [['uefi', 1]]],
  [
    'both',
    [...BIOS, '-eltorito-alt-boot', ...UEFI],
    [
      ['bios', 2],
      ['uefi', 1],
    ],
  ],
])('lists what %s may boot, and where it begins', async (_what, options, entries) => {
  const { bytes, at } = await madeBy(options);
  const found = await readBootCatalog(rangesOf(bytes), at);
  expect(found.map(({ firmware, offset }) => [firmware, bytes[offset]])).toEqual(entries);
});

it('leaves out what is not to be booted, and reads no section that is said to be none', async () => {
  const { bytes, at } = await madeBy([...BIOS, '-eltorito-alt-boot', ...UEFI]);
  const unbootable = Buffer.from(bytes);
  unbootable[at + 32] = 0;
  expect(await readBootCatalog(rangesOf(unbootable), at)).toMatchObject([{ firmware: 'uefi' }]);
  const other = Buffer.from(bytes);
  other[at + 64] = 0x55;
  expect(await readBootCatalog(rangesOf(other), at)).toMatchObject([{ firmware: 'bios' }]);
});

it('is empty where there is no catalogue', async () => {
  const { bytes, at } = await madeBy(BIOS);
  for (const place of [0, at + 2_048, bytes.length - 1, bytes.length * 2, 2 ** 43])
    expect(await readBootCatalog(rangesOf(bytes), place)).toEqual([]);
});

it('ends with its sector, whatever it says', async () => {
  const { bytes, at } = await madeBy(BIOS);
  const endless = Buffer.from(bytes);
  for (let entry = at + 64; entry < at + 2_048; entry += 32) {
    endless[entry] = 0x88;
    endless.writeUInt16LE(65_535, entry + 2);
  }
  endless[at + 64] = 0x90;
  expect((await readBootCatalog(rangesOf(endless), at)).length).toBe(62);
});
