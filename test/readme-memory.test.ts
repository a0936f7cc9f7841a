import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Client } from '../src/image/bootable.js';
import type { ResolvedImage } from '../src/image/image.js';
import { OPENED_ISO, readIsoOf, readUkiOf } from './fixtures/contents.js';
import { imageOf, needOf, SIZES } from './fixtures/memory.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, TABLE = ''] = /\n\| what is started \| takes at least \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(README) ?? [];
const ROWS = TABLE.trimEnd()
  .split('\n')
  .map((row) => row.split('|').map((cell) => cell.trim()))
  .map(([, what = '', least = '']) => [what, least] as const);

const commandLine = 'root=live:{blob.squashfs.url}';
const OPENED = { ...OPENED_ISO, preset: 'ubuntu-casper' as const };
const iso = imageOf(['iso'], { contents: { iso: readIsoOf({ opening: OPENED }) } });
const OF_ISO = { kernel: OPENED.kernel.part.length, initramfs: OPENED.initrds[0].part.length };

type Case = readonly [ResolvedImage, Client, Readonly<Record<string, number>>?, Parameters<typeof needOf>[2]?];
const CASES: Readonly<Record<string, Case>> = {
  'kernel and initramfs': [imageOf(['kernel', 'initramfs']), 'ipxe-bios'],
  'the same, of a system that fetches its root': [
    imageOf(['kernel', 'initramfs', 'squashfs'], { commandLine }),
    'ipxe-bios',
  ],
  'kernel and initramfs out of an ISO, of a system that fetches that': [iso, 'ipxe-bios', OF_ISO],
  'a UKI as it is': [imageOf(['uki']), 'ipxe-uefi'],
  'the same, of a system that fetches its root with arguments of iPXE': [
    imageOf(['uki', 'squashfs'], { commandLine, contents: { uki: readUkiOf({ hasNoCommandLine: true }) } }),
    'ipxe-uefi',
  ],
  'an ISO as it is, by UEFI HTTP Boot': [iso, 'uefi-http', OF_ISO],
  'the same, by iPXE': [imageOf(['iso'], { contents: { iso: readIsoOf() } }), 'ipxe-bios', OF_ISO, { boot: 'iso' }],
  'the same, where those are not found in it': [imageOf(['iso']), 'ipxe-bios', {}, { boot: 'iso' }],
};

/** `kernel + 2 × initramfs`, in bytes. */
function bytesOf(least: string, more: Readonly<Record<string, number>> = {}): number | undefined {
  if (least === 'not known') return undefined;
  const sizes: Readonly<Record<string, number>> = { ...SIZES, root: SIZES.squashfs, ...more };
  const terms = least.split(' + ').map((term) => /^(?:(\d) × )?(\w+)$/.exec(term) ?? expect.fail(term));
  return terms.reduce((sum, [, times = '1', name = '']) => sum + Number(times) * (sizes[name.toLowerCase()] ?? NaN), 0);
}

it('the README has an example in numbers of a root that counts, and of one that does not', () => {
  const [, ...said] =
    /kernel of (\d+) MiB with an initramfs of (\d+) MiB takes [^=]* = (\d+) MiB, also [^=]* root of (\d+) MiB, and\s[^=]* = (\d+) MiB where it fetches one of (\d+) MiB/
      .exec(README)
      ?.map(Number) ?? [];
  const [kernel = NaN, initramfs = NaN, least, smaller = NaN, more, larger = NaN] = said;
  const needWith = (root?: number) => {
    const sizes = { kernel, initramfs, squashfs: root ?? 0 };
    const image = imageOf(['kernel', 'initramfs', 'squashfs'], root === undefined ? {} : { commandLine });
    const artifacts = image.artifacts.map((one) => {
      const size = sizes[one.role as keyof typeof sizes] * 2 ** 20;
      return { ...one, descriptor: { ...one.descriptor, size } };
    });
    return (needOf({ ...image, artifacts })?.bytes ?? 0) / 2 ** 20;
  };
  expect([needWith(), needWith(smaller), needWith(larger)]).toEqual([least, least, more]);
});

it('the README says of all that is started how much memory it takes', () => {
  expect(ROWS.map(([what]) => what)).toEqual(Object.keys(CASES));
});

it.each(ROWS)('the README says what this takes: %s', (what, least) => {
  const [image, client, sizes, wish] = CASES[what] ?? expect.fail(what);
  expect(needOf(image, client, wish)?.bytes).toBe(bytesOf(least, sizes));
});
