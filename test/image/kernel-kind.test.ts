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
      [0x238, [0xff, 7]],
    ]),
    { kind: 'bzimage', architecture: 'amd64', hasEfiStub: true, mostArgumentBytes: 2_047 },
  ],
  [
    'one of 32 bits',
    head([
      [0x202, 'HdrS'],
      [0x206, [0x0f, 2]],
      [0x238, [0xff, 0xff, 0xff, 0xff]],
    ]),
    { kind: 'bzimage', architecture: '386', hasEfiStub: false, mostArgumentBytes: 4_294_967_295 },
  ],
  [
    'one of the protocol 2.06, the first that says how long its arguments may be',
    head([
      [0x202, 'HdrS'],
      [0x206, [0x06, 2]],
      [0x238, [0xff]],
    ]),
    { kind: 'bzimage', hasEfiStub: false, mostArgumentBytes: 255 },
  ],
  [
    'one whose arguments are to be shorter than any kernel has them',
    head([
      [0x202, 'HdrS'],
      [0x206, [0x06, 2]],
      [0x238, [0xfe]],
    ]),
    { kind: 'bzimage', hasEfiStub: false },
  ],
  [
    'an older one',
    head([
      [0x202, 'HdrS'],
      [0x206, [0x05, 2]],
      [0x238, [0xff]],
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

it('says of itself what is there, where it ends within its header', () => {
  const whole = head([
    [0, 'MZ'],
    [0x202, 'HdrS'],
    [0x206, [0x0f, 2]],
    [0x236, [1, 0]],
    [0x238, [0xff, 7]],
  ]);
  const facts = (end: number) => kernelFacts(whole.subarray(0, end));
  expect(facts(0x23c)).toMatchObject({ architecture: 'amd64', mostArgumentBytes: 2_047 });
  expect(facts(0x23b)).toEqual({ kind: 'bzimage', architecture: 'amd64', hasEfiStub: true });
  expect(facts(0x237)).toEqual({ kind: 'bzimage', hasEfiStub: true });
  for (let end = 0; end < 0x23c; end += 1) expect(facts(end).mostArgumentBytes, `${end}`).toBeUndefined();
});

it.each([
  ['amd64', { kind: 'bzimage', architecture: 'amd64', hasEfiStub: true, mostArgumentBytes: 2_047 }],
  ['arm64', { kind: 'image', architecture: 'arm64', hasEfiStub: true }],
] as const)('is known of the kernels that are booted here: %s', (architecture, facts) => {
  const kernel = readFileSync(payloadFiles(architecture).kernel);
  expect(kernelFacts(kernel.subarray(0, KERNEL_HEAD_BYTES))).toEqual(facts);
});
