import { describe, expect, it } from 'vitest';
import type { LocatedArtifact, ResolutionKey } from '../../src/boot/ports.js';
import { ServedArtifacts } from '../../src/booter/served-artifacts.js';
import type { ImageContents, ResolvedImage } from '../../src/image/image.js';
import { digestOf } from '../../src/oci/digest.js';
import { readUkiOf } from '../fixtures/contents.js';
import { resolvedImage } from '../fixtures/plans.js';

const key = (reference: string): ResolutionKey => ({
  reference,
  wish: { os: 'linux', architecture: 'amd64', variant: 'metal' },
});

/** An image at this place that says so of the kernel that all of them have. */
function image(location: string, size: number): ResolvedImage {
  const { artifacts, ...rest } = resolvedImage(['kernel']);
  const claimed = artifacts.map((artifact) => ({ ...artifact, descriptor: { ...artifact.descriptor, size } }));
  return { ...rest, location, manifestDigest: digestOf(Buffer.from(`${location} ${size}`)), artifacts: claimed };
}

const KERNEL = image('any', 1).artifacts[0]?.descriptor.digest ?? digestOf(Buffer.from(''));

function served(...images: readonly ResolvedImage[]): ServedArtifacts {
  const all = new ServedArtifacts();
  for (const one of images) all.replace(key(one.location), one);
  return all;
}

const told = (artifact: LocatedArtifact | undefined) => `${artifact?.location} ${artifact?.descriptor.size}`;

describe('ServedArtifacts', () => {
  const claimOf = (location: string, size: number) =>
    ({ ...image(location, size).artifacts[0], location }) as LocatedArtifact;

  it('believes the image that it is wanted of, unless what that says is not so', () => {
    const all = served(image('lies', 8), image('well', 7), image('other', 7));
    const of = (location: string, size: number) => told(all.findOf(KERNEL, image(location, size).manifestDigest));
    expect([of('well', 7), of('lies', 8), of('lies', 9)]).toEqual(['well 7', 'lies 8', 'undefined undefined']);
    all.failed(claimOf('lies', 8));
    expect(of('lies', 8)).toBe('lies 8');
    all.refute(claimOf('lies', 8));
    expect([of('lies', 8), of('well', 7)]).toEqual(['undefined undefined', 'well 7']);
  });

  it('else goes by what could be had most', () => {
    const all = served(image('lies', 8), image('well', 7), image('other', 7));
    expect(told(all.find(KERNEL))).toBe('lies 8');
    all.failed(claimOf('lies', 8));
    expect(told(all.find(KERNEL))).toBe('well 7');
    for (let times = 0; times < 2; times += 1) all.failed(claimOf('well', 7));
    expect(told(all.find(KERNEL))).toBe('lies 8');
    all.refute(claimOf('lies', 8));
    for (let times = 0; times < 5; times += 1) all.failed(claimOf('well', 7));
    expect(told(all.find(KERNEL))).toBe('well 7');
    all.replace(key('lies'), image('lies', 9));
    expect(told(all.find(KERNEL))).toBe('lies 9');
  });

  it('takes the bytes from wherever they are said to be of that size', () => {
    const all = served(image('lies', 8), image('well', 7), image('other', 7));
    expect(all.locationsOf({ digest: KERNEL, size: 7 })).toEqual(['well', 'other']);
    expect(all.locationsOf({ digest: KERNEL, size: 6 })).toEqual([]);
    expect([...all.all()].map(told).sort()).toEqual(['lies 8', 'well 7']);
    expect([...all.digests()]).toEqual([KERNEL]);
  });

  it('has nothing refuted that nobody disputes', () => {
    const all = served(image('well', 7), image('other', 7));
    all.refute(claimOf('well', 7));
    expect(told(all.findOf(KERNEL, image('well', 7).manifestDigest))).toBe('well 7');
  });

  it('forgets what is mapped no more', () => {
    const all = served(image('well', 7), image('other', 7));
    all.retain(({ reference }) => reference === 'other');
    expect(told(all.find(KERNEL))).toBe('other 7');
  });

  it.each<readonly [string, readonly (keyof typeof READINGS)[], keyof typeof READINGS]>([
    ['what could be used', ['doubtful', 'sound'], 'sound'],
    ['what could be used, not what could not', ['sound', 'doubtful'], 'sound'],
    ['what could not be used, after nothing', ['none', 'doubtful'], 'doubtful'],
    ['what could not be used, not nothing', ['doubtful', 'none'], 'doubtful'],
  ])('keeps of several readings of an image %s', (_which, readings, kept) => {
    const all = served(
      ...readings.map((one) => ({ ...resolvedImage(['uki']), location: 'well', contents: READINGS[one] })),
    );
    expect([...all.resolutions()].map(({ image }) => image.contents)).toEqual([READINGS[kept]]);
  });
});

const READINGS = {
  none: {},
  doubtful: { uki: { kind: 'refused', reason: 'it is no program of UEFI' } },
  sound: { uki: readUkiOf({}) },
} as const satisfies Readonly<Record<string, ImageContents>>;
