import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPe } from '../../src/image/pe-file.js';
import { program } from '../fixtures/programs.js';
import { rangesOf } from '../fixtures/ranges.js';

const read = (bytes: Buffer) => readPe(rangesOf(bytes));
const SECTIONS = [
  { name: '.text', contents: 'code' },
  { name: '.pcrpkey', contents: Buffer.alloc(700, 1) },
];

it('has the sections in the order of the table, without what fills them up', async () => {
  const bytes = program(SECTIONS);
  const sections = [
    { name: '.text', offset: 512, length: 4 },
    { name: '.pcrpkey', offset: 1_024, length: 700 },
  ];
  expect(await read(bytes)).toEqual({ kind: 'pe', file: { machine: 0x8664, isSigned: false, sections } });
});

it('has of a section that takes up more in memory what the file has', async () => {
  const found = await read(program([{ name: '.bss', contents: 'abc', size: 100_000, stored: 512 }]));
  expect(found).toMatchObject({ file: { sections: [{ name: '.bss', length: 512 }] } });
});

it('reads a header that is further down, and no more than that', async () => {
  const ranges = rangesOf(Buffer.concat([program(SECTIONS, { at: 100_000 }), Buffer.alloc(1024 * 1024)]));
  expect(await readPe(ranges)).toMatchObject({ kind: 'pe', file: { sections: [{ name: '.text' }, {}] } });
  expect(ranges.parts.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(5_000);
});

it('sees that there are signatures', async () => {
  expect(await read(program(SECTIONS, { isSigned: true }))).toMatchObject({ file: { isSigned: true } });
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['a script', Buffer.from('#!ipxe\n')],
  ['an old program', Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)])],
])('is something else: %s', async (_what, bytes) => {
  expect(await read(bytes)).toEqual({ kind: 'other' });
});

describe('what cannot be one', () => {
  it.each([
    ['a header beyond all bounds', program([], { at: 0x80 }).fill(0xff, 0x3c, 0x40), /is to be at 4294967295/],
    ['too many sections', program(SECTIONS, { count: 65_535 }), 'it has 65535 sections, and 1024 are read at most'],
    ['more sections than it has bytes for', program(SECTIONS, { count: 900 }), 'it ends within its table of sections'],
    [
      'a section that leads out of it',
      program([{ name: '.linux', contents: 'x', size: 5_000, stored: 5_000 }]),
      'its section .linux ends at 5512, and it has 1024 bytes',
    ],
    [
      'a section that is elsewhere',
      program([{ name: '.li\x1bnux', contents: 'x', offset: 4_294_967_295 }]),
      'its section .li?nux ends at 4294967296, and it has 1024 bytes',
    ],
  ])('is refused: %s', async (_what, bytes, reason) => {
    expect(await read(bytes)).toEqual({
      kind: 'broken',
      reason: typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string),
    });
  });

  it('is one that ends anywhere before the last byte of its sections', async () => {
    const bytes = program(SECTIONS);
    for (let end = 2; end < 1_024 + 700; end += 1)
      expect((await read(bytes.subarray(0, end))).kind, `${end}`).toBe('broken');
    expect((await read(bytes.subarray(0, 1_024 + 700))).kind).toBe('pe');
  });
});

it('leads nowhere but into the file, whatever it says', async () => {
  const whole = program(SECTIONS);
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(changes, async (changed) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changed) bytes[at] = value;
      const found = await read(bytes);
      if (found.kind !== 'pe') return;
      for (const { offset, length } of found.file.sections) expect(offset + length).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
