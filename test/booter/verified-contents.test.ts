import { describe, expect, it } from 'vitest';
import type { BlobReader } from '../../src/blob/blob-reader.js';
import type { BlobSource } from '../../src/blob/blob-store.js';
import type { LocatedArtifact } from '../../src/boot/ports.js';
import { VerifiedContents } from '../../src/booter/verified-contents.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { cacheInMemory } from '../fixtures/blob-cache.js';
import { damaged } from '../fixtures/blobs.js';
import { KERNELS } from '../fixtures/contents.js';
import { bzImageHead, HUGE_KERNEL } from '../fixtures/huge-uki.js';
import { resolvedImage } from '../fixtures/plans.js';
import { program } from '../fixtures/programs.js';
import { gate, isWaiting, settled } from '../fixtures/waiting.js';

const UKI = program([
  { name: '.text', contents: Buffer.alloc(200_000) },
  { name: '.cmdline', contents: 'quiet' },
  { name: '.linux', contents: bzImageHead() },
]);
const WHAT_IT_HOLDS = { uki: { kind: 'uki', uki: { profiles: [{ commandLine: 'quiet', kernel: HUGE_KERNEL }] } } };

type Layer = Parameters<VerifiedContents['of']>[0];

function artifactOf(bytes: Buffer): Layer {
  return { role: 'uki', descriptor: descriptorOf('x', bytes), location: 'registry.lab:5000/os' };
}

/** By a real cache, filled from there; `counted`: its readers. */
function setUp(source: BlobSource) {
  const { cache } = cacheInMemory();
  const counted = { opened: 0, closed: 0 };
  const open = async ({ descriptor }: LocatedArtifact): Promise<BlobReader> => {
    counted.opened += 1;
    const reader = await cache.open(descriptor, [source]);
    const close = async () => {
      counted.closed += 1;
      await reader.close();
    };
    return { ...reader, close };
  };
  return { contents: new VerifiedContents(open), counted };
}

it('reads what is whole, once for all that ask at a time, and then no more', async () => {
  const { contents, counted } = setUp(new ReadySource(UKI));
  const artifact = artifactOf(UKI);
  const all = await Promise.all(Array.from({ length: 20 }, () => contents.of(artifact)));
  expect(all[0]).toMatchObject(WHAT_IT_HOLDS);
  expect(new Set([...all, await contents.of(artifact)]).size).toBe(1);
  expect(counted).toEqual({ opened: 1, closed: 1 });
});

it('waits for the last byte, and believes none that came before another than the one that was promised', async () => {
  const source = new ScriptedSource();
  const { contents, counted } = setUp(source);
  const reading = contents.of(artifactOf(UKI));
  const lying = reading.catch((thrown: unknown) => thrown);
  const feed = await source.feed();
  await feed.send(UKI.subarray(0, -1));
  expect(await isWaiting(reading)).toBe(true);
  const last = feed.send(damaged(UKI, UKI.length - 1).subarray(-1));
  feed.end();
  await last;
  expect(await lying).toMatchObject({ code: 'DIGEST_MISMATCH' });
  expect(counted).toEqual({ opened: 1, closed: 1 });
});

