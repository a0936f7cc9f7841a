import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findStub, readUkiRecipe, type UkiFiles, type UkiOptions } from '../../src/cli/uki-options.js';
import { payloadParts } from '../setup/parts.js';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const FILES: UkiFiles = { uki: 'make', kernel: 'vmlinuz' };
const STUB = { stub: 'linuxx64.efi.stub' };

const read = (files: UkiFiles, options: UkiOptions = {}, commandLine?: string) =>
  readUkiRecipe(files, options, { platform: AMD64, commandLine });

it('is a recipe with what is given', () => {
  expect(read(FILES, STUB)).toEqual({ kernel: 'vmlinuz', architecture: 'amd64', stub: 'linuxx64.efi.stub' });
  const more = { osRelease: 'os', uname: '6.1', dtb: 'tree', splash: 'logo', microcode: 'ucode' };
  const signed = { signKey: 'db.key', signCert: 'db.crt' };
  expect(read({ ...FILES, initramfs: 'initrd' }, { ...STUB, ...more, ...signed }, 'quiet')).toEqual({
    ...{ kernel: 'vmlinuz', architecture: 'amd64', stub: 'linuxx64.efi.stub', initramfs: 'initrd' },
    ...{ commandLine: 'quiet', 'os-release': 'os', uname: '6.1', dtb: 'tree', splash: 'logo', microcode: 'ucode' },
    signing: { key: 'db.key', cert: 'db.crt' },
  });
});

it.each([[{ kernel: 'vmlinuz' }], [{ uki: 'linux.efi' }], [{ uki: './make' }]])('is none for %s', (files) => {
  expect(read(files)).toBeUndefined();
});

it.each([
  ['amd64', 2_025],
  ['arm64', 2_025],
  ['riscv64', 1_001],
  ['loong64', 4_073],
])('takes as many kernel arguments as kernels of the platform do: %s', (architecture, room) => {
  const platform = { os: 'linux', architecture };
  const readOf = (commandLine: string) => readUkiRecipe(FILES, STUB, { platform, commandLine });
  expect(readOf('x'.repeat(room))).toMatchObject({ commandLine: 'x'.repeat(room), architecture });
  expect(() => readOf('é'.repeat(Math.ceil((room + 1) / 2)))).toThrow(
    `a UKI for ${architecture}: its kernel arguments are ${room + 1} bytes long, and ${room} fit`,
  );
});

describe('what makes no sense', () => {
  it.each<[UkiFiles, UkiOptions, string]>([
    [{ uki: 'make' }, STUB, 'a UKI is made of a kernel, and none is named'],
    [
      FILES,
      { ...STUB, signKey: 'db.key' },
      'a UKI is signed by a key with its certificate, and only --sign-key is there',
    ],
    [FILES, { ...STUB, signCert: 'db.crt' }, 'only --sign-cert is there'],
    [FILES, { ...STUB, uname: 'two words' }, '"two words" is no version of a kernel'],
    [FILES, { ...STUB, uname: '' }, '"" is no version of a kernel'],
    [{ uki: 'linux.efi' }, STUB, '--stub says how a UKI is made, and none is made'],
    [{ kernel: 'vmlinuz' }, { osRelease: 'os' }, '--os-release says how a UKI is made'],
    [{ kernel: 'vmlinuz' }, { uname: '6.1' }, '--uname says how a UKI is made'],
    [{ kernel: 'vmlinuz' }, { dtb: 'tree' }, '--dtb says how a UKI is made'],
    [{ kernel: 'vmlinuz' }, { splash: 'logo' }, '--splash says how a UKI is made'],
    [{ kernel: 'vmlinuz' }, { microcode: 'ucode' }, '--microcode says how a UKI is made'],
    [{ kernel: 'vmlinuz' }, { signKey: 'db.key' }, '--sign-key says how a UKI is made'],
    [{ kernel: 'vmlinuz' }, { signCert: 'db.crt' }, '--sign-cert says how a UKI is made'],
    [{ kernel: 'vmlinuz' }, { keepParts: true }, '--keep-parts says how a UKI is made'],
  ])('is refused: %o %o', (files, options, said) => {
    expect(() => read(files, options)).toThrow(said);
  });

  it('is an empty file of kernel arguments', () => {
    expect(() => read(FILES, STUB, '')).toThrow('no kernel arguments are in the file of --cmdline');
  });
});

describe('the stub', () => {
  it.each(['amd64', 'arm64'] as const)('is that of the platform, where distributions have it: %s', (architecture) => {
    const { stub } = payloadParts(architecture);
    expect(findStub(architecture, dirname(stub))).toBe(stub);
  });

  it('is missed with what to install', () => {
    expect(() => findStub('arm64', '/nonexistent')).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'there is no stub /nonexistent/linuxaa64.efi.stub',
        remedy: expect.stringMatching(/^install systemd-boot-efi .* of arm64, or name its stub with --stub$/) as string,
      }),
    );
    expect(() => findStub('s390x')).toThrow('there are no UKIs for s390x');
  });
});
