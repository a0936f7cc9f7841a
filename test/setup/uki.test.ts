import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { payloadParts } from './parts.js';
import { payloadFiles } from './payload.js';
import { readHeaders, uki } from './uki.js';

const STUB = readFileSync(payloadParts('amd64').stub);

describe.each([
  ['amd64', 0x8664],
  ['arm64', 0xaa64],
] as const)('a UKI for %s', (architecture, machine) => {
  const files = payloadFiles(architecture);
  const bytes = readFileSync(files.uki);
  const stub = readHeaders(readFileSync(payloadParts(architecture).stub));
  const headers = readHeaders(bytes);
  const own = headers.sections.slice(stub.sections.length);

  it('is the stub with more sections', () => {
    expect(headers.machine).toBe(machine);
    expect(headers.sections.slice(0, stub.sections.length)).toEqual(stub.sections);
    expect(own.map(({ name }) => name)).toEqual(['.osrel', '.cmdline', '.uname', '.linux', '.initrd']);
  });

  it('holds every byte of what is booted', () => {
    const contents = (name: string): Buffer => {
      const { offset = 0, size = 0 } = own.find((one) => one.name === name) ?? {};
      return bytes.subarray(offset, offset + size);
    };
    expect(contents('.linux').equals(readFileSync(files.kernel))).toBe(true);
    expect(contents('.initrd').equals(readFileSync(files.initramfs))).toBe(true);
    expect(contents('.cmdline').toString()).toBe(`${readFileSync(files.cmdline, 'utf8').trim()} mark=uki`);
    expect(contents('.uname').toString()).toBe(payloadParts(architecture).version);
  });

  it('has its sections one after another, on pages, within the file and the image', () => {
    let end = Math.max(...stub.sections.map(({ address, size }) => address + size));
    for (const { name, address, size, offset, stored } of own) {
      expect(address, name).toBeGreaterThanOrEqual(end);
      expect([address % 0x1000, offset % headers.fileAlignment, stored % headers.fileAlignment], name).toEqual([
        0, 0, 0,
      ]);
      expect(stored, name).toBeGreaterThanOrEqual(size);
      expect(offset + stored, name).toBeLessThanOrEqual(bytes.length);
      end = address + size;
    }
    expect(headers.imageSize).toBe(Math.ceil(end / headers.sectionAlignment) * headers.sectionAlignment);
  });
});

it('refuses what is no stub', () => {
  expect(() => uki(Buffer.alloc(0x200), [])).toThrow('this is no PE file');
});

it('refuses more sections than the stub has room for', () => {
  const sections = Array.from({ length: 100 }, (_, index) => ({ name: `.n${index}`, contents: Buffer.from('x') }));
  expect(() => uki(STUB, sections)).toThrow('the stub has no room for the headers of 100 more sections');
});
