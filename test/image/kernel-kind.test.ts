import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { KERNEL_HEAD_BYTES, kernelFacts } from '../../src/image/kernel-kind.js';
import { program } from '../fixtures/programs.js';
import { payloadFiles } from '../setup/payload.js';

function head(marks: readonly (readonly [at: number, bytes: string | readonly number[]])[]): Buffer {
  const bytes = Buffer.alloc(KERNEL_HEAD_BYTES);
  for (const [at, mark] of marks) Buffer.from(mark as string, 'latin1').copy(bytes, at);
  return bytes;
}

const ZBOOT = program([{ name: '.text', contents: 'x' }], { machine: 0xaa64 });
ZBOOT.write('zimg', 4, 'latin1');

it.each([
  [
    'a bzImage',
    head([
      [0, 'MZ'],
      [0x202, 'HdrS'],
      [0x206, [0x0f, 2]],
      [0x236, [1, 0]],
    ]),
    { kind: 'bzimage', architecture: 'amd64', hasEfiStub: true },
  ],
  [
    'one of 32 bits',
    head([
      [0x202, 'HdrS'],
      [0x206, [0x0f, 2]],
    ]),
    { kind: 'bzimage', architecture: '386', hasEfiStub: false },
  ],
  [
    'an old one',
    head([
      [0x202, 'HdrS'],
      [0x206, [0x00, 2]],
    ]),
    { kind: 'bzimage', hasEfiStub: false },
  ],
  [
    'an Image of arm64',
    head([
      [0, 'MZ'],
      [0x38, 'ARM\x64'],
    ]),
    { kind: 'image', architecture: 'arm64', hasEfiStub: true },
  ],
  ['one without a stub', head([[0x38, 'ARM\x64']]), { kind: 'image', architecture: 'arm64', hasEfiStub: false }],
  [
    'an Image of riscv64',
    head([
      [0, 'MZ'],
      [0x38, 'RSC\x05'],
    ]),
    { kind: 'image', architecture: 'riscv64', hasEfiStub: true },
  ],
  ['zboot', ZBOOT, { kind: 'zboot', architecture: 'arm64', hasEfiStub: true }],
  ['Image.gz', gzipSync('kernel'), { kind: 'gzip', hasEfiStub: false }],
  ['another program', program([]), { kind: 'efi', architecture: 'amd64', hasEfiStub: true }],
  ['nothing', Buffer.alloc(0), { kind: 'unknown', hasEfiStub: false }],
  ['two bytes', Buffer.from('MZ'), { kind: 'efi', hasEfiStub: true }],
])('is known by how it begins: %s', (_what, bytes, facts) => {
  expect(kernelFacts(bytes)).toEqual(facts);
});

it.each([
  ['amd64', 'bzimage'],
  ['arm64', 'image'],
] as const)('is known of the kernels that are booted here: %s', (architecture, kind) => {
  const kernel = readFileSync(payloadFiles(architecture).kernel);
  expect(kernelFacts(kernel.subarray(0, KERNEL_HEAD_BYTES))).toEqual({ kind, architecture, hasEfiStub: true });
});
