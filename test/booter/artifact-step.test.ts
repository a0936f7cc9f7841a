import { describe, expect, it } from 'vitest';
import type { BlobReader } from '../../src/blob/blob-reader.js';
import { ArtifactStep, type ArtifactStepParts } from '../../src/booter/artifact-step.js';
import type { Booter } from '../../src/booter/booter.js';
import { BootlayerError } from '../../src/errors.js';
import { layerTypeOf } from '../../src/image/media-type.js';
import type { ReadUki } from '../../src/image/uki.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { type Digest, digestOf, hexOf } from '../../src/oci/digest.js';
import { artifactRoute } from '../../src/pxe/artifact-route.js';
import type { FileRequest } from '../../src/pxe/boot-file.js';
import { ReadySource } from '../fakes/blob-source.js';
import { testBooter } from '../fixtures/booter.js';
import { readUkiOf } from '../fixtures/contents.js';
import { bzImageHead } from '../fixtures/huge-uki.js';
import { assignment, IMAGE, MAC } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { type ProgramSection, program } from '../fixtures/programs.js';
import { isoImage } from '../setup/iso.js';

const FROM = '10.0.2.15';
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios' };
const ADDRESS = '192.168.77.20';
const UNKNOWN = { code: 'BLOB_UNKNOWN' };

it('lets no image spoil the layer of another', async () => {
  const honest = resolvedImage();
  const [kernel] = honest.artifacts;
  const { digest, mediaType } = kernel?.descriptor ?? fail();
  const liar = {
    ...honest,
    reference: 'lab/liar:1',
    manifestDigest: digest,
    artifacts: [{ role: 'disk', descriptor: { digest, mediaType, size: 1 } }],
  } as const;
  const answers = [honest, liar];
  const resolve = async () => answers.shift() ?? fail();
  const { booter } = testBooter({
    images: { resolve, askedFor: () => undefined, sourcesOf: () => fail() },
    assignments: [
      assignment({ match: { arch: ['amd64'] } }),
      assignment({ name: 'liar', match: { arch: ['amd64'] }, image: { ...IMAGE, tag: 'liar' } }),
    ],
  });
  await booter.mapped.resolveAll(new AbortController().signal);
  expect(await booter.artifacts.find({ digest }, ADDRESS)).toMatchObject({
    role: 'kernel',
    descriptor: kernel?.descriptor,
  });
});

it('finds what assignments and plans lead to, and nothing else', async () => {
  const image = resolvedImage();
  const [kernel] = image.artifacts;
  const digest = kernel?.descriptor.digest ?? fail();
  const mapped = testBooter({ image, assignments: [assignment({ match: { arch: ['amd64'] } })] });
  await expect(mapped.booter.artifacts.find({ digest }, ADDRESS)).rejects.toMatchObject(UNKNOWN);
  await mapped.booter.mapped.resolveAll(new AbortController().signal);
  expect(await mapped.booter.artifacts.find({ digest }, ADDRESS)).toEqual({ ...kernel, location: image.location });
  const planned = testBooter({ image, plans: mapped.plans });
  await mapped.booter.script(QUERY, FROM);
  expect((await planned.booter.artifacts.find({ digest }, ADDRESS)).role).toBe('kernel');
});

it('has an ISO at hand while somebody reads it, as the machine’s own image says', async () => {
  const efi = { files: { 'efi.img': Buffer.alloc(2_048, 1) }, options: ['-e', 'efi.img', '-no-emul-boot'] };
  const iso = await isoImage(efi);
  const descriptor = descriptorOf(layerTypeOf('iso'), iso);
  const imageAt = (location: string, manifestDigest: Digest) => ({
    ...resolvedImage([], { artifacts: [{ role: 'iso', descriptor }], commandLine: '' }),
    location,
    manifestDigest,
  });
  const [first, own] = [
    imageAt('a.lab/os', digestOf(Buffer.from('a'))),
    imageAt('b.lab/os', digestOf(Buffer.from('b'))),
  ];
  const source = new ReadySource(iso);
  const { booter } = testBooter({
    images: {
      resolve: async ({ tag }) => (tag === 'first' ? first : own),
      askedFor: () => undefined,
      sourcesOf: () => [source],
    },
    assignments: [
      assignment({ name: 'other', match: { arch: ['arm64'] }, image: { ...IMAGE, tag: 'first' } }),
      assignment({ match: { arch: ['amd64'] }, boot: 'iso', kernelArgs: [] }),
    ],
  });
  await booter.mapped.resolveAll(new AbortController().signal);
  expect(await booter.script({ ...QUERY, platform: 'efi' }, ADDRESS)).toContain('sanboot');
  const { digest } = descriptor;
  const reading = () => booter.artifacts.reading(digest, ADDRESS);
  const found = await booter.artifacts.find({ digest }, ADDRESS);
  const reader = await booter.artifacts.open(found);
  expect([found.location, reading()?.artifact]).toEqual([own.location, found]);
  // Nobody has read of the other, by what is told elsewhere.
  expect(booter.artifacts.reading(digest, '192.168.77.99')).toBeUndefined();
  expect(booter.artifacts.reading(digestOf(Buffer.from('0')), ADDRESS)).toBeUndefined();
  await reader.close();
  await booter.artifacts.endReads();
  expect(reading()).toBeUndefined();
});