describe('what cannot be had', () => {
  it('fails all that wait, and is tried again by the next', async () => {
    const { contents: good } = setUp(new ReadySource(UKI));
    let isDown = true;
    const contents = new VerifiedContents(() =>
      isDown ? Promise.reject(new Error('it is down')) : Promise.resolve(wholeReader(UKI)),
    );
    const artifact = artifactOf(UKI);
    const all = await Promise.allSettled([contents.of(artifact), contents.of(artifact)]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    expect(await contents.of(artifact)).toEqual(await good.of(artifact));
  });

  it('is no UKI that ends where its file does', async () => {
    let closed = 0;
    const cut = UKI.subarray(0, 100_000);
    const close = async () => {
      closed += 1;
    };
    const reader = { ...wholeReader(cut), size: UKI.length, close };
    const contents = new VerifiedContents(async () => reader);
    await expect(contents.of(artifactOf(UKI))).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    expect(closed).toBe(1);
  });
});

describe('whoever hangs', () => {
  const LIAR = 'evil.lab/os';

  /** The liar never gives anything; of all others, it is there at once. */
  function besideLiar() {
    const { cache } = cacheInMemory();
    const silent = new ScriptedSource(LIAR);
    const open = ({ descriptor, location }: LocatedArtifact) =>
      cache.open(descriptor, [location === LIAR ? silent : new ReadySource(UKI)]);
    return { contents: new VerifiedContents(open), silent };
  }

  it("holds nobody else's image by another size of its digest", async () => {
    const { contents, silent } = besideLiar();
    const honest = artifactOf(UKI);
    const lied = { ...honest, descriptor: { ...honest.descriptor, size: UKI.length + 1 } };
    const hanging = contents.of({ ...lied, location: LIAR });
    hanging.catch(() => undefined);
    await silent.feed();
    expect(await contents.of(honest)).toMatchObject(WHAT_IT_HOLDS);
    expect(await isWaiting(contents.received(lied.descriptor))).toBe(true);
    expect(await contents.received(honest.descriptor)).toBeUndefined();
    expect(await isWaiting(hanging)).toBe(true);
  });

  it('has nothing of what has come from elsewhere, when it fails', async () => {
    const [failing, coming] = [gate(), gate()];
    const hangs = async () => {
      await failing.passed;
      throw new Error('it is down');
    };
    const open = async ({ location }: LocatedArtifact) =>
      location === LIAR ? { ...wholeReader(UKI), whole: hangs } : { ...wholeReader(UKI), whole: () => coming.passed };
    const contents = new VerifiedContents(open);
    const honest = artifactOf(UKI);
    const lied = contents.of({ ...honest, location: LIAR });
    await settled();
    const reading = contents.of(honest);
    await settled();
    failing.open();
    await expect(lied).rejects.toThrow('it is down');
    expect(await contents.received(honest.descriptor)).toBe(UKI.length);
    coming.open();
    expect(await reading).toMatchObject(WHAT_IT_HOLDS);
    expect(await contents.received(honest.descriptor)).toBeUndefined();
  });

  it('holds nobody who has it from elsewhere', async () => {
    const waiting = { ...wholeReader(UKI), whole: () => new Promise<never>(() => undefined) };
    const open = async ({ location }: LocatedArtifact) => (location === LIAR ? waiting : wholeReader(UKI));
    const contents = new VerifiedContents(open);
    const honest = artifactOf(UKI);
    const hanging = contents.of({ ...honest, location: LIAR });
    expect(await isWaiting(hanging)).toBe(true);
    expect(await contents.of(honest)).toMatchObject(WHAT_IT_HOLDS);
    expect(await contents.of({ ...honest, location: LIAR })).toMatchObject(WHAT_IT_HOLDS);
  });
});

it('is refused with the reason, and that is kept', async () => {
  const script = Buffer.from('#!ipxe');
  const { contents, counted } = setUp(new ReadySource(script));
  const refused = { uki: { kind: 'refused', reason: 'it is no program of UEFI', isProgram: false } };
  expect([await contents.of(artifactOf(script)), await contents.of(artifactOf(script))]).toEqual([refused, refused]);
  expect(counted).toEqual({ opened: 1, closed: 1 });
});

describe('an image', () => {
  const image = resolvedImage([], {
    artifacts: [{ role: 'uki', descriptor: descriptorOf('x', UKI) }],
    contents: { kernel: KERNELS.gzip, uki: { kind: 'refused', reason: 'its registry says so' } },
  });

  it('has what its layer is by verified bytes, beside what is said of others', async () => {
    const { contents } = setUp(new ReadySource(UKI));
    const { contents: found, ...rest } = await contents.added(image, 'uki');
    expect({ ...rest, contents: image.contents }).toEqual(image);
    expect(found).toMatchObject({ ...WHAT_IT_HOLDS, kernel: KERNELS.gzip });
  });

  it('is as it was of a layer that it does not have', async () => {
    const { contents, counted } = setUp(new ReadySource(UKI));
    expect(await contents.added(image, 'kernel')).toEqual(image);
    expect(counted.opened).toBe(0);
  });

  it('may have as its kernel what is the UKI of another', async () => {
    const { contents, counted } = setUp(new ReadySource(UKI));
    expect(await contents.of({ ...artifactOf(UKI), role: 'kernel' })).toMatchObject({ kernel: { kind: 'efi' } });
    expect(await contents.of(artifactOf(UKI))).toMatchObject(WHAT_IT_HOLDS);
    expect(counted).toEqual({ opened: 2, closed: 2 });
  });
});

it('reads on where it is given less than it asked for', async () => {
  const slow = wholeReader(UKI);
  const read: BlobReader['read'] = (target, position) => slow.read(target.subarray(0, 1_000), position);
  const contents = new VerifiedContents(async () => ({ ...slow, read }));
  expect(await contents.of(artifactOf(UKI))).toMatchObject(WHAT_IT_HOLDS);
});

function wholeReader(bytes: Buffer): BlobReader {
  return {
    size: bytes.length,
    whole: async () => undefined,
    available: async (position) => Math.max(0, bytes.length - position),
    read: async (target, position) => bytes.subarray(position).copy(target),
    close: async () => undefined,
  };
}
