import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IsoTree, isoTree } from '../../src/image/iso-tree.js';
import { readIsoVolume } from '../../src/image/iso-volume.js';
import { rangesOf } from '../fixtures/ranges.js';
import { isoImage, NO_ROCK_RIDGE } from '../setup/iso.js';

const LONG = `${'a'.repeat(200)}.img`;
const FILES = {
  'casper/vmlinuz': 'the kernel',
  'casper/initrd.img': 'the initramfs',
  'casper/empty': '',
  [`long/${LONG}`]: 'long',
};

async function treeOf(bytes: Buffer): Promise<IsoTree> {
  const file = rangesOf(bytes);
  const read = await readIsoVolume(file);
  if (read.kind !== 'volume') throw new Error(`not a volume: ${read.kind}`);
  return isoTree(file, read.volume);
}

async function textAt(bytes: Buffer, path: string): Promise<string> {
  const found = await (await treeOf(bytes)).find(path);
  if (found.kind !== 'file') return found.kind;
  return bytes.toString('utf8', found.part.offset, found.part.offset + found.part.length);
}

describe.each([
  ['Rock Ridge', [], [], LONG],
  ['Joliet', NO_ROCK_RIDGE, ['-J'], `${'a'.repeat(61)}.img`],
  ['plain names', NO_ROCK_RIDGE, [], 'AAAAAAAA.IMG'],
])('by %s', (_what, before, options, long) => {
  it('finds files by their paths, whatever their case, and lists what is in a folder', async () => {
    const bytes = await isoImage({ files: FILES, before, options });
    expect(await textAt(bytes, '/casper/vmlinuz')).toBe('the kernel');
    expect(await textAt(bytes, 'Casper//./INITRD.img')).toBe('the initramfs');
    expect(await textAt(bytes, '/casper/nothing')).toBe('missing');
    expect(await textAt(bytes, '/casper')).toBe('missing');
    expect(await textAt(bytes, '/casper/vmlinuz/more')).toBe('missing');
    const tree = await treeOf(bytes);
    expect((await tree.list('/long')).entries.map(({ name }) => name)).toEqual([long]);
    expect((await tree.list('/')).entries.map(({ name, kind }) => [name.toLowerCase(), kind])).toEqual([
      ['casper', 'folder'],
      ['long', 'folder'],
    ]);
    expect((await tree.list('/nowhere')).entries).toEqual([]);
  });
});

it('takes the name that is written so, before one in another case', async () => {
  const bytes = await isoImage({ files: { 'a/README': 'loud', 'a/readme': 'quiet' }, options: [] });
  expect([await textAt(bytes, '/a/readme'), await textAt(bytes, '/a/README')]).toEqual(['quiet', 'loud']);
});

describe('symbolic links', () => {
  it('are followed, to folders too, and lead no higher than to the root', async () => {
    const links = {
      install: 'casper',
      debian: '.',
      'casper/kernel': '../casper/./vmlinuz',
      up: '../../casper/vmlinuz',
    };
    const bytes = await isoImage({ files: FILES, links: { ...links, abs: '/casper/vmlinuz' }, options: [] });
    for (const path of ['/install/vmlinuz', '/debian/debian/casper/vmlinuz', '/casper/kernel', '/up', '/abs'])
      expect([path, await textAt(bytes, path)]).toEqual([path, 'the kernel']);
  });

  it('that lead in a circle lead nowhere', async () => {
    const bytes = await isoImage({ files: FILES, links: { a: 'b', b: 'a/x' }, options: [] });
    expect([await textAt(bytes, '/a'), await textAt(bytes, '/a/b/c')]).toEqual(['missing', 'missing']);
  });

  it('are put together of many parts', async () => {
    const deep = `${'deeper/'.repeat(20)}${'n'.repeat(230)}`;
    const bytes = await isoImage({ files: FILES, links: { far: deep }, options: [] });
    expect((await (await treeOf(bytes)).list('/')).entries).toContainEqual({ kind: 'link', name: 'far', target: deep });
  });
});

describe('files in several extents', () => {
  /** Two files that become one: `goesOn` is set in the record of the first. */
  async function joined(first: Buffer): Promise<Buffer> {
    const files = { 'big/a.bin': first, 'big/b.bin': Buffer.alloc(3_000, 2) };
    const bytes = await isoImage({ files, before: NO_ROCK_RIDGE, options: [] });
    const at = bytes.indexOf('A.BIN;1') - 33;
    bytes[at + 25] = 0x80;
    return bytes;
  }

  it('are one where these lie behind one another', async () => {
    const bytes = await joined(Buffer.alloc(4_096, 1));
    const found = await (await treeOf(bytes)).find('/big/a.bin');
    expect(found).toMatchObject({ kind: 'file', part: { length: 7_096 } });
    expect((await (await treeOf(bytes)).list('/big')).entries).toHaveLength(1);
  });

  it('are refused where they do not', async () => {
    const bytes = await joined(Buffer.alloc(100, 1));
    expect(await (await treeOf(bytes)).find('/big/a.bin')).toEqual({
      kind: 'refused',
      path: '/big/a.bin',
      reason: 'it lies in 2 parts that are apart',
    });
  });
});

