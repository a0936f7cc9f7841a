import { expect, it } from 'vitest';
import { requirePlatform } from '../../src/build/other-platform.js';
import type { ImageContents } from '../../src/image/image.js';
import type { KernelFacts } from '../../src/image/kernel-kind.js';
import { KERNELS, OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';

const FILES = { kernel: 'Image', uki: 'linux.efi', iso: 'live.iso' };
const PC_OF_32_BITS = { kind: 'bzimage', architecture: '386', hasEfiStub: true } as const;
const ARM64 = readUkiOf({ architecture: 'arm64', kernel: KERNELS.image });

const isoOf = (facts: KernelFacts) =>
  readIsoOf({ opening: { ...OPENED_ISO, kernel: { ...OPENED_ISO.kernel, facts } } });

const require = (contents: ImageContents, architecture: string) =>
  requirePlatform(contents, FILES, { os: 'linux', architecture });

it.each<[string, ImageContents, string, string]>([
  ['a kernel', { kernel: KERNELS.image }, 'amd64', 'Image for the kernel is for arm64, and the image for linux/amd64'],
  ['a packed one', { kernel: KERNELS.zboot }, 'amd64', 'Image for the kernel is for arm64'],
  ['a kernel of 32 bits', { kernel: PC_OF_32_BITS }, 'arm64', 'Image for the kernel is for 386'],
  ['a kernel of 64 bits', { kernel: KERNELS.bzimage }, '386', 'Image for the kernel is for amd64'],
  ['a UKI', { uki: ARM64 }, 'amd64', 'linux.efi for the uki is for arm64, and the image for linux/amd64'],
  ['a UKI of 32 bits', { uki: readUkiOf({ architecture: '386' }) }, 'amd64', 'linux.efi for the uki is for 386'],
  [
    'an ISO',
    { iso: isoOf(KERNELS.image) },
    'amd64',
    'the kernel in live.iso for the iso is for arm64, and the image for',
  ],
])('refuses what no machine of the platform starts: %s', (_what, contents, architecture, said) => {
  expect(() => require(contents, architecture)).toThrow(said);
});

it('says which file to name, or which platform', () => {
  const remedy = 'name one for amd64, or say --platform linux/arm64';
  expect(() => require({ uki: ARM64 }, 'amd64')).toThrow(expect.objectContaining({ code: 'USAGE', remedy }));
  expect(() => require({ iso: isoOf(KERNELS.image) }, 'amd64')).toThrow(
    expect.objectContaining({ code: 'USAGE', remedy: 'name an ISO for amd64, or say --platform linux/arm64' }),
  );
});

it.each<[string, ImageContents, string]>([
  ['nothing', {}, 'amd64'],
  ['its own', { kernel: KERNELS.bzimage, uki: readUkiOf() }, 'amd64'],
  ['an ISO of its own', { iso: isoOf(KERNELS.bzimage) }, 'amd64'],
  ['an ISO of 32 bits, which a BIOS starts', { iso: isoOf(PC_OF_32_BITS) }, 'amd64'],
  ['an ISO in which no kernel is found', { iso: readIsoOf({ opening: { kind: 'closed', reason: 'none' } }) }, 'arm64'],
  ['a UKI of another', { uki: ARM64 }, 'arm64'],
  ['of 32 bits, which a BIOS starts', { kernel: PC_OF_32_BITS }, 'amd64'],
  ['packed, which says nothing', { kernel: KERNELS.gzip }, 'arm64'],
  ['of no known kind', { kernel: KERNELS.unknown, uki: { kind: 'refused', reason: 'it is none' } }, 'amd64'],
])('takes what some machine starts, or what says nothing: %s', (_what, contents, architecture) => {
  expect(() => require(contents, architecture)).not.toThrow();
});