const LINUX = bzImageHead();
const [MICROCODE, INITRD] = [Buffer.from('microcode of it'), Buffer.from('initrd of it')];
const KERNEL_SECTION = { name: '.linux', contents: LINUX };
const INITRD_SECTION = { name: '.initrd', contents: INITRD };

/** A machine of BIOS that starts what a UKI of these sections holds, of which its registry says that. */
async function openedSite(
  sections: readonly ProgramSection[],
  { said, behind = 0 }: { said?: ReadUki; behind?: number } = {},
) {
  const uki = Buffer.concat([program(sections), Buffer.alloc(behind)]);
  const descriptor = descriptorOf(layerTypeOf('uki'), uki);
  const image = {
    ...resolvedImage([], said === undefined ? {} : { contents: { uki: said } }),
    artifacts: [{ role: 'uki', descriptor }],
  } as const;
  const made = testBooter({ image, source: new ReadySource(uki) });
  const script = await made.booter.script(QUERY, ADDRESS);
  const paths = [...script.matchAll(/^(?:kernel|initrd).* http:\/\/[^/]+\/(blobs\S+)/gm)].map(([, path]) => path ?? '');
  const fetchFrom = (booter: Booter) => async (path: string) => {
    const open = artifactRoute(booter).claim(path) ?? fail();
    const file = await open({ address: ADDRESS } as FileRequest);
    file.begun(() => 0)({ kind: 'sent', bytes: file.size });
    await file.close();
    return made.journal.last('node-01')?.boot.state;
  };
  const slice = (offset: number, length: number) => `blobs/sha256/${hexOf(descriptor.digest)}/${offset}+${length}/x`;
  const told = () => made.events.filter(({ event }) => event === 'artifact.sent');
  return { ...made, ...{ uki, image, paths, slice, told, fetchFrom, fetchOne: fetchFrom(made.booter) } };
}

