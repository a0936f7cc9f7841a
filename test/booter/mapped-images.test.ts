import { describe, expect, it } from 'vitest';
import type { FetchAhead } from '../../src/booter/mapped-images.js';
import { BootlayerError } from '../../src/errors.js';
import { ukiParts } from '../../src/image/uki-parts.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import { placeOf } from '../../src/oci/reference.js';
import { openedPlansContract } from '../contracts/plan-store.js';
import { MemoryPlans, testBooter } from '../fixtures/booter.js';
import { readUkiOf } from '../fixtures/contents.js';
import { assignment, IMAGE, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';
import { OPENED, openedPlan, resolvedImage } from '../fixtures/plans.js';

const never = new AbortController().signal;
const OTHER = { ...IMAGE, tag: 'other' };

/** What is asked for, as `tag architecture`. */
async function resolvedOf(more: Parameters<typeof testBooter>[0], held: readonly string[] = ['amd64', 'arm64']) {
  const asked: string[] = [];
  const { booter } = testBooter({
    ...more,
    images: {
      resolve: async ({ tag }, { architecture }) => {
        asked.push(`${tag} ${architecture}`);
        if (tag === 'other') throw new Error('none');
        return resolvedImage();
      },
      architecturesOf: async ({ tag }) => {
        asked.push(`${tag}?`);
        if (tag === 'gone') throw new Error('none');
        return held;
      },
    },
  });
  const unresolved = await booter.mapped.resolveAll(never);
  return { booter, asked, unresolved };
}

describe('MappedImages.resolveAll', () => {
  it('goes by what the mapping says of architectures, else by what the image has', async () => {
    const known = machine({ architecture: 'arm64' });
    const unknown = machine({ name: 'node-02', macs: [OTHER_MAC] });
    const cases = [
      { assignments: [assignment({ match: { arch: ['riscv64'] } })], machines: [] },
      { assignments: [assignment({ match: { machine: ['node-01'] } })], machines: [known] },
      { assignments: [assignment({ match: { machine: ['node-01', 'node-02'] } })], machines: [known, unknown] },
      { assignments: [assignment({ match: { mac: [MAC] } })], machines: [] },
      { assignments: [assignment({ name: 'a' }), assignment({ name: 'b', priority: -1 })], machines: [known] },
    ];
    const asked = await Promise.all(cases.map(async (one) => (await resolvedOf(one)).asked));
    expect(asked).toEqual([
      ['12 riscv64'],
      ['12 arm64'],
      ['12?', '12 arm64', '12 amd64'],
      ['12?', '12 amd64', '12 arm64'],
      ['12?', '12 arm64', '12 amd64'],
    ]);
  });

  it('takes an image that names no architecture for one of all', async () => {
    expect((await resolvedOf({ machines: [] }, [])).asked).toEqual(['12?', '12 amd64']);
  });

  it('says what could not be resolved, and goes on', async () => {
    const assignments = [
      assignment({ name: 'other', match: { arch: ['amd64'] }, image: OTHER }),
      assignment({ name: 'gone', image: { ...IMAGE, tag: 'gone' } }),
      assignment(),
    ];
    const { unresolved, booter } = await resolvedOf({ assignments, machines: [] });
    expect(unresolved).toEqual(['registry.lab:5000/os/debian:other', 'registry.lab:5000/os/debian:gone']);
    expect(booter.mapped.unresolved()).toEqual(unresolved);
    expect((await booter.mapped.pinnedDigests())?.size).toBe(resolvedImage().artifacts.length);
    booter.remap({ machines: [], assignments, defaults: { kernelArgs: {} } });
    expect(booter.mapped.unresolved()).toBeUndefined();
    expect(await booter.mapped.pinnedDigests()).toBeUndefined();
  });

  it('says nothing of what it was not done with', async () => {
    const { booter } = testBooter();
    await booter.mapped.resolveAll(AbortSignal.abort());
    expect(booter.mapped.unresolved()).toBeUndefined();
  });
});

describe('a registry that cannot be reached', () => {
  const mapped = ['a', 'b', 'c', 'd', 'e'].map((tag) =>
    assignment({ name: tag, match: { arch: ['amd64'] }, image: { ...IMAGE, tag } }),
  );
  const healthy = { ...IMAGE, registry: 'well.lab' };
  const assignments = [...mapped, assignment({ name: 'well', match: { arch: ['amd64'] }, image: healthy })];

  it('is left alone after a while, does not hold up others, and is asked for the rest the next time', async () => {
    const asked: string[] = [];
    let isDown = true;
    const { booter } = testBooter({
      assignments,
      machines: [],
      images: {
        resolve: async ({ tag, ...reference }) => {
          const place = placeOf({ ...reference, tag });
          asked.push(`${place} ${tag}`);
          if (isDown && place !== 'well.lab') throw new BootlayerError('REGISTRY_UNREACHABLE', 'down');
          return resolvedImage();
        },
      },
    });
    expect(booter.mapped.places()).toEqual(['registry.lab:5000', 'well.lab']);
    const unresolved = await booter.mapped.resolveAll(never);
    expect(unresolved).toHaveLength(5);
    expect(booter.mapped.unresolved()).toEqual(unresolved);
    expect(asked.splice(0).sort()).toEqual([
      'registry.lab:5000 a',
      'registry.lab:5000 b',
      'registry.lab:5000 c',
      'well.lab 12',
    ]);
    isDown = false;
    await booter.mapped.resolvePlace('registry.lab:5000', never);
    expect(asked.map((one) => one.slice(-1)).join('')).toBe('deabc');
    expect(booter.mapped.unresolved()).toEqual([]);
  });

  it('has what was remembered of the rest served and kept, after a restart too', async () => {
    const known = resolvedImage(['uki']);
    const open = mapped.map((one) => ({ ...one, match: {} }));
    const { booter } = testBooter({
      assignments: open,
      machines: [],
      images: {
        architecturesOf: async () => {
          throw new BootlayerError('REGISTRY_UNREACHABLE', 'down');
        },
        lastArchitectures: async ({ tag }) => (tag === 'e' ? ['arm64'] : []),
        lastGood: async ({ tag }, { architecture }) => (`${tag} ${architecture}` === 'e arm64' ? known : undefined),
      },
    });
    const unresolved = await booter.mapped.resolveAll(never);
    expect(unresolved.map((one) => one.slice(-1)).join('')).toBe('abcd');
    expect([...((await booter.mapped.pinnedDigests()) ?? [])]).toEqual([known.artifacts[0]?.descriptor.digest]);
  });

  it('is left alone, too, when what it gave before does', async () => {
    const asked: string[] = [];
    const { booter } = testBooter({
      assignments: mapped,
      machines: [],
      images: {
        resolve: async ({ tag }) => {
          asked.push(tag ?? '');
          return resolvedImage();
        },
        isInTrouble: () => true,
        lastGood: async () => resolvedImage(),
      },
    });
    expect([await booter.mapped.resolveAll(never), asked]).toEqual([[], ['a', 'b', 'c']]);
  });

  it('is not asked any more after the signal', async () => {
    const ending = new AbortController();
    let count = 0;
    const { booter } = testBooter({
      assignments: mapped.map((one) => ({ ...one, match: {} })),
      machines: [],
      images: {
        architecturesOf: async () => {
          count += 1;
          ending.abort();
          throw new BootlayerError('IMAGE_NOT_FOUND', 'none');
        },
      },
    });
    await booter.mapped.resolveAll(ending.signal);
    expect(count).toBe(1);
  });
});

describe('MappedImages.knownPart', () => {
  // What stands for it here answers as the database does.
  openedPlansContract(async () => new MemoryPlans());

  const { linux, initrds } = OPENED;
  const plan = openedPlan();
  const { digest } = plan.kernel.descriptor;
  const opened = readUkiOf({ initrds });

  it('goes by verified bytes before it looks for plans', async () => {
    const { booter, plans } = testBooter();
    booter.mapped.opened(ukiParts(plan.kernel, opened.uki));
    expect(await booter.mapped.knownPart(digest, linux)).toMatchObject({ role: 'kernel', slice: 'earlier' });
    await plans.savePlan(openedPlan('node-01', [{ offset: 0, length: 9 }]));
    expect(await booter.mapped.knownPart(digest, { offset: 0, length: 9 })).toBeUndefined();
  });

  it('knows after a restart what was issued before, whatever is mapped now', async () => {
    const { plans } = testBooter();
    await plans.savePlan(plan);
    const moved = testBooter({ plans, image: resolvedImage(['kernel', 'initramfs']) });
    await moved.booter.mapped.resolveAll(never);
    expect(await moved.booter.mapped.knownPart(digest, initrds[1])).toMatchObject({ role: 'initramfs', slice: 'last' });
    expect(await moved.booter.mapped.find(digest)).toEqual({
      ...{ role: 'uki', descriptor: plan.kernel.descriptor },
      location: plan.image.location,
    });
  });

  it('knows nothing of what a registry says alone', async () => {
    const { booter } = testBooter({ image: resolvedImage(['uki'], { contents: { uki: opened } }) });
    await booter.mapped.resolveAll(never);
    expect(await booter.mapped.find(digest)).toMatchObject({ role: 'uki' });
    expect(await booter.mapped.knownPart(digest, linux)).toBeUndefined();
  });
});

describe('MappedImages.fetchAhead', () => {
  it('has everything downloaded that a machine may ask for, from all places, the small ones first', async () => {
    const image = resolvedImage(['kernel', 'initramfs', 'squashfs']);
    const [kernel, initramfs, squashfs] = image.artifacts.map(({ descriptor }) => descriptor) as [
      Descriptor,
      Descriptor,
      Descriptor,
    ];
    const sized = {
      ...image,
      artifacts: image.artifacts.map((artifact, position) => ({
        ...artifact,
        descriptor: { ...artifact.descriptor, size: [50, 9, 700][position] ?? 0 },
      })),
    };
    const locations: (readonly string[])[] = [];
    const { booter } = testBooter({
      image: sized,
      images: {
        sourcesOf: (names) => {
          locations.push(names);
          return [];
        },
      },
    });
    await booter.mapped.resolveAll(never);
    const fetched: string[] = [];
    const fetch: FetchAhead = async ({ digest }) => fetched.push(digest);
    for (const place of ['elsewhere.lab', 'registry.lab:5000']) await booter.mapped.fetchAhead(place, fetch, never);
    expect(fetched).toEqual([initramfs.digest, kernel.digest, squashfs.digest]);
    expect(locations[0]).toEqual([image.location]);
  });
});

it('forgets what was wished of an ISO, and is no more', async () => {
  const of = (kernel: string) => assignment({ match: { arch: ['amd64'] }, iso: { files: { kernel, initramfs: [] } } });
  const plain = assignment({ name: 'plain', priority: -1, match: { arch: ['amd64'] } });
  const { booter } = testBooter({ assignments: [of('/a'), plain] });
  const wishes = async () => {
    await booter.mapped.resolveAll(never);
    return [...booter.mapped.resolutions()].map(({ key }) => key.wish.isoFiles?.kernel);
  };
  expect(await wishes()).toEqual(['/a', undefined]);
  booter.remap({ ...booter.mapping, assignments: [of('/b'), plain] });
  expect(await wishes()).toEqual([undefined, '/b']);
});
