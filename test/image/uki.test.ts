import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KERNEL_HEAD_BYTES, kernelFacts } from '../../src/image/kernel-kind.js';
import { type FilePart, OutOfReach, type RangeReader } from '../../src/image/range-reader.js';
import { readUki, type Uki } from '../../src/image/uki.js';
import { bzImageHead, HUGE_KERNEL } from '../fixtures/huge-uki.js';
import { type ProgramSection, program } from '../fixtures/programs.js';
import { rangesOf } from '../fixtures/ranges.js';
import { payloadParts } from '../setup/parts.js';
import { payloadFiles } from '../setup/payload.js';

const OSREL = 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n';
const KERNEL = { name: '.linux', contents: 'a kernel' };
const WHOLE: readonly ProgramSection[] = [
  { name: '.text', contents: 'the stub' },
  { name: '.osrel', contents: OSREL },
  { name: '.cmdline', contents: 'root=/dev/sda1  quiet\n\0' },
  KERNEL,
  { name: '.initrd', contents: 'an initramfs' },
  { name: '.ucode', contents: 'microcode' },
  { name: '.uname', contents: '6.12.48+deb13-amd64\n' },
  { name: '.sbat', contents: 'sbat,1,SBAT Version,sbat,1,https://example\n' },
  { name: '.dtb', contents: 'a tree' },
];

async function ukiOf(sections: readonly ProgramSection[], header: Parameters<typeof program>[1] = {}) {
  const bytes = program(sections, header);
  const read = await readUki(rangesOf(bytes));
  const text = ({ offset, length }: FilePart) => bytes.toString('utf8', offset, offset + length);
  return { read, uki: read.kind === 'uki' ? read.uki : undefined, text };
}

it('has what is to be started, where it is, and what it says of itself', async () => {
  const { uki, text } = await ukiOf(WHOLE);
  expect(uki).toMatchObject({
    architecture: 'amd64',
    isSigned: false,
    osName: 'Debian GNU/Linux 13 (trixie)',
    uname: '6.12.48+deb13-amd64',
    sbat: 'sbat,1,SBAT Version,sbat,1,https://example\n',
    profiles: [{ commandLine: 'root=/dev/sda1 quiet' }],
  });
  const [profile] = (uki as Uki).profiles;
  expect([profile.linux, ...profile.initrds, ...(profile.dtb === undefined ? [] : [profile.dtb])].map(text)).toEqual([
    'a kernel',
    'microcode',
    'an initramfs',
    'a tree',
  ]);
});

it('has neither a command line nor an initramfs where there is none', async () => {
  const { uki } = await ukiOf([KERNEL, { name: '.initrd', contents: '' }], { machine: 0xaa64, isSigned: true });
  expect(uki).toEqual({
    architecture: 'arm64',
    isSigned: true,
    profiles: [{ linux: expect.anything() as object, initrds: [], kernel: { kind: 'unknown', hasEfiStub: false } }],
  });
});

it('has a command line that is empty, which is not the same as none', async () => {
  expect((await ukiOf([KERNEL, { name: '.cmdline', contents: '' }])).uki?.profiles).toMatchObject([
    { commandLine: '' },
  ]);
});

it('has profiles, each with what all have and what is its own', async () => {
  const { uki, text } = await ukiOf([
    { name: '.cmdline', contents: 'for all' },
    KERNEL,
    { name: '.initrd', contents: 'for all' },
    { name: '.profile', contents: 'ID=normal\nTITLE="As always"\n' },
    { name: '.profile', contents: 'ID=rescue\n' },
    { name: '.cmdline', contents: 'rescue' },
    { name: '.initrd', contents: 'own' },
  ]);
  expect(uki?.profiles).toMatchObject([
    { id: 'normal', title: 'As always', commandLine: 'for all' },
    { id: 'rescue', commandLine: 'rescue' },
  ]);
  expect(uki?.profiles.map(({ linux, initrds }) => [linux, ...initrds].map(text))).toEqual([
    ['a kernel', 'for all'],
    ['a kernel', 'own'],
  ]);
});

const initrds = (count: number) => Array.from({ length: count }, () => ({ name: '.initrd', contents: 'one' }));

