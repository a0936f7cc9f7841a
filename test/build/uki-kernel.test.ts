import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { kernelForUki, UKI_KERNEL_HEAD_BYTES, type UkiKernel } from '../../src/build/uki-kernel.js';
import { readPe } from '../../src/image/pe-file.js';
import { program } from '../fixtures/programs.js';
import { rangesOf } from '../fixtures/ranges.js';
import { payloadParts } from '../setup/parts.js';
import { payloadFiles } from '../setup/payload.js';

async function checked(bytes: Buffer, architecture = 'amd64'): Promise<UkiKernel> {
  return kernelForUki(bytes.subarray(0, UKI_KERNEL_HEAD_BYTES), await readPe(rangesOf(bytes)), architecture);
}

const AMD64 = readFileSync(payloadFiles('amd64').kernel);
const ARM64 = readFileSync(payloadFiles('arm64').kernel);

function amd64With(change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(AMD64);
  change(copy);
  return copy;
}

it("takes Debian's kernels, of which that for PCs says its version", async () => {
  const { version } = payloadParts('amd64');
  const memorySize = expect.any(Number) as number;
  expect(await checked(AMD64)).toEqual({ kind: 'kernel', uname: version, memorySize });
  const arm64 = await checked(ARM64, 'arm64');
  expect(arm64).toEqual({ kind: 'kernel', memorySize });
  expect(arm64.kind === 'kernel' && (arm64.memorySize ?? 0) > ARM64.length).toBe(true);
});

it.each<[string, (copy: Buffer) => void]>([
  ['points nowhere', (copy) => copy.writeUInt16LE(0, 0x20e)],
  ['points to something else', (copy) => copy.writeUInt16LE(4, 0x20e)],
])('has no version where its header %s', async (_what, change) => {
  expect(await checked(amd64With(change))).not.toHaveProperty('uname');
});

it('takes another program of that architecture, as kernels are whose marks are not known here', async () => {
  const bytes = program([{ name: '.text', contents: 'code' }], { machine: 0x6264 });
  expect(await checked(bytes, 'loong64')).toMatchObject({ kind: 'kernel' });
});

it.each<[string, Buffer, string, readonly [reason: string, remedy: string]]>([
  ['Image.gz', gzipSync(ARM64.subarray(0, 100_000)), 'arm64', ['is packed by gzip', 'gunzip']],
  ['for another architecture', ARM64, 'amd64', ['is for arm64, and the image for amd64', '--platform']],
  ['for a PC', AMD64, 'arm64', ['is for amd64, and the image for arm64', '--platform']],
  ['without a stub', amd64With((copy) => copy.write('xx', 0)), 'amd64', ['has no EFI stub', 'CONFIG_EFI_STUB']],
  ['a text', Buffer.from('#!/bin/sh\n'), 'amd64', ['is no Linux kernel', 'vmlinuz']],
  ['a UKI', readFileSync(payloadFiles('amd64').uki), 'amd64', ['is a unified kernel image itself', '--uki']],
  ['its beginning', AMD64.subarray(0, 9_000), 'amd64', ['is damaged: its section', 'a whole kernel']],
  ['two bytes', Buffer.from('MZ'), 'amd64', ['is damaged', 'a whole kernel']],
  ['for a machine of the future', program([], { machine: 0x1234 }), 'amd64', ['0x1234', '--platform']],
])('refuses what no stub starts: %s', async (_what, bytes, architecture, [reason, remedy]) => {
  expect(await checked(bytes, architecture)).toEqual({
    kind: 'refused',
    reason: expect.stringContaining(reason) as string,
    remedy: expect.stringContaining(remedy) as string,
  });
});

it('takes a header that ends before it says a version', async () => {
  const bytes = program([{ name: '.text', contents: '12345678' }]);
  bytes.write('HdrS', 0x202, 'latin1');
  expect(await checked(bytes.subarray(0, 0x208))).toMatchObject({ kind: 'kernel' });
});
