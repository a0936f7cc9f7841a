import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type UkiRecipe, withUki } from '../../src/build/disk-uki.js';
import type { FilePartName } from '../../src/build/uki-parts.js';
import type { FilePart } from '../../src/image/range-reader.js';
import { readUki } from '../../src/image/uki.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { program } from '../fixtures/programs.js';
import { rangesOf } from '../fixtures/ranges.js';
import { onPath, run } from '../setup/command.js';
import { type Architecture, payloadParts } from '../setup/parts.js';
import { payloadFiles } from '../setup/payload.js';

const NEVER = new AbortController().signal;
const OS_RELEASE = 'ID=lab\nPRETTY_NAME="Lab OS 1"\n';
const TREE = Buffer.from('d00dfeed0badcafe', 'hex');

function recipeFor(architecture: Architecture, more: Partial<UkiRecipe> = {}): UkiRecipe {
  return { architecture, stub: payloadParts(architecture).stub, kernel: payloadFiles(architecture).kernel, ...more };
}

/** What is made, and whether nothing is left of it. */
async function made(recipe: UkiRecipe): Promise<Buffer> {
  const folder = await temporaryFolder();
  const bytes = await withUki(recipe, { signal: NEVER, folder }, (file) => readFile(file));
  expect(await readdir(folder)).toEqual([]);
  return bytes;
}

async function filesWith(contents: Readonly<Record<string, string | Buffer>>): Promise<(name: string) => string> {
  const folder = await temporaryFolder();
  for (const [name, bytes] of Object.entries(contents)) await writeFile(join(folder, name), bytes);
  return (name) => join(folder, name);
}

describe.each(['amd64', 'arm64'] as const)('a UKI of real parts for %s', (architecture) => {
  const { kernel, initramfs } = payloadFiles(architecture);

  it('is read back as what it was made of', async () => {
    const file = await filesWith({ release: OS_RELEASE, tree: TREE, microcode: '070701 of a processor' });
    const parts = { initramfs, 'os-release': file('release'), dtb: file('tree'), microcode: file('microcode') };
    const bytes = await made(recipeFor(architecture, { ...parts, commandLine: 'root=/dev/sda1', uname: '6.1-lab' }));
    const read = await readUki(rangesOf(bytes));
    expect(read).toMatchObject({
      kind: 'uki',
      uki: { architecture, isSigned: false, osName: 'Lab OS 1', uname: '6.1-lab' },
    });
    const [profile] = read.kind === 'uki' ? read.uki.profiles : [];
    expect(profile?.commandLine).toBe('root=/dev/sda1');
    const part = ({ offset, length }: FilePart = { offset: 0, length: 0 }) => bytes.subarray(offset, offset + length);
    expect(part(profile?.linux).equals(readFileSync(kernel))).toBe(true);
    expect(profile?.initrds.map((one) => createHash('sha256').update(part(one)).digest('hex'))).toEqual(
      [Buffer.from('070701 of a processor'), readFileSync(initramfs)].map((one) =>
        createHash('sha256').update(one).digest('hex'),
      ),
    );
    expect(part(profile?.dtb).equals(TREE)).toBe(true);
  });

  it('is the same whenever it is made', async () => {
    const recipe = recipeFor(architecture, { initramfs, commandLine: 'quiet' });
    expect((await made(recipe)).equals(await made(recipe))).toBe(true);
  });

  it('has no section for what it is not given', async () => {
    const read = await readUki(rangesOf(await made(recipeFor(architecture))));
    const [profile] = read.kind === 'uki' ? read.uki.profiles : [];
    expect(profile).toEqual({ linux: expect.anything() as object, kernel: expect.anything() as object, initrds: [] });
  });
});

it('has the version that a kernel for PCs says, and none where a kernel says none', async () => {
  const unameOf = async (architecture: Architecture) => {
    const read = await readUki(rangesOf(await made(recipeFor(architecture))));
    return read.kind === 'uki' ? read.uki.uname : expect.fail(read.reason);
  };
  expect(await unameOf('amd64')).toBe(payloadParts('amd64').version);
  expect(await unameOf('arm64')).toBeUndefined();
});

const objdump = onPath('objdump');

