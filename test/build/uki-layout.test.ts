import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStubHeader, type StubHeader, stubEnd, stubWithSections } from '../../src/build/stub-header.js';
import {
  layoutUki,
  SECTION_NAMES,
  type SectionName,
  type UkiLayout,
  type UkiSection,
} from '../../src/build/uki-layout.js';
import { readPe } from '../../src/image/pe-file.js';
import { rangesOf } from '../fixtures/ranges.js';
import { payloadParts } from '../setup/parts.js';

function realStub(architecture: 'amd64' | 'arm64') {
  const bytes = readFileSync(payloadParts(architecture).stub);
  const read = readStubHeader(bytes);
  return { bytes, header: read.kind === 'stub' ? read.header : expect.fail(read.reason) };
}

const ARM64 = realStub('arm64');
const power = (least: number, most: number) => fc.integer({ min: least, max: most }).map((exponent) => 2 ** exponent);

/** Of one section anywhere, with room for as many as there are. */
const stubs: fc.Arbitrary<StubHeader> = fc
  .record({
    sectionAlignment: power(0, 16),
    fileAlignment: power(0, 12),
    address: fc.nat(0x100_0000),
    size: fc.nat(0x10_0000),
    stored: fc.nat(0x10_0000),
    imageSize: fc.nat(0x200_0000),
  })
  .map(({ sectionAlignment, fileAlignment, imageSize, ...only }) => {
    const header = { coff: 0x80, table: 0x188, codeSize: 0, dataSize: 0, imageSize, sectionAlignment, fileAlignment };
    return { ...header, room: 0x1000, sections: [{ name: '.text', offset: 0x1000, ...only }] };
  });

const sections: fc.Arbitrary<readonly UkiSection[]> = fc
  .uniqueArray(fc.constantFrom(...SECTION_NAMES), { minLength: 1 })
  .chain((names) => fc.tuple(...names.map(sectionOf)));

function sectionOf(name: SectionName): fc.Arbitrary<UkiSection> {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 0x300_0000 }), fc.nat(0x400_0000));
  return sizes.map(([size, memorySize]) => ({ name, size, memorySize }));
}

function laidOut(stub: StubHeader, wanted: readonly UkiSection[]): UkiLayout {
  const laid = layoutUki(stub, wanted);
  return laid.kind === 'layout' ? laid.layout : expect.fail(laid.reason);
}

it('has every section in a place of its own, in the file and in memory, whatever the stub', () => {
  fc.assert(
    fc.property(stubs, sections, (stub, wanted) => {
      const layout = laidOut(stub, wanted);
      expect(layout.sections.map(({ name }) => name)).toEqual(
        SECTION_NAMES.filter((name) => wanted.some((one) => one.name === name)),
      );
      const [text] = stub.sections;
      let memory = (text?.address ?? 0) + Math.max(text?.size ?? 0, text?.stored ?? 0);
      let file = stubEnd(stub);
      for (const { name, size, memorySize = 0, address, offset, stored } of layout.sections) {
        expect(address, name).toBeGreaterThanOrEqual(memory);
        expect([address % 4_096, address % stub.sectionAlignment, offset % stub.fileAlignment], name).toEqual([
          0, 0, 0,
        ]);
        // One after another, without a gap that one signs and another does not.
        expect(offset, name).toBe(file);
        expect(stored - size, name).toBeGreaterThanOrEqual(0);
        expect(stored - size, name).toBeLessThan(stub.fileAlignment);
        memory = address + Math.max(size, memorySize);
        file += stored;
      }
      expect(layout.fileSize).toBe(file);
      expect(layout.imageSize).toBeGreaterThanOrEqual(Math.max(memory, stub.imageSize));
      expect(layout.imageSize % stub.sectionAlignment).toBe(0);
    }),
  );
});

it('is read back as what was laid out', async () => {
  const contents = fc.dictionary(fc.constantFrom(...SECTION_NAMES), fc.uint8Array({ minLength: 1, maxLength: 1_500 }), {
    minKeys: 1,
  });
  await fc.assert(
    fc.asyncProperty(contents, async (texts) => {
      const wanted = SECTION_NAMES.filter((name) => texts[name] !== undefined).toReversed();
      const size = (name: string) => texts[name]?.length ?? 0;
      const layout = laidOut(
        ARM64.header,
        wanted.map((name) => ({ name, size: size(name) })),
      );
      const file = Buffer.alloc(layout.fileSize);
      stubWithSections(ARM64.bytes, ARM64.header, layout).copy(file);
      for (const { name, offset } of layout.sections) file.set(texts[name] ?? [], offset);
      const read = await readPe(rangesOf(file));
      const own = read.kind === 'pe' ? read.file.sections.slice(ARM64.header.sections.length) : [];
      const found = own.map(({ name, offset, length }) => [name, [...file.subarray(offset, offset + length)]]);
      expect(Object.fromEntries(found)).toEqual(
        Object.fromEntries(Object.entries(texts).map(([name, bytes]) => [name, [...bytes]])),
      );
    }),
    { numRuns: 40 },
  );
});

it('has the kernel as code and all else as data, and room behind it for what it takes up once it runs', () => {
  const kernel = { name: '.linux', size: 1_000, memorySize: 100_000 } as const;
  const { sections: own, imageSize, codeSize, dataSize } = laidOut(ARM64.header, [kernel, { name: '.uname', size: 5 }]);
  expect(own.map(({ name, isCode }) => [name, isCode])).toEqual([
    ['.uname', false],
    ['.linux', true],
  ]);
  expect(imageSize).toBe(Math.ceil(((own[1]?.address ?? 0) + 100_000) / 4_096) * 4_096);
  expect([codeSize, dataSize]).toEqual([ARM64.header.codeSize + 1_024, ARM64.header.dataSize + 512]);
});

describe('what cannot be laid out', () => {
  const linux = { name: '.linux', size: 1 } as const;
  const GIB = 1024 ** 3;
  it.each<[string, StubHeader, readonly UkiSection[], RegExp]>([
    [
      'no room in the header',
      { ...ARM64.header, room: ARM64.header.table + 3 * 40 },
      [linux, { name: '.uname', size: 1 }],
      /^its header has room for 1 more sections, and 2 are to be added$/,
    ],
    [
      'a stub that has it',
      { ...ARM64.header, sections: [{ name: '.osrel', size: 1, address: 0, stored: 0, offset: 0 }] },
      [{ name: '.osrel', size: 1 }],
      /^it has a section \.osrel already$/,
    ],
    [
      'an initramfs of 4 GiB',
      ARM64.header,
      [linux, { name: '.initrd', size: 4 * GIB }],
      /and a program of UEFI has 4 GiB/,
    ],
    [
      'two of 2 GiB',
      ARM64.header,
      [
        { ...linux, size: 2 * GIB },
        { name: '.initrd', size: 2 * GIB },
      ],
      /4 GiB/,
    ],
    ['a kernel that grows to 4 GiB', ARM64.header, [{ ...linux, memorySize: 4 * GIB - 1 }], /4 GiB/],
    ['a stub that counts to 4 GiB', { ...ARM64.header, dataSize: 0xffff_ffff }, [{ name: '.uname', size: 1 }], /4 GiB/],
  ])('is refused: %s', (_what, stub, wanted, reason) => {
    expect(layoutUki(stub, wanted)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) as string });
  });

  it('is not what one of nearly 4 GiB is', () => {
    expect(laidOut(ARM64.header, [linux, { name: '.initrd', size: 4 * GIB - 1024 ** 2 }]).fileSize).toBeLessThan(
      4 * GIB,
    );
  });
});