describe('what is no part of the image as it is', () => {
  it.each([
    ['interleaved', 26, Buffer.of(3), 'its blocks are interleaved with those of others'],
    ['too long', 10, Buffer.alloc(4, 0xff), 'it is beyond the end of the image'],
    ['elsewhere', 2, Buffer.alloc(4, 0xff), 'it is beyond the end of the image'],
  ])('is refused: %s', async (_what, offset, value, reason) => {
    const bytes = await isoImage({ files: { 'a/kernel': 'x' }, before: NO_ROCK_RIDGE, options: [] });
    value.copy(bytes, bytes.indexOf('KERNEL.;1') - 33 + offset);
    expect(await (await treeOf(bytes)).find('/a/kernel')).toEqual({ kind: 'refused', path: '/a/kernel', reason });
  });

  it('is refused: packed', async () => {
    const bytes = await isoImage({ files: { 'a/kernel': 'x'.repeat(9_000) }, options: [] });
    // The time stamps become what zisofs says, of the same length or shorter.
    const record = bytes.indexOf('KERNEL.;1') - 33;
    bytes.write('ZF', bytes.indexOf('TF', record), 'latin1');
    expect(await (await treeOf(bytes)).find('/a/kernel')).toMatchObject({ reason: 'it is packed by zisofs' });
  });
});

describe('hostile images', () => {
  const PATHS = ['/casper/vmlinuz', '/far/away', `/long/${LONG}`, '/casper/kernel'];
  const made = isoImage({ files: FILES, links: { far: 'casper', 'casper/kernel': 'vmlinuz' }, options: ['-J'] });

  /** What is read of it, for all of its files. */
  async function readAll(bytes: Buffer): Promise<number> {
    const file = rangesOf(bytes);
    const read = await readIsoVolume(file);
    if (read.kind === 'volume') {
      const tree = await isoTree(file, read.volume);
      for (const path of PATHS) {
        const found = await tree.find(path);
        if (found.kind === 'file') expect(found.part.offset + found.part.length).toBeLessThanOrEqual(bytes.length);
        await tree.list(path);
      }
    }
    return file.parts.length;
  }

  it('that are cut off anywhere are no more than without some files', async () => {
    const bytes = await made;
    for (let length = 0; length < bytes.length; length += 97) await readAll(bytes.subarray(0, length));
    // The directories are here, so that every byte counts.
    for (let length = 18 * 2_048; length < 36 * 2_048; length += 7) await readAll(bytes.subarray(0, length));
  });

  it('with any bytes changed are read with bounded effort', async () => {
    const bytes = await made;
    const change = fc.tuple(fc.nat({ max: 40 * 2_048 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 40 }), async (changes) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) copy[16 * 2_048 + at] = value;
        expect(await readAll(copy)).toBeLessThan(200);
      }),
      { numRuns: 300 },
    );
  });

  it('whose folders lead in a circle are walked no further than the path goes', async () => {
    const bytes = Buffer.from(await made);
    const record = bytes.indexOf('CASPER') - 33;
    // The folder is the root.
    bytes.copy(bytes, record + 2, 16 * 2_048 + 156 + 2, 16 * 2_048 + 156 + 18);
    expect(await textAt(bytes, `${'/casper'.repeat(30)}/long/${LONG}`)).toBe('long');
    expect(await textAt(bytes, `${'/casper'.repeat(40)}/long/${LONG}`)).toBe('missing');
  });

  it('whose names go on elsewhere for ever are read for a while', async () => {
    const bytes = Buffer.from(await made);
    // The area that the long name goes on in says that it goes on in itself.
    const field = bytes.indexOf(Buffer.from('CE\x1c\x01', 'latin1'));
    const [block, offset] = [bytes.readUInt32LE(field + 4), bytes.readUInt32LE(field + 12)];
    const at = block * 2_048 + offset;
    bytes.copy(bytes, at, field, field + 28);
    bytes.writeUInt32LE(28, at + 20);
    expect(await readAll(bytes)).toBeLessThan(200);
  });

  it('with endless directories are read to 2 MiB', async () => {
    const size = 64 * 1024 * 1024;
    const bytes = Buffer.alloc(size);
    (await made).copy(bytes);
    bytes.writeUInt32LE(size - 100 * 2_048, 16 * 2_048 + 156 + 10);
    const file = rangesOf(bytes);
    const read = await readIsoVolume(file);
    if (read.kind !== 'volume') throw new Error(read.kind);
    await (await isoTree(file, read.volume)).find('/nothing/there');
    const most = Math.max(...file.parts.map(({ length }) => length));
    expect(most).toBe(2 * 1024 * 1024);
  });

  it('whose large folders lie over one another are read to 8 MiB', async () => {
    const [first, most, deep] = [64, 2 * 1024 * 1024, 30];
    const bytes = Buffer.alloc((first + deep + 1) * 2_048 + most);
    const plain = await isoImage({ files: { 'a/b': '' }, before: NO_ROCK_RIDGE, options: [] });
    plain.copy(bytes, 0, 0, first * 2_048);
    const root = 16 * 2_048 + 156;
    for (let sector = first - 1; sector <= first + deep; sector += 1) {
      // A folder of the name A, as the root's own record in the descriptor has it.
      const at = sector < first ? root : sector * 2_048;
      bytes.copy(bytes, at, root, root + 34);
      bytes.writeUInt32LE(sector + 1, at + 2);
      bytes.writeUInt32LE(most, at + 10);
      if (at !== root) bytes.write('A', at + 33, 'latin1');
    }
    const file = rangesOf(bytes);
    const read = await readIsoVolume(file);
    if (read.kind !== 'volume') throw new Error(read.kind);
    const tree = await isoTree(file, read.volume);
    expect((await tree.list('/a')).entries).not.toEqual([]);
    expect(await tree.find('/a'.repeat(deep))).toEqual({ kind: 'missing' });
    const folders = file.parts.filter(({ length }) => length === most);
    expect(folders).toHaveLength(4);
  });
});