it.skipIf(objdump === undefined)('is what binutils take for one, with the kernel last', async () => {
  const file = await filesWith({ uki: await made(recipeFor('amd64', { commandLine: 'quiet' })) });
  const said = await run(objdump ?? '', ['-h', file('uki')]);
  expect(said).toContain('pei-x86-64');
  const names = [...said.matchAll(/^ +\d+ (\.\w+) +([0-9a-f]{8})/gm)].map(([, name, size]) => [name, size]);
  const kernel = (await stat(payloadFiles('amd64').kernel)).size;
  expect(names.slice(-3)).toEqual([
    ['.cmdline', '00000005'],
    ['.uname', payloadParts('amd64').version.length.toString(16).padStart(8, '0')],
    ['.linux', kernel.toString(16).padStart(8, '0')],
  ]);
});

describe('what no UKI can be made of', () => {
  const AMD64 = recipeFor('amd64');
  const contents = {
    empty: '',
    text: '#!/bin/sh\n',
    signed: program([{ name: '.text', contents: 'x' }], { isSigned: true }),
    uki: program([{ name: '.linux', contents: 'x' }]),
    flat: program([{ name: '.text', contents: 'x' }]),
    ended: readFileSync(AMD64.stub).subarray(0, 2_000),
    splash: 'GIF89a',
    BMP: 'BM',
    release: OS_RELEASE,
    tree: TREE,
    microcode: '070701',
  };

  it.each<[string, (file: (name: string) => string) => Partial<UkiRecipe>, string]>([
    ['no kernel', (file) => ({ kernel: file('nothing') }), 'nothing for the kernel (ENOENT); name a file that exists'],
    ['a folder', (file) => ({ kernel: file('.') }), 'for the kernel is no regular file; name a file'],
    ['an empty kernel', (file) => ({ kernel: file('empty') }), 'for the kernel is empty; name a file with contents'],
    [
      'another kernel',
      () => ({ kernel: payloadFiles('arm64').kernel }),
      'for the kernel is for arm64, and the image for amd64',
    ],
    ['an empty initramfs', (file) => ({ initramfs: file('empty') }), 'for the initramfs is empty'],
    [
      'another picture',
      (file) => ({ splash: file('splash') }),
      'for the splash is not a BMP picture; convert it to BMP',
    ],
    ['a text', (file) => ({ stub: file('text') }), 'for the stub is no stub; name linuxx64.efi.stub by --stub'],
    ['a UKI', (file) => ({ stub: file('uki') }), 'for the stub is a unified kernel image already: it holds .linux'],
    ['a signed stub', (file) => ({ stub: file('signed') }), 'for the stub is signed'],
    [
      'another stub',
      () => ({ stub: payloadParts('arm64').stub }),
      'for the stub is for arm64, and the image for amd64; name linuxx64.efi.stub by --stub, which is in systemd-boot-efi',
    ],
    ['half of a stub', (file) => ({ stub: file('ended') }), 'for the stub is damaged: its section .text ends at'],
    [
      'no stub of anything',
      (file) => ({ stub: file('flat') }),
      'for the stub is no stub: its sections are aligned to 0',
    ],
    ['no key', (file) => ({ signing: { key: file('nothing'), cert: file('text') } }), 'nothing for the key (ENOENT)'],
    [
      'no certificate',
      (file) => ({ signing: { key: file('text'), cert: file('empty') } }),
      'for the certificate is empty',
    ],
  ])('is refused, and nothing is left of it: %s', async (_what, more, said) => {
    const folder = await temporaryFolder();
    const recipe = { ...AMD64, ...more(await filesWith(contents)) };
    const refused = withUki(recipe, { signal: NEVER, folder }, () => expect.fail('it was made'));
    const thrown: unknown = await refused.catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'USAGE' });
    const { message, remedy } = thrown as { readonly message: string; readonly remedy: string };
    expect(`${message}; ${remedy}`).toContain(said);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is more than the header of a stub has room for', async () => {
    const file = await filesWith(contents);
    const all: Partial<Record<FilePartName, string>> = {
      ...{ initramfs: file('text'), splash: file('BMP'), dtb: file('tree') },
      ...{ 'os-release': file('release'), microcode: file('microcode') },
    };
    // Of Debian 12: of Debian 13 it has more.
    const stub = file('narrow');
    const bytes = readFileSync(AMD64.stub);
    bytes.writeUInt32LE(512, bytes.readUInt32LE(0x3c) + 24 + 60);
    await writeFile(stub, bytes);
    await expect(made({ ...AMD64, ...all, stub, commandLine: 'quiet' })).rejects.toThrow(
      /^\S+\/narrow for the stub cannot take it: its header has room for 0 more sections, and 8 are to be added$/,
    );
  });
});

