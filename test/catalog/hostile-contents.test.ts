import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { ImageSources } from '../../src/catalog/image-sources.js';
import { type Clock, systemClock } from '../../src/clock.js';
import type { ResolvedImage } from '../../src/image/image.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { OCI_MANIFEST } from '../../src/oci/media-type.js';
import { type ImageReference, parseReference } from '../../src/oci/reference.js';
import { storedContents } from '../../src/store/stored-contents.js';
import { FakeRepository } from '../fakes/image-repository.js';
import * as lies from '../fakes/lies.js';
import { type Handler, startFakeRegistry } from '../fakes/registry.js';
import { bzImageHead, HUGE_KERNEL, hugeUki } from '../fixtures/huge-uki.js';
import { program } from '../fixtures/programs.js';
import { countedSource, pieceOf } from '../fixtures/ranged-source.js';
import { plainClient } from '../fixtures/registries.js';

/** Layers that are not what they should be, and registries that lie of them: an image is resolved all the same. */

const WISH = { os: 'linux', architecture: 'amd64', variant: 'metal' } as const;
const MIB = 1024 * 1024;
const LIMITS = { connect: 500, headers: 200, idle: 200, whole: 300, aside: 100 };
const NOTHING_STORED = {
  saveResolution: async () => undefined,
  findResolution: async () => undefined,
  findArchitectures: async () => [],
};
const UKI = program([
  { name: '.text', contents: Buffer.alloc(100_000) },
  { name: '.cmdline', contents: 'quiet' },
  { name: '.linux', contents: bzImageHead() },
  { name: '.profile', contents: 'ID=a' },
  { name: '.profile', contents: 'ID=b' },
]);

/** Has all the time that there is: a machine of tests may be busy. */
const PATIENT: Clock = {
  ...systemClock,
  within: async (_milliseconds, work) => ({ kind: 'done', value: await work }),
};

function catalogOf(sources: Pick<ImageSources, 'of' | 'blobSourcesAt'>, clock = systemClock): Catalog {
  const events = () => undefined;
  const catalog = new Catalog({ sources, resolutions: NOTHING_STORED, events, clock });
  onTestFinished(() => catalog.close());
  return catalog;
}

/** Resolved with these bytes as its kernel and its UKI, said to be so many. */
async function resolvedOf(bytes: Buffer, size = bytes.length): Promise<ResolvedImage> {
  const repository = new FakeRepository();
  const { digest } = descriptorOf('x', bytes);
  repository.blobs.set(digest, bytes);
  const layers = ['kernel', 'uki'].map((role) => ({
    mediaType: `application/vnd.ironcore.image.${role}`,
    digest,
    size,
  }));
  const config = repository.addBlob('application/vnd.ironcore.image.config.v1+json', '{}');
  repository.addDocument(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }, '1');
  const catalog = catalogOf({ of: () => repository, blobSourcesAt: () => [] }, PATIENT);
  return catalog.resolve(parseReference('registry.lab:5000/os/debian:1'), WISH).finally(() => catalog.close());
}

it('are read or refused, whatever their bytes are, and kept as they are', async () => {
  const byte = fc.nat(255);
  const changed = fc
    .tuple(fc.array(fc.tuple(fc.nat(2_047), byte), { maxLength: 16 }), fc.nat(UKI.length))
    .map(([changes, end]) => {
      const bytes = Buffer.from(UKI.subarray(0, end));
      for (const [at, value] of changes) if (at < end) bytes[at] = value;
      return bytes;
    });
  const bytes = fc.oneof(changed, fc.uint8Array({ maxLength: 5_000 }).map(Buffer.from));
  await fc.assert(
    fc.asyncProperty(bytes, async (some) => {
      const { artifacts, contents } = await resolvedOf(some);
      expect(artifacts).toHaveLength(2);
      expect(storedContents(JSON.parse(JSON.stringify(contents)))).toEqual(contents);
    }),
  );
});

it('are left out where there are fewer of them than was said', async () => {
  const sizes = fc.oneof(fc.nat(UKI.length * 2), fc.maxSafeNat());
  await fc.assert(
    fc.asyncProperty(sizes, async (size) => {
      const { artifacts } = await resolvedOf(UKI, size);
      expect(artifacts.map(({ descriptor }) => descriptor.size)).toEqual([size, size]);
    }),
  );
  expect((await resolvedOf(Buffer.from('MZ'), 1024 ** 4)).contents).toBeUndefined();
});

type Case = readonly [lie: string, handler: Handler];

it.each<Case>([
  ['nothing at all', lies.silence],
  ['its hand on the cradle', lies.hangsUp],
  ['a reset', lies.resets],
  ['headers, and nothing more', lies.headersOnly],
  ['a login page', lies.html],
  ['another protocol', lies.notHttp],
  ['one byte after the other', lies.trickles],
  ['"not found" without end', lies.endlessError(404)],
  ['"unauthorized" that stalls', lies.stalledError(401)],
  ['a redirect to itself', lies.redirectRing],
  ['less than it promises', lies.promises(UKI.length, UKI.subarray(0, 100))],
  ['another part', lies.withHeaders({ 'content-range': 'bytes 0-9/10' }, UKI.subarray(0, 10), 206)],
])('are left out where a registry answers with %s', async (_lie, handler) => {
  const registry = await startFakeRegistry({ ranges: true });
  registry.addImage('demo', { uki: UKI }, OCI_MANIFEST);
  const { digest } = descriptorOf('x', UKI);
  registry.answer(digest, handler);
  const sources = new ImageSources(plainClient({ limits: LIMITS }));
  const reference = parseReference(`${registry.host}/demo:1`);
  const { artifacts, contents } = await catalogOf(sources).resolve(reference, WISH);
  expect([artifacts.length, contents]).toEqual([1, undefined]);
  registry.mendAll();
  expect(await catalogOf(sources, PATIENT).resolve(reference, WISH)).toMatchObject({
    contents: { uki: { kind: 'uki' } },
  });
});

it.each([
  ['that knows ranges', true, HUGE_KERNEL, MIB],
  ['that knows none', false, { kind: 'unknown', hasEfiStub: false }, 20 * MIB],
] as const)('are received no further than they are read, of a registry %s', async (_what, ranges, kernel, most) => {
  const registry = await startFakeRegistry({ ranges });
  const { blob } = hugeUki(48 * MIB);
  registry.addImage('demo', { uki: pieceOf(blob, 0, blob.size) }, OCI_MANIFEST);
  const sources = new ImageSources(plainClient());
  const counted = { received: 0 };
  const of = (reference: ImageReference) => countedSource(sources.of(reference), counted);
  const catalog = catalogOf({ of, blobSourcesAt: () => [] }, PATIENT);
  const { contents } = await catalog.resolve(parseReference(`${registry.host}/demo:1`), WISH);
  expect(contents).toMatchObject({ uki: { uki: { osName: 'Debian', profiles: [{ commandLine: 'quiet', kernel }] } } });
  expect(counted.received).toBeGreaterThan(0);
  expect(counted.received).toBeLessThan(most);
});
