import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { contentsOf, eachContents, isDoubtful, layerContents, readLayer } from '../../src/image/contents.js';
import { readUki } from '../../src/image/uki.js';
import { KERNELS } from '../fixtures/contents.js';
import { bzImageHead, HUGE_KERNEL, imageContents } from '../fixtures/huge-uki.js';
import { resolvedImage } from '../fixtures/plans.js';
import { program } from '../fixtures/programs.js';
import { rangesOf } from '../fixtures/ranges.js';

it('reads each layer as what it is for', async () => {
  const uki = program([{ name: '.linux', contents: bzImageHead() }]);
  expect(await readLayer('kernel', rangesOf(bzImageHead()))).toEqual({ kernel: HUGE_KERNEL });
  expect(await readLayer('kernel', rangesOf(uki))).toMatchObject({ kernel: { kind: 'efi' } });
  expect(await readLayer('uki', rangesOf(uki))).toEqual({ uki: await readUki(rangesOf(uki)) });
});

it('leaves out what is not found, and what the image does not have', async () => {
  const all = imageContents();
  expect(await eachContents(async (role) => contentsOf(all, role))).toEqual(all);
  expect(await eachContents(async () => undefined)).toEqual({});
  expect(await layerContents(resolvedImage(['kernel']), async (_layer, role) => contentsOf(all, role))).toEqual({
    kernel: all.kernel,
  });
});

it('doubts a UKI that cannot be used, and no kernel', () => {
  expect(isDoubtful({ uki: { kind: 'refused', reason: 'it is no program of UEFI' } })).toBe(true);
  expect(isDoubtful(imageContents())).toBe(false);
  expect(isDoubtful({ kernel: KERNELS.unknown })).toBe(false);
});

it('keeps of a text no more than the words that it takes', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Two bytes a character, of which a title is the first few: 8 MiB of each UKI.
  const profile = `TITLE=a title of some length\n# \u4e00${'x'.repeat(60_000)}`;
  const profiles = Array.from({ length: 64 }, () => ({ name: '.profile', contents: profile }));
  const bytes = program([{ name: '.linux', contents: bzImageHead() }, ...profiles]);
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = await Promise.all(Array.from({ length: 12 }, () => readLayer('uki', rangesOf(bytes))));
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  expect(kept[0]).toMatchObject({ uki: { uki: { profiles: { length: 64 } } } });
  expect(grown).toBeLessThan(12 * 1024 * 1024);
});
