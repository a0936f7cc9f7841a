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
