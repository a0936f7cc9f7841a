import { describe, expect, it } from 'vitest';
import { describeShortage, memoryShortage } from '../../src/boot/memory-need.js';
import type { Client } from '../../src/image/bootable.js';
import { OPENED_ISO, readIsoOf, readUkiOf } from '../fixtures/contents.js';
import { imageOf, needOf } from '../fixtures/memory.js';

const LAYERS = ['kernel', 'initramfs', 'squashfs', 'disk'] as const;

describe('layers', () => {
  it('are the kernel, and the initramfs twice: what system and disk do with the rest is not known', () => {
    expect(needOf(imageOf(LAYERS))).toEqual({
      bytes: 10_000 + 2 * 50_000,
      what: 'its kernel, and its initramfs packed and unpacked',
    });
  });

  it.each([
    'gl.url={blob.squashfs.url}',
    'coreos.live.rootfs_url={blob.squashfs.url}',
    'quiet root=live:{blob.squashfs.url} ro',
    'boot=live fetch={blob.squashfs.url}',
  ])('are the root as well that %s fetches once the initramfs is unpacked', (commandLine) => {
    expect(needOf(imageOf(LAYERS, { commandLine }))).toEqual({
      bytes: 10_000 + 50_000 + 300_000,
      what: 'its kernel, its initramfs, and the squashfs that it fetches',
    });
  });

  it('are the same of a root that is smaller than the initramfs', () => {
    const image = imageOf(LAYERS, { commandLine: 'fetch={blob.squashfs.url}' });
    const artifacts = image.artifacts.map((one) =>
      one.role === 'squashfs' ? { ...one, descriptor: { ...one.descriptor, size: 40_000 } } : one,
    );
    expect(needOf({ ...image, artifacts })?.bytes).toBe(10_000 + 2 * 50_000);
  });

  it.each(['httpfs={blob.squashfs.url}', 'write={blob.disk.url}', 'root=/dev/sda1'])(
    'are no more by %s, which is not known to be fetched into memory',
    (commandLine) => expect(needOf(imageOf(LAYERS, { commandLine }))?.bytes).toBe(10_000 + 2 * 50_000),
  );

  it('are what a preset of the mapping fetches', () => {
    const kernelArgs = { kernelArgs: [{ preset: 'debian-live' as const }] };
    expect(needOf(imageOf(LAYERS), 'ipxe-bios', kernelArgs)?.bytes).toBe(10_000 + 50_000 + 300_000);
  });
});

describe('a UKI', () => {
  const linux = { offset: 0, length: 20_000 };
  const initrds = [
    { offset: 20_000, length: 1_000 },
    { offset: 21_000, length: 50_000 },
  ];
  const whole = imageOf(['uki'], { contents: { uki: readUkiOf({ linux, initrds }) } });

  it.each<Client>(['ipxe-uefi', 'uefi-http'])('is there as a file and loaded, for %s', (client) =>
    expect(needOf(whole, client)).toEqual({ bytes: 160_000, what: 'its UKI, as a file and loaded' }),
  );

  it('is opened into its kernel and its initrds, of which the rest of it is none', () => {
    expect(needOf(whole)?.bytes).toBe(20_000 + 2 * 51_000);
  });

  it('is opened into a kernel alone', () => {
    const alone = imageOf(['uki'], { contents: { uki: readUkiOf({ linux, initrds: [] }) } });
    expect(needOf(alone)).toEqual({ bytes: 20_000, what: 'its kernel' });
  });

  it('is there beside the root that iPXE tells it to fetch', () => {
    const commandLine = 'root=live:{blob.squashfs.url}';
    const image = imageOf(['uki', 'squashfs'], {
      ...{ commandLine, contents: { uki: readUkiOf({ hasNoCommandLine: true }) } },
    });
    expect(needOf(image, 'ipxe-uefi')).toEqual({
      bytes: 80_000 + 300_000,
      what: 'its UKI, and the squashfs that it fetches',
    });
  });
});

describe('an ISO', () => {
  const [kernel, initrd] = [2_048, 1_000];

  it('stays in memory as a disc, beside the kernel and the initramfs that its loader takes from there', () => {
    expect(needOf(imageOf(['iso'], { contents: { iso: readIsoOf() } }), 'uefi-http')).toEqual({
      bytes: 900_000 + kernel + 2 * initrd,
      what: 'its ISO as a disc, and the kernel and initramfs in it',
    });
  });

  it.each([
    ['was not read', {}],
    ['holds nothing that is found', { iso: readIsoOf({ opening: { kind: 'closed', reason: 'none' } }) }],
  ])('is a disc at least where it %s', (_what, contents) =>
    expect(needOf(imageOf(['iso'], { contents }), 'uefi-http')).toEqual({ bytes: 900_000, what: 'its ISO as a disc' }),
  );

  it('takes none as a disc of iPXE', () => {
    const [read, unread] = [{ iso: readIsoOf() }, {}].map((contents) =>
      needOf(imageOf(['iso'], { contents }), 'ipxe-bios', { boot: 'iso' }),
    );
    expect(read).toEqual({ bytes: kernel + 2 * initrd, what: 'the kernel and initramfs in its ISO' });
    expect(unread).toBeUndefined();
  });

  it('is fetched whole by a system that finds its files so', () => {
    const opening = { ...OPENED_ISO, preset: 'ubuntu-casper' as const };
    expect(needOf(imageOf(['iso'], { contents: { iso: readIsoOf({ opening }) } }))).toEqual({
      bytes: kernel + initrd + 900_000,
      what: 'its kernel, its initramfs, and the ISO that it fetches',
    });
  });

  it('is not in memory where a part of it is fetched', () => {
    const root = { path: '/live/filesystem.squashfs', part: { offset: 45_056, length: 600_000 } };
    const opening = { ...OPENED_ISO, preset: 'debian-live' as const, root };
    expect(needOf(imageOf(['iso'], { contents: { iso: readIsoOf({ opening }) } }))?.bytes).toBe(
      kernel + initrd + 600_000,
    );
  });
});

it('is short of nothing where it is not known what is needed', () =>
  expect(memoryShortage(undefined, { memory: 0 })).toBeUndefined());

it.each([
  [undefined, undefined],
  [1_000, undefined],
  [1_001, undefined],
  [999, { needed: 1_000, has: 999 }],
])('is short where the machine is known to have less: %s', (memory, shortage) =>
  expect(memoryShortage({ bytes: 1_000, what: '' }, memory === undefined ? {} : { memory })).toEqual(shortage),
);

it('tells two sizes apart that are close', () => {
  expect(describeShortage({ needed: 2 ** 30, has: 2 ** 30 - 1 })).toBe(
    'it needs at least 1024 MiB of memory, and the machine has 1023 MiB',
  );
});