describe('what an opened UKI is sent as', () => {
  it.each<[string, readonly ProgramSection[], readonly string[]]>([
    ['a kernel and an initramfs', [INITRD_SECTION, KERNEL_SECTION], ['fetching', 'started']],
    ['an initramfs behind the kernel', [KERNEL_SECTION, INITRD_SECTION], ['fetching', 'started']],
    ['a kernel alone', [KERNEL_SECTION], ['started']],
    [
      'microcode too',
      [{ name: '.ucode', contents: MICROCODE }, INITRD_SECTION, KERNEL_SECTION],
      ['fetching', 'fetching', 'started'],
    ],
  ])('starts the machine with the last part: %s', async (_what, sections, states) => {
    for (const behind of [0, 700]) {
      const { paths, fetchOne, journal } = await openedSite(sections, { behind });
      expect(paths).toHaveLength(states.length);
      for (const [index, path] of paths.entries()) {
        expect(await fetchOne(path)).toBe(states[index]);
        // The kernel comes first.
        expect(journal.last('node-01')?.boot.startSentAt).toBeDefined();
      }
    }
  });

  it('counts nothing that a client makes up, wherever it ends', async () => {
    const { uki, paths, slice, fetchOne, told, journal } = await openedSite([KERNEL_SECTION, INITRD_SECTION]);
    const madeUp = [slice(0, uki.length), slice(uki.length - 1, 1), slice(uki.indexOf(LINUX), 1), slice(5, 9)];
    for (const path of madeUp) expect(await fetchOne(path)).toBe('planned');
    expect(journal.last('node-01')?.boot.startSentAt).toBeUndefined();
    for (const event of told()) expect(event).toMatchObject({ role: 'uki', slice: 'unplanned' });
    for (const event of told()) expect(event).not.toHaveProperty('isRest');
    for (const path of paths) await fetchOne(path);
    expect(journal.last('node-01')?.boot.state).toBe('started');
  });

  it('goes by its verified bytes where its registry lies', async () => {
    const linux = { offset: 0, length: 5 };
    const said = readUkiOf({ linux, initrds: [] });
    const { paths, slice, fetchOne } = await openedSite([INITRD_SECTION, KERNEL_SECTION], { said });
    expect(await fetchOne(slice(0, 5))).toBe('planned');
    const states: unknown[] = [];
    for (const path of paths) states.push(await fetchOne(path));
    expect(states).toEqual(['fetching', 'started']);
  });

  it('is the same after a restart, where the tag has moved and where its registry lies', async () => {
    const site = await openedSite([INITRD_SECTION, KERNEL_SECTION]);
    const { image, plans, uki, paths, slice } = site;
    const lie = { ...image, contents: { uki: readUkiOf({ linux: { offset: 0, length: 5 }, initrds: [] }) } };
    for (const now of [image, lie, resolvedImage()]) {
      const assignments = [assignment({ match: { arch: ['amd64'] } })];
      const { booter, events } = testBooter({ plans, image: now, assignments, source: new ReadySource(uki) });
      await booter.mapped.resolveAll(new AbortController().signal);
      const fetchOne = site.fetchFrom(booter);
      for (const path of [...paths, slice(0, 5)]) await fetchOne(path);
      expect(events.filter(({ event }) => event === 'artifact.sent')).toMatchObject([
        { role: 'kernel', slice: 'earlier', bytes: LINUX.length },
        { role: 'initramfs', slice: 'last', bytes: INITRD.length },
        { role: 'uki', slice: 'unplanned', range: '0-4' },
      ]);
    }
  });
});

/** Whose cache opens that, or fails; `blamed`: of what its image was blamed. */
function step(opened: Partial<BlobReader> | BootlayerError) {
  const blamed: boolean[] = [];
  const open = async () => {
    if (opened instanceof BootlayerError) throw opened;
    return opened as BlobReader;
  };
  const mapped = {
    sourcesOf: () => [],
    disappointed: (_artifact: unknown, { isRefuted }: { isRefuted: boolean }) => void blamed.push(isRefuted),
  } as unknown as ArtifactStepParts['mapped'];
  const [kernel] = resolvedImage().artifacts;
  const artifact = { ...(kernel ?? fail()), location: 'registry.lab/os' };
  const parts = { blobs: { open }, mapped } as unknown as ArtifactStepParts;
  return { step: new ArtifactStep(parts), artifact, blamed };
}

it('opens no part that an artifact does not have', async () => {
  const { step: made, artifact } = step({});
  const slice = { offset: artifact.descriptor.size, length: 1 };
  await expect(made.open(artifact, slice)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

it('blames the image whose bytes are others than it says: at once where their size is, else when they come', async () => {
  const mismatch = new BootlayerError('DIGEST_MISMATCH', 'other bytes');
  const refuted = step(mismatch);
  await expect(refuted.step.open(refuted.artifact)).rejects.toBe(mismatch);
  expect(refuted.blamed).toEqual([true]);
  const later = step({ available: () => Promise.reject(mismatch), whole: () => Promise.reject(mismatch) });
  const reader = await later.step.open(later.artifact);
  await expect(reader.available(0)).rejects.toBe(mismatch);
  await expect(reader.whole()).rejects.toBe(mismatch);
  expect(later.blamed).toEqual([false, false]);
  const full = step(new BootlayerError('DISK_FULL', 'no room'));
  await expect(full.step.open(full.artifact)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(full.blamed).toEqual([]);
});

it('begins when some of it is there, and lets go of it then', async () => {
  const closed: true[] = [];
  const { step: made, artifact } = step({ available: async () => 1, close: async () => void closed.push(true) });
  await made.begins(artifact);
  expect(closed).toEqual([true]);
});

function fail(): never {
  throw new Error('the fixture has no kernel');
}