it('is made, or refused, of a stub and a kernel in any state', async () => {
  const folder = await temporaryFolder();
  const [stub, kernel] = [join(folder, 'stub'), join(folder, 'kernel')];
  const whole = { stub: readFileSync(payloadParts('amd64').stub), kernel: smallKernel() };
  // Their headers, and how much there is of them.
  const state = fc.record({
    changes: fc.array(fc.tuple(fc.nat(1_023), fc.nat(255)), { maxLength: 3 }),
    length: fc.oneof({ weight: 1, arbitrary: fc.nat(90_000) }, { weight: 5, arbitrary: fc.constant(90_000) }),
  });
  const told: string[] = [];
  await fc.assert(
    fc.asyncProperty(state, state, async (ofStub, ofKernel) => {
      for (const [file, bytes, { changes, length }] of [
        [stub, whole.stub, ofStub],
        [kernel, whole.kernel, ofKernel],
      ] as const) {
        const copy = Buffer.from(bytes.subarray(0, length));
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        await writeFile(file, copy);
      }
      await withUki({ architecture: 'amd64', stub, kernel }, { signal: NEVER, folder }, async () =>
        told.push('made'),
      ).catch((thrown: unknown) => {
        expect(thrown).toMatchObject({ code: 'USAGE' });
        told.push('refused');
      });
    }),
    { numRuns: 100 },
  );
  expect(await readdir(folder)).toEqual(['kernel', 'stub']);
  expect([...new Set(told)].toSorted()).toEqual(['made', 'refused']);
});

/** What a bzImage of 64 bits begins with (Linux: Documentation/arch/x86/boot.rst), and next to nothing behind it. */
function smallKernel(): Buffer {
  const bytes = program([{ name: '.text', contents: Buffer.alloc(4_096) }]);
  bytes.write('HdrS\x0f\x02', 0x202, 'latin1');
  bytes.writeUInt16LE(0x400, 0x20e);
  bytes.writeUInt16LE(1, 0x236);
  bytes.write('6.1-lab (nobody@nowhere)', 0x600, 'latin1');
  return bytes;
}

describe('where it is made', () => {
  const recipe = recipeFor('amd64');

  it('is a folder that is there', async () => {
    const folder = join(await temporaryFolder(), 'nowhere');
    await expect(withUki(recipe, { signal: NEVER, folder }, () => expect.fail('it was made'))).rejects.toMatchObject({
      code: 'USAGE',
      message: `the UKI cannot be made in ${folder} (ENOENT)`,
      remedy: 'let TMPDIR name a folder with room for it, which this user may write to',
    });
  });

  it('is empty again where the work with it fails', async () => {
    const folder = await temporaryFolder();
    const work = async (file: string) => {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      throw new Error('the registry is down');
    };
    await expect(withUki(recipe, { signal: NEVER, folder }, work)).rejects.toThrow('the registry is down');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is empty again where a signal ends it', async () => {
    const folder = await temporaryFolder();
    const reason = new Error('enough');
    await expect(
      withUki(recipe, { signal: AbortSignal.abort(reason), folder }, () => expect.fail('it was made')),
    ).rejects.toBe(reason);
    expect(await readdir(folder)).toEqual([]);
  });

  it('may be where the parts are, which stay', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'parts'));
    const kernel = join(folder, 'parts/vmlinuz');
    await copyFile(recipe.kernel, kernel);
    await withUki({ ...recipe, kernel }, { signal: NEVER, folder }, (file) => stat(file));
    expect(await readdir(folder)).toEqual(['parts']);
  });
});
