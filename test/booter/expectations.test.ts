import { describe, expect, it } from 'vitest';
import { Expectations } from '../../src/booter/expectations.js';
import { MappedImages } from '../../src/booter/mapped-images.js';
import { createMapping } from '../../src/booter/mapping.js';
import type { ImageWish, ResolvedImage } from '../../src/image/image.js';
import type { Subject } from '../../src/machine/inventory.js';
import { MemoryPlans, TestClock } from '../fixtures/booter.js';
import { readIsoOf } from '../fixtures/contents.js';
import { assignment, facts, IMAGE, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { settled } from '../fixtures/waiting.js';

const PXE: Subject = {
  name: 'node-01',
  contradictions: [],
  mayBeKnown: false,
  facts: facts({ architecture: 'amd64', firmware: ['uefi'] }),
};
const HTTP: Subject = { ...PXE, facts: facts({ architecture: 'amd64', firmware: ['uefi-http'] }) };
const NOTHING_FOUND = { opening: { kind: 'closed', reason: 'no kernel' } } as const;
const ALL = resolvedImage(['kernel', 'initramfs', 'squashfs', 'uki']);

/** What is resolved, and what of it is fetched. */
function expecting(image: ResolvedImage | Error = ALL) {
  const wishes: ImageWish[] = [];
  const fetched: string[] = [];
  const clock = new TestClock();
  const mapping = createMapping({ machines: [], assignments: [assignment()], defaults: { kernelArgs: {} } });
  const mapped = new MappedImages({
    mapping: () => mapping,
    images: {
      resolve: async (_reference, wish) => {
        wishes.push(wish);
        if (image instanceof Error) throw image;
        return image;
      },
      architecturesOf: async () => [],
      lastGood: async () => undefined,
      lastArchitectures: async () => [],
      isInTrouble: () => false,
      askedFor: () => undefined,
      sourcesOf: (locations) => locations.map((name) => ({ name, fetch: () => expect.unreachable() })),
    },
    plans: new MemoryPlans(),
    clock,
  });
  const expectations = new Expectations({
    mapping: () => mapping,
    mapped,
    clock,
    prefetch: ({ mediaType }, sources) => {
      expect(sources.map(({ name }) => name)).toEqual([ALL.location]);
      fetched.push(mediaType.replace(/^.*\./, ''));
    },
  });
  return { expectations, wishes, fetched, clock };
}

describe('an expected machine', () => {
  it.each<[string, Subject, ResolvedImage, readonly string[]]>([
    ['by PXE has kernel and initramfs fetched', PXE, ALL, ['kernel', 'initramfs']],
    ['by HTTP Boot has the UKI fetched', HTTP, ALL, ['uki']],
    [
      'by HTTP Boot has kernel and initramfs fetched where there is no UKI',
      HTTP,
      resolvedImage(['kernel', 'initramfs']),
      ['kernel', 'initramfs'],
    ],
    [
      'that may come by either is one of iPXE',
      { ...PXE, facts: facts({ firmware: ['uefi', 'uefi-http'] }) },
      ALL,
      ['kernel', 'initramfs'],
    ],
    ['has nothing fetched of an image that is no use to it', PXE, resolvedImage(['disk']), []],
    ['by PXE has the UKI fetched that is to be opened', PXE, resolvedImage(['uki']), ['uki']],
    ['by HTTP Boot has the ISO fetched', HTTP, resolvedImage(['iso']), ['iso']],
    [
      'by PXE has the ISO fetched that is to be opened',
      PXE,
      resolvedImage(['iso'], { contents: { iso: readIsoOf() } }),
      ['iso'],
    ],
    ['has an ISO fetched that nobody has read', PXE, resolvedImage(['iso']), ['iso']],
    [
      'has no ISO fetched that is no use to it',
      PXE,
      resolvedImage(['iso'], { contents: { iso: readIsoOf({ ...NOTHING_FOUND, firmware: [] }) } }),
      [],
    ],
    [
      'by PXE has an ISO fetched that it reads as a disc',
      PXE,
      resolvedImage(['iso'], { contents: { iso: readIsoOf(NOTHING_FOUND) } }),
      ['iso'],
    ],
  ])('%s', async (_, subject, image, roles) => {
    const { expectations, fetched } = expecting(image);
    expectations.expect(subject, assignment());
    await settled();
    expect(fetched).toEqual(roles.map((role) => expect.stringContaining(role) as string));
  });

  it.each<[string, Subject, string]>([
    ['it says', { ...PXE, facts: facts({ architecture: 'arm64' }) }, 'arm64'],
    ['its record says', { ...PXE, facts: facts(), machine: machine({ architecture: 'arm64' }) }, 'arm64'],
    ['most have, for a BIOS that says none', { ...PXE, facts: facts({ firmware: ['bios'] }) }, 'amd64'],
  ])('is of the architecture that %s', async (_, subject, architecture) => {
    const { expectations, wishes } = expecting();
    expectations.expect(subject, assignment({ variant: 'cloud' }));
    await settled();
    expect(wishes).toEqual([{ os: 'linux', architecture, variant: 'cloud' }]);
  });

  it('is looked after once in half a minute, whatever came of it', async () => {
    for (const image of [ALL, new Error('gone')]) {
      const { expectations, wishes, clock } = expecting(image);
      const asked = async (milliseconds: number) => {
        clock.milliseconds = milliseconds;
        expectations.expect(PXE, assignment());
        await settled();
        return wishes.length;
      };
      expect([await asked(0), await asked(29_999), await asked(30_000), await asked(30_001)]).toEqual([1, 1, 2, 2]);
    }
  });

  it('is looked after at once where another was who wants something else', async () => {
    const { expectations, wishes } = expecting();
    const other = assignment({ image: { ...IMAGE, tag: '13' } });
    const arm = { ...PXE, facts: facts({ architecture: 'arm64', firmware: ['uefi'] as const }) };
    for (const [subject, wanted] of [
      [PXE, assignment()],
      [{ ...PXE, name: 'node-02' }, assignment({ name: 'same image' })],
      [HTTP, assignment()],
      [arm, assignment()],
      [PXE, other],
      [PXE, assignment({ variant: 'cloud' })],
      [PXE, assignment({ iso: { files: { kernel: '/one', initramfs: [] } } })],
      [PXE, assignment({ iso: { files: { kernel: '/other', initramfs: [] } } })],
    ] as const)
      expectations.expect(subject, wanted);
    await settled();
    expect(wishes).toHaveLength(7);
  });
});