it('has as many initrds and as long a command line as anybody hands over', async () => {
  const { uki } = await ukiOf([
    ...[KERNEL, { name: '.ucode', contents: 'microcode' }, ...initrds(15), { name: '.initrd', contents: '' }],
    { name: '.cmdline', contents: 'x'.repeat(8_192) },
  ]);
  expect(uki?.profiles.map(({ initrds: all, commandLine }) => [all.length, commandLine?.length])).toEqual([
    [16, 8_192],
  ]);
});

describe('what is none', () => {
  const KILOBYTES = Buffer.alloc(70_000, 'x');
  it.each([
    [
      'iPXE',
      program([{ name: '.text', contents: 'code' }]),
      'it has no section .linux, so that it is no unified kernel image',
    ],
    ['an empty kernel', program([{ name: '.linux', contents: '' }]), /no section \.linux/],
    [
      'for another machine',
      program([KERNEL], { machine: 0x1234 }),
      'it is for a machine that nobody here knows, 0x1234',
    ],
    [
      'an endless text',
      program([KERNEL, { name: '.sbat', contents: KILOBYTES }]),
      'its .sbat has 70000 bytes, and 65536 are read at most',
    ],
    [
      'an endless command line',
      program([KERNEL, { name: '.cmdline', contents: KILOBYTES.subarray(0, 8_193) }]),
      'its .cmdline has 8193 bytes, and 8192 are read at most',
    ],
    [
      'too many initrds',
      program([KERNEL, ...initrds(16), { name: '.ucode', contents: 'one more' }]),
      'it has 17 initrds (.initrd, .ucode), and 16 are handed over at most',
    ],
    [
      'too many of them in a profile',
      program([
        KERNEL,
        ...['a', 'b'].flatMap((id) => [{ name: '.profile', contents: `ID=${id}` }, ...initrds(id === 'b' ? 17 : 1)]),
      ]),
      /17 initrds/,
    ],
    [
      'too many profiles',
      program([KERNEL, ...Array.from({ length: 65 }, () => ({ name: '.profile', contents: '' }))]),
      /65 profiles/,
    ],
    ['one that ends', program(WHOLE).subarray(0, 2_000), /ends at/],
  ])('is refused with the reason: %s', async (_what, bytes, reason) => {
    const matched = typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string);
    expect(await readUki(rangesOf(bytes))).toMatchObject({ kind: 'refused', reason: matched });
  });

  it.each([true, false])('says of a program that is no UKI whether it is signed: %j', async (isSigned) => {
    const { read } = await ukiOf([{ name: '.text', contents: 'code' }], { isSigned });
    expect(read).toEqual({ kind: 'refused', reason: expect.stringContaining('no section .linux') as string, isSigned });
  });

  it('is no program at all, which no firmware starts', async () => {
    const refused = { kind: 'refused', reason: 'it is no program of UEFI', isProgram: false };
    expect(await readUki(rangesOf(Buffer.from('#!ipxe')))).toEqual(refused);
  });
});

it('is read without its kernel, and in any state is read or refused', async () => {
  const whole = program(WHOLE);
  const changes = fc.array(fc.tuple(fc.nat(1_023), fc.nat(255)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(changes, async (changed) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changed) bytes[at] = value;
      const ranges = rangesOf(bytes);
      await readUki(ranges);
      expect(ranges.parts.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(64 * 1024 * 10);
    }),
  );
});

it.each([
  [1, { kind: 'unknown', hasEfiStub: false }],
  [2, { kind: 'efi', hasEfiStub: true }],
  [511, { kind: 'efi', hasEfiStub: true }],
  [0x238, { kind: 'bzimage', architecture: 'amd64', hasEfiStub: true }],
  [0x23c, HUGE_KERNEL],
  [4_096, HUGE_KERNEL],
  [70_000, HUGE_KERNEL],
])('knows of a kernel of %i bytes what they say, and nothing of what is behind them', async (length, kernel) => {
  const contents = Buffer.concat([bzImageHead(), Buffer.alloc(70_000)]).subarray(0, length);
  const behind = { name: '.behind', contents: bzImageHead() };
  const { uki } = await ukiOf([{ name: '.linux', contents }, behind]);
  expect(uki?.profiles.map((profile) => profile.kernel)).toEqual([kernel]);
});

