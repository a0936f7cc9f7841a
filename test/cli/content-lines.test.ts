import { expect, it } from 'vitest';
import { kernelLine, ukiLines } from '../../src/cli/content-lines.js';
import type { UkiProfile } from '../../src/image/uki.js';
import { judgeWays } from '../../src/image/ways.js';

const MIB = 1024 * 1024;
const LINUX = { offset: 4_096, length: 8 * MIB };
const KERNEL = { kind: 'bzimage', hasEfiStub: true } as const;
const MAIN: UkiProfile = {
  linux: LINUX,
  kernel: KERNEL,
  initrds: [{ offset: 0, length: MIB }, LINUX],
  commandLine: 'quiet',
};
const UKI = { architecture: 'amd64', isSigned: false } as const;

it('says what it is, and what each profile has', () => {
  const rescue: UkiProfile = {
    id: 'rescue',
    title: 'Re\x1bscue',
    linux: LINUX,
    kernel: KERNEL,
    initrds: [],
    dtb: { offset: 0, length: 2_048 },
  };
  const uki = { ...UKI, isSigned: true, osName: 'Debian', uname: '6.12', profiles: [MAIN, rescue] } as const;
  expect(ukiLines({ kind: 'uki', uki })).toEqual([
    'Debian, kernel 6.12, amd64',
    'signed: Secure Boot starts it, as it is, on machines that trust who signed it',
    'kernel 8.0 MiB, initramfs 9.0 MiB',
    'cmdline quiet',
    'Re?scue: kernel 8.0 MiB, no initramfs, device tree 2.0 KiB',
    'no command line of its own',
  ]);
});

it('says what of its arguments firmware does not fill, each once', () => {
  const commandLine = 'a={server.url} b={done.url} c={server.url}';
  const lines = ukiLines({ kind: 'uki', uki: { ...UKI, profiles: [{ ...MAIN, commandLine }] } });
  expect(lines.slice(-3)).toEqual([
    `cmdline ${commandLine}`,
    '        {server.url} is not filled where firmware starts it',
    '        {done.url} is not filled where firmware starts it',
  ]);
});

it('says why it cannot be opened, and whether firmware may start it all the same', () => {
  const reason = 'it has no section .linux';
  const unopened = [`it cannot be opened: ${reason}`, 'firmware of UEFI may start it, as it is'];
  expect(ukiLines({ kind: 'refused', reason })).toEqual(unopened);
  expect(ukiLines({ kind: 'refused', reason, isSigned: false })).toEqual([
    ...unopened,
    'not signed: a machine whose Secure Boot is on does not start it',
  ]);
  expect(ukiLines({ kind: 'refused', reason, isSigned: true })).toEqual([
    ...unopened,
    'signed: Secure Boot starts it, as it is, on machines that trust who signed it',
  ]);
  expect(ukiLines({ kind: 'refused', reason: 'it is no program of UEFI', isProgram: false })).toEqual([
    'it can be neither opened nor started: it is no program of UEFI',
  ]);
});

it('says of what says nothing its architecture', () => {
  expect(ukiLines({ kind: 'uki', uki: { ...UKI, profiles: [MAIN] } }).slice(0, 2)).toEqual([
    'amd64',
    'not signed: a machine whose Secure Boot is on does not start it',
  ]);
});

it.each([
  [{ kind: 'bzimage', architecture: 'amd64', hasEfiStub: true }, 'a bzImage, for amd64, with an EFI stub'],
  [{ kind: 'image', architecture: 'arm64', hasEfiStub: false }, 'an Image, for arm64, without an EFI stub'],
  [{ kind: 'gzip', hasEfiStub: false }, 'packed by gzip, which iPXE unpacks for arm64 and riscv64'],
  [{ kind: 'unknown', hasEfiStub: false }, 'of no kind that is known here'],
] as const)('says what a kernel is: %o', (facts, line) => expect(kernelLine(facts)).toBe(line));

it.each(['amd64', 'arm64', 'riscv64', 'loong64'])('says of gzip what iPXE does with it: %s', (architecture) => {
  const artifacts = [{ role: 'kernel' }, { role: 'initramfs' }] as const;
  const facts = { kind: 'gzip', hasEfiStub: false } as const;
  const [layers] = judgeWays({ artifacts, contents: { kernel: facts } }, { client: 'ipxe-uefi', architecture });
  expect(kernelLine(facts).includes(architecture)).toBe(layers?.kind === 'possible');
});
