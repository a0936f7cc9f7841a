import { describe, expect, it } from 'vitest';
import type { LocatedArtifact, ResolutionKey } from '../../src/boot/ports.js';
import { ServedArtifacts } from '../../src/booter/served-artifacts.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { digestOf } from '../../src/oci/digest.js';
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
  it('believes the image that it is wanted of, else the first that was not found to lie', () => {
    const all = served(image('lies', 8), image('well', 7), image('other', 7));
    expect(told(all.find(KERNEL))).toBe('lies 8');
    expect([told(all.find(KERNEL, 'well')), told(all.find(KERNEL, 'elsewhere'))]).toEqual(['well 7', 'lies 8']);
    all.refute(image('lies', 8).artifacts.map((one) => ({ ...one, location: 'lies' }))[0] as LocatedArtifact);
    expect([told(all.find(KERNEL)), told(all.find(KERNEL, 'lies'))]).toEqual(['well 7', 'lies 8']);
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
    all.refute(all.find(KERNEL) as LocatedArtifact);
    expect(told(all.find(KERNEL))).toBe('well 7');
  });

  it('forgets what is mapped no more', () => {
    const all = served(image('well', 7), image('other', 7));
    all.retain((reference) => reference === 'other');
    expect(told(all.find(KERNEL))).toBe('other 7');
  });
});