describe('a part that is out of reach', () => {
  const sections: readonly ProgramSection[] = [
    { name: '.text', contents: Buffer.alloc(8_192) },
    { name: '.linux', contents: bzImageHead() },
    { name: '.cmdline', contents: 'quiet' },
  ];
  const bytes = program(sections);
  const without = (name: string): RangeReader => {
    const offset = name === '.linux' ? bytes.indexOf('HdrS') - 0x202 : bytes.indexOf('quiet');
    const read: RangeReader['read'] = async (at, length) => {
      if (at === offset) throw new OutOfReach('it');
      return bytes.subarray(at, at + length);
    };
    return { size: bytes.length, read };
  };

  it('leaves a kernel unknown', async () => {
    const kernel = { kind: 'unknown', hasEfiStub: false };
    expect(await readUki(without('.linux'))).toMatchObject({ uki: { profiles: [{ commandLine: 'quiet', kernel }] } });
  });

  it('leaves no text out, which would be another one', async () => {
    await expect(readUki(without('.cmdline'))).rejects.toBeInstanceOf(OutOfReach);
  });

  it('is no other trouble', async () => {
    const broken = { ...without(''), read: () => Promise.reject(new Error('the line is cut')) };
    await expect(readUki(broken)).rejects.toThrow('the line is cut');
  });
});

it('reads a kernel once that many profiles have, and those of their own each, last of all', async () => {
  const profiles = Array.from({ length: 20 }, (_, one) => [
    { name: '.profile', contents: `ID=p${one}` },
    ...(one === 7 ? [{ name: '.linux', contents: bzImageHead() }] : []),
  ]);
  const bytes = program([KERNEL, ...profiles.flat()]);
  const ranges = rangesOf(bytes);
  const read = await readUki(ranges);
  const kinds = read.kind === 'uki' ? read.uki.profiles.map(({ kernel }) => kernel.kind) : [];
  expect([kinds.length, kinds.filter((kind) => kind === 'bzimage').length, kinds[7]]).toEqual([20, 1, 'bzimage']);
  const kernels = [bytes.indexOf(KERNEL.contents), bytes.indexOf('HdrS') - 0x202];
  expect(ranges.parts.slice(-2).map(({ offset }) => offset)).toEqual(kernels);
});

it('keeps no more of an image than there is room for, however often it says it', async () => {
  const text = { name: '.cmdline', contents: Buffer.alloc(8_192, 'x') };
  const profiles = (count: number) => Array.from({ length: count }, () => ({ name: '.profile', contents: '' }));
  expect((await ukiOf([KERNEL, text, ...profiles(4)])).uki?.profiles).toHaveLength(4);
  expect((await ukiOf([KERNEL, text, ...profiles(64)])).read).toEqual({
    ...{ kind: 'refused', isSigned: false },
    reason: expect.stringMatching(/^its profiles and texts come to \d+ bytes, and 65536 are kept at most$/) as string,
  });
});

it('is refused where it ends anywhere before its end, and never read beyond it', async () => {
  const whole = program([...WHOLE, { name: '.linux', contents: bzImageHead().subarray(0, 600) }]);
  const end = whole.length - 424;
  expect((await readUki(rangesOf(whole.subarray(0, end)))).kind).toBe('uki');
  for (let length = 0; length < end; length += 1) {
    const ranges = rangesOf(whole.subarray(0, length));
    expect((await readUki(ranges)).kind, `${length}`).toBe('refused');
    for (const part of ranges.parts) expect(part.offset + part.length).toBeLessThanOrEqual(length);
  }
});

it.each(['amd64', 'arm64'] as const)('has what is in an image that firmware boots, for %s', async (architecture) => {
  const files = payloadFiles(architecture);
  const bytes = readFileSync(files.uki);
  const ranges = rangesOf(bytes);
  const read = await readUki(ranges);
  expect(read).toMatchObject({
    kind: 'uki',
    uki: { architecture, isSigned: false, uname: payloadParts(architecture).version },
  });
  const [profile] = read.kind === 'uki' ? read.uki.profiles : [];
  const part = ({ offset, length }: FilePart) => bytes.subarray(offset, offset + length);
  const kernel = readFileSync(files.kernel);
  expect(profile && part(profile.linux).equals(kernel)).toBe(true);
  expect(profile?.kernel).toEqual(kernelFacts(kernel.subarray(0, KERNEL_HEAD_BYTES)));
  expect(profile?.kernel).toMatchObject({ architecture, hasEfiStub: true });
  expect(profile?.initrds.map((one) => part(one).equals(readFileSync(files.initramfs)))).toEqual([true]);
  expect(ranges.parts.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(16 * 1024);
});
