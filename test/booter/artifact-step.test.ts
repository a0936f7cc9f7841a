import { expect, it } from 'vitest';
import type { BlobReader } from '../../src/blob/blob-reader.js';
import { ArtifactStep, type ArtifactStepParts } from '../../src/booter/artifact-step.js';
import { BootlayerError } from '../../src/errors.js';
import { testBooter } from '../fixtures/booter.js';
import { assignment, IMAGE, MAC } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';

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
