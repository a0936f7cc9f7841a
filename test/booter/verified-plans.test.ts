import { describe, expect, it } from 'vitest';
import type { BlobSource } from '../../src/blob/blob-store.js';
import type { PlanInput } from '../../src/boot/plan.js';
import { VerifiedContents } from '../../src/booter/verified-contents.js';
import { VerifiedPlans } from '../../src/booter/verified-plans.js';
import type { Clock } from '../../src/clock.js';
import { BootlayerError } from '../../src/errors.js';
import type { ImageContents, ResolvedImage } from '../../src/image/image.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { cacheInMemory } from '../fixtures/blob-cache.js';
import { KERNELS } from '../fixtures/contents.js';
import { bzImageHead } from '../fixtures/huge-uki.js';
import { assignment, facts } from '../fixtures/mappings.js';
import { PassingClock } from '../fixtures/passing-clock.js';
import { resolvedImage } from '../fixtures/plans.js';
import { program } from '../fixtures/programs.js';
import { isWaiting } from '../fixtures/waiting.js';

const KERNEL = bzImageHead();
/** It takes few arguments. */
const SMALL = Buffer.from(KERNEL);
SMALL.writeUInt32LE(300, 0x238);
const UKI = program([
  { name: '.cmdline', contents: 'quiet' },
  { name: '.linux', contents: KERNEL },
]);

/** An image of kernel, initramfs and, where it is wished, a UKI, of which its registry says that. */
function imageOf(contents: ImageContents, { kernel = KERNEL, uki }: { kernel?: Buffer; uki?: Buffer } = {}) {
  const layers = { kernel, initramfs: Buffer.from('an initramfs'), ...(uki && { uki }) };
  const artifacts = Object.entries(layers).map(([role, bytes]) => ({
    ...{ role: role as keyof typeof layers, descriptor: descriptorOf('x', bytes) },
  }));
  return resolvedImage([], { artifacts, contents });
}

const inputOf = (image: ResolvedImage, more: Partial<PlanInput> = {}): PlanInput => ({
  subject: { name: 'node-01', facts: facts(), contradictions: [], mayBeKnown: false },
  ...{ assignment: assignment(), image, defaults: {}, starter: { client: 'ipxe-bios', architecture: 'amd64' } },
  ...more,
});

/** When a script is answered that is asked for at 0. */
const DUE = 4_000;

/** By a real cache that is filled from there. */
function setUp(sources: readonly [Buffer, BlobSource][], clock: Clock = new PassingClock()) {
  const { cache } = cacheInMemory();
  const from = new Map(sources.map(([bytes, source]) => [descriptorOf('x', bytes).digest, source]));
  const contents = new VerifiedContents(async ({ descriptor }) => {
    const source = from.get(descriptor.digest);
    if (source === undefined) throw new BootlayerError('BLOB_UNAVAILABLE', 'it is gone');
    return cache.open(descriptor, [source]);
  });
  const plans = new VerifiedPlans({ contents, mapped: { opened: () => undefined }, clock });
  return { plan: (input: PlanInput) => plans.plan(input, DUE) };
}

const ready = (...all: readonly Buffer[]) =>
  all.map((bytes) => [bytes, new ReadySource(bytes)] as [Buffer, BlobSource]);

const LONG = { append: ['x'.repeat(400)] };
const SAID_SMALL = { kernel: { ...KERNELS.bzimage, mostArgumentBytes: 300 } };

describe('a kernel', () => {
  it.each<[string, ImageContents]>([
    ['is packed otherwise', { kernel: KERNELS.gzip }],
    ['is of another architecture', { kernel: KERNELS.image }],
    ['takes few arguments', SAID_SMALL],
  ])('is started by what it is, where its registry says that it %s', async (_what, contents) => {
    const plans = setUp(ready(KERNEL, UKI));
    const planning = await plans.plan(inputOf(imageOf(contents, { uki: UKI }), { defaults: LONG }));
    expect(planning).toMatchObject({ kind: 'plan', choice: { way: 'kernel' } });
  });

  it('is refused by what it is, where its registry says that it is well, or nothing', async () => {
    const gzip = Buffer.from([0x1f, 0x8b]);
    for (const contents of [{ kernel: KERNELS.bzimage }, {}]) {
      const plans = setUp(ready(gzip));
      expect(await plans.plan(inputOf(imageOf(contents, { kernel: gzip })))).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining('no bzImage') as string,
      });
    }
  });

  it('has the room that it has, whatever its registry says', async () => {
    const plans = setUp(ready(SMALL));
    const image = imageOf({ kernel: { ...KERNELS.bzimage, mostArgumentBytes: 2_047 } }, { kernel: SMALL });
    expect(await plans.plan(inputOf(image, { defaults: LONG }))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('bytes long') as string,
    });
  });

  it('is planned as it is said to be where that decides nothing and it is not there, or cannot be had', async () => {
    const image = imageOf({ kernel: KERNELS.bzimage });
    const clock = new PassingClock();
    const hanging = setUp([[KERNEL, new ScriptedSource()]], clock);
    const planning = await clock.through(hanging.plan(inputOf(image)));
    expect(planning).toMatchObject({ kind: 'plan', choice: { way: 'kernel' } });
    expect(clock.milliseconds).toBe(200);
    expect(await setUp([]).plan(inputOf(image))).toMatchObject({ kind: 'plan', choice: { way: 'kernel' } });
  });

  it('is fetched and waited for where it is refused by what is only said', async () => {
    const source = new ScriptedSource();
    const plans = setUp([[KERNEL, source]]);
    const planning = plans.plan(inputOf(imageOf({ kernel: KERNELS.gzip })));
    const feed = await source.feed();
    await feed.send(KERNEL.subarray(0, -1));
    expect(await isWaiting(planning)).toBe(true);
    const last = feed.send(KERNEL.subarray(-1));
    feed.end();
    await last;
    expect(await planning).toMatchObject({ kind: 'plan', choice: { way: 'kernel' } });
  });

  it('that does not come is said to be on its way', async () => {
    const clock = new PassingClock();
    const plans = setUp([[KERNEL, new ScriptedSource()]], clock);
    expect(await clock.through(plans.plan(inputOf(imageOf({ kernel: KERNELS.gzip }))))).toEqual({
      kind: 'waiting',
      reason: 'the kernel of registry.lab:5000/os/debian:12 is on its way: 4.0 KiB',
    });
    expect(clock.milliseconds).toBe(3_700);
  });

  it('has no more time than is left', async () => {
    const clock = new PassingClock();
    clock.milliseconds = 3_450;
    const image = imageOf({ kernel: KERNELS.bzimage });
    await clock.through(setUp([[KERNEL, new ScriptedSource()]], clock).plan(inputOf(image)));
    expect(clock.milliseconds).toBe(3_500);
  });

  it('that cannot be had fails what is refused by what is only said of it', async () => {
    const planning = setUp([]).plan(inputOf(imageOf({ kernel: KERNELS.gzip })));
    await expect(planning).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
  });
});

it('goes by both, where a kernel is what was said and the UKI is not', async () => {
  const gzip = Buffer.from([0x1f, 0x8b]);
  const image = imageOf(
    { kernel: KERNELS.gzip, uki: { kind: 'refused', reason: 'a lie' } },
    { kernel: gzip, uki: UKI },
  );
  const planning = await setUp(ready(gzip, UKI)).plan(inputOf(image));
  expect(planning).toMatchObject({ kind: 'plan', choice: { way: 'opened' }, plan: { kernelArgs: 'quiet' } });
});
