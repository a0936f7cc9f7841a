import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readStubHeader, type StubHeader, stubEnd, stubWithSections } from '../../src/build/stub-header.js';
import { readPe } from '../../src/image/pe-file.js';
import { rangesOf } from '../fixtures/ranges.js';
import { payloadParts } from '../setup/parts.js';

const NOTHING_MORE = { sections: [], fileSize: 0, imageSize: 0x20000, codeSize: 1, dataSize: 2 };

function headerOf(bytes: Buffer): StubHeader {
  const read = readStubHeader(bytes);
  return read.kind === 'stub' ? read.header : expect.fail(read.reason);
}

describe.each(['amd64', 'arm64'] as const)("systemd's stub for %s", (architecture) => {
  const bytes = readFileSync(payloadParts(architecture).stub);
  const header = headerOf(bytes);

  it('says where what it has is', async () => {
    const pe = await readPe(rangesOf(bytes));
    expect(header.sections.map(({ name, offset, stored, size }) => [name, offset, Math.min(stored, size)])).toEqual(
      pe.kind === 'pe' ? pe.file.sections.map(({ name, offset, length }) => [name, offset, length]) : [],
    );
    expect(header.room).toBe(Math.min(...header.sections.map(({ offset }) => offset)));
  });

  it('keeps what is in its sections, and nothing that follows them', () => {
    const stub = stubWithSections(bytes, header, NOTHING_MORE);
    expect(stub.length).toBe(stubEnd(header));
    expect(stub.subarray(header.room).equals(bytes.subarray(header.room, stub.length))).toBe(true);
    expect(headerOf(stub)).toEqual({ ...header, imageSize: 0x20000, codeSize: 1, dataSize: 2 });
    const symbols = [stub.readUInt32LE(header.coff + 12), stub.readUInt32LE(header.coff + 16)];
    expect(symbols).toEqual([0, 0]);
  });
});

describe('a header that cannot be', () => {
  const bytes = readFileSync(payloadParts('arm64').stub);
  const { coff, table } = headerOf(bytes);
  const changed = (change: (copy: Buffer) => void) => {
    const copy = Buffer.from(bytes);
    change(copy);
    return readStubHeader(copy);
  };
  it.each<[string, (copy: Buffer) => void, RegExp]>([
    ['alignment 0', (copy) => copy.writeUInt32LE(0, coff + 24 + 36), /aligned to 4096 and 0 bytes/],
    ['alignment 3', (copy) => copy.writeUInt32LE(3, coff + 24 + 32), /aligned to 3 and 512 bytes/],
    ['alignment 2 GiB', (copy) => copy.writeUInt32LE(0x8000_0000, coff + 24 + 32), /aligned to 2147483648/],
    ['a section between two', (copy) => copy.writeUInt32LE(4_097, table + 20), /is not where/],
    ['a section without an end', (copy) => copy.writeUInt32LE(0xffff_fe00, table + 40 + 16), /ends behind its end/],
    ['an optional header of nothing', (copy) => copy.writeUInt16LE(8, coff + 20), /no place/],
  ])('is refused: %s', (_what, change, reason) => {
    expect(changed(change)).toEqual({ kind: 'refused', reason: expect.stringMatching(reason) as string });
  });

  it('is taken with a section whose end is not filled up, which it is afterwards', () => {
    const copy = Buffer.from(bytes);
    copy.writeUInt32LE(7_001, table + 40 + 16);
    const header = headerOf(copy);
    const stub = stubWithSections(copy, header, NOTHING_MORE);
    expect(headerOf(stub).sections[1]?.stored).toBe(7_168);
    expect(stub.length).toBe(61_440 + 7_168);
  });
});
