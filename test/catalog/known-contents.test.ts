import { expect, it } from 'vitest';
import { hasContents, KnownContents } from '../../src/catalog/known-contents.js';
import { systemClock } from '../../src/clock.js';
import type { ImageContents, ResolvedImage } from '../../src/image/image.js';
import type { IsoFiles } from '../../src/image/iso-files.js';
import { digestOf } from '../../src/oci/digest.js';
import { TestClock } from '../fixtures/booter.js';
import { bzImageHead, HUGE_KERNEL, hugeUki } from '../fixtures/huge-uki.js';
import { resolvedImage } from '../fixtures/plans.js';
import { rangedSource, sparseBlob } from '../fixtures/ranged-source.js';
import { isoImage } from '../setup/iso.js';

const MIB = 1024 * 1024;

/** An image with a kernel and a UKI, and where both are. */
function setUp(ukiBlob = hugeUki(64 * MIB).blob) {
  const source = rangedSource();
  const [kernel, uki] = [source.add(sparseBlob(8 * MIB, { 0: bzImageHead() })), source.add(ukiBlob)];
  const image = resolvedImage([], {
    artifacts: [
      { role: 'kernel', descriptor: kernel },
      { role: 'uki', descriptor: uki },
    ],
  });
  const down = { ...source, fetchBlob: () => Promise.reject(new Error('it is down')) };
  return { source, down, image };
}

const known = () => new KnownContents(systemClock);
const withContents = (image: ResolvedImage, contents: ImageContents): ResolvedImage => ({ ...image, contents });
const SOMEBODYS = { kernel: { kind: 'gzip', hasEfiStub: false } } as const;
const NO_UKI = { kind: 'refused', reason: 'it is no program of UEFI' } as const;

it('is of an image what its kernel and its UKI are', async () => {
  const { source, image } = setUp();
  const { contents, ...rest } = await known().added(image, { source, stored: undefined, patience: 1_000 });
  expect(rest).toEqual(image);
  expect(contents).toMatchObject({ kernel: HUGE_KERNEL, uki: { kind: 'uki' } });
});

it('is nothing of an image that has neither', async () => {
  const image = resolvedImage(['initramfs']);
  expect(await known().added(image, { source: rangedSource(), stored: undefined, patience: 1_000 })).toEqual(image);
  expect(hasContents(image)).toBe(true);
});

it('leaves out what cannot be read, and has the rest', async () => {
  const { source, image } = setUp();
  const [kernel] = image.artifacts;
  const fetchBlob: typeof source.fetchBlob = (wanted, ...more) =>
    wanted.digest === kernel?.descriptor.digest ? Promise.reject(new Error('gone')) : source.fetchBlob(wanted, ...more);
  const found = await known().added(image, { source: { ...source, fetchBlob }, stored: undefined, patience: 1_000 });
  expect(found.contents).toEqual({ uki: expect.objectContaining({ kind: 'uki' }) as object });
  expect(hasContents(found)).toBe(false);
});

it('is as it was stored of the same image, and nothing is read for it', async () => {
  const { source, down, image } = setUp();
  const stored = await known().added(image, { source, stored: undefined, patience: 1_000 });
  const { asked } = source.counted;
  expect(await known().added(image, { source, stored, patience: 1_000 })).toEqual(stored);
  expect(source.counted.asked).toBe(asked);
  expect(await known().added(image, { source: down, stored, patience: 1_000 })).toEqual(stored);
});

it.each([
  ['another image', { manifestDigest: digestOf(Buffer.from('another')) }],
  ['another place', { location: 'evil.lab/os' }],
])('is not what was stored of %s', async (_what, more) => {
  const { down, image } = setUp();
  const stored = withContents({ ...image, ...more }, SOMEBODYS);
  expect(await known().added(image, { source: down, stored, patience: 1_000 })).toEqual(image);
});

it('looks once more at a UKI that was stored as one that cannot be used, and believes it where it cannot', async () => {
  const { source, down, image } = setUp();
  const stored = withContents(image, { ...SOMEBODYS, uki: NO_UKI });
  const again = await known().added(image, { source, stored, patience: 1_000 });
  expect(again.contents).toMatchObject({ ...SOMEBODYS, uki: { kind: 'uki' } });
  expect(await known().added(image, { source: down, stored, patience: 1_000 })).toEqual(stored);
});

it('asks nobody again for a kernel of no known kind, read now or stored', async () => {
  const source = rangedSource();
  const descriptor = source.add(sparseBlob(8 * MIB, {}));
  const image = resolvedImage([], { artifacts: [{ role: 'kernel', descriptor }] });
  const clock = new TestClock();
  const contents = new KnownContents(clock);
  const first = await contents.added(image, { source, stored: undefined, patience: 1_000 });
  expect(first.contents).toEqual({ kernel: { kind: 'unknown', hasEfiStub: false } });
  expect(hasContents(first)).toBe(true);
  clock.milliseconds += 3_600_000;
  expect(await contents.added(image, { source, stored: undefined, patience: 1_000 })).toEqual(first);
  expect(await known().added(image, { source, stored: first, patience: 1_000 })).toEqual(first);
  expect(source.counted.asked).toBe(1);
});

it('is not all that there is to know where something cannot be used', async () => {
  const { source, image } = setUp();
  const whole = await known().added(image, { source, stored: undefined, patience: 1_000 });
  expect(hasContents(whole)).toBe(true);
  expect(hasContents(withContents(image, { ...whole.contents, uki: NO_UKI }))).toBe(false);
});

it('is read of an ISO for what is wished of it, each on its own', async () => {
  const source = rangedSource();
  const bytes = await isoImage({ files: { 'own/k': 'kernel', 'own/i': 'initramfs' } });
  const artifacts = [{ role: 'iso' as const, descriptor: source.add(sparseBlob(bytes.length, { 0: bytes })) }];
  const image = resolvedImage([], { artifacts });
  const wishing = (isoFiles: IsoFiles): ResolvedImage => ({ ...image, isoFiles });
  const contents = known();
  const openedOf = async (asked: ResolvedImage, stored?: ResolvedImage) => {
    const { contents: found } = await contents.added(asked, { source, stored, patience: 1_000 });
    return found?.iso?.kind === 'iso' ? found.iso.iso.opening : undefined;
  };
  const [one, other] = [
    wishing({ kernel: '/own/k', initramfs: [] }),
    wishing({ kernel: '/own/k', initramfs: ['/own/i'] }),
  ];
  expect(await openedOf(image)).toMatchObject({ kind: 'closed' });
  expect(await openedOf(one)).toMatchObject({ by: 'assignment', initrds: [] });
  expect(await openedOf(other)).toMatchObject({ by: 'assignment', initrds: [{ path: '/own/i' }] });
  const { asked } = source.counted;
  const stored = await contents.added(one, { source, stored: undefined, patience: 1_000 });
  expect(await openedOf(one, stored)).toMatchObject({ initrds: [] });
  expect(source.counted.asked).toBe(asked);
  // What was stored for another wish says nothing of this one.
  expect(await openedOf(other, stored)).toMatchObject({ initrds: [{ path: '/own/i' }] });
});
