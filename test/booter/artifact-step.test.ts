import { expect, it } from 'vitest';
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
  expect(await booter.artifacts.find(digest, ADDRESS)).toMatchObject({
    role: 'kernel',
    descriptor: kernel?.descriptor,
  });
});

it('finds what assignments and plans lead to, and nothing else', async () => {
  const image = resolvedImage();
  const [kernel] = image.artifacts;
  const digest = kernel?.descriptor.digest ?? fail();
  const mapped = testBooter({ image, assignments: [assignment({ match: { arch: ['amd64'] } })] });
  await expect(mapped.booter.artifacts.find(digest, ADDRESS)).rejects.toMatchObject(UNKNOWN);
  await mapped.booter.mapped.resolveAll(new AbortController().signal);
  expect(await mapped.booter.artifacts.find(digest, ADDRESS)).toEqual({ ...kernel, location: image.location });
  const planned = testBooter({ image, plans: mapped.plans });
  await mapped.booter.script(QUERY, FROM);
  expect((await planned.booter.artifacts.find(digest, ADDRESS)).role).toBe('kernel');
});

function fail(): never {
  throw new Error('the fixture has no kernel');
}
