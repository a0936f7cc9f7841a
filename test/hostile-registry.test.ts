import { describe, expect, it, onTestFinished } from 'vitest';
import { BlobCache } from '../src/blob/blob-cache.js';
import { DiskBlobStore } from '../src/blob/disk-blob-store.js';
import type { BootEvent } from '../src/boot/event.js';
import { Catalog } from '../src/catalog/catalog.js';
import { ImageSources } from '../src/catalog/image-sources.js';
import { systemClock } from '../src/clock.js';
import type { ErrorCode } from '../src/errors.js';
import { OCI_INDEX, OCI_MANIFEST } from '../src/oci/media-type.js';
import { parseReference } from '../src/oci/reference.js';
import * as lies from './fakes/lies.js';
import { type FakeRegistry, type FakeRegistryOptions, type Handler, startFakeRegistry } from './fakes/registry.js';
import { blobOf, damaged } from './fixtures/blobs.js';
import { temporaryFolder } from './fixtures/folder.js';
import { plainClient } from './fixtures/registries.js';

/** Registries that lie, asked as the server asks them: nothing wrong is completed, nothing is unbounded, all of it is told. */
const MIB = 1024 * 1024;
/** Three tries, and what lies in the buffers of each connection. */
const MOST_BYTES = 20 * MIB;
const LIMITS = { connect: 500, headers: 200, idle: 200, whole: 300, aside: 100 };
const WISH = { os: 'linux', architecture: 'amd64', variant: 'metal' } as const;
const KERNEL = blobOf(300_000);
const NO_DOCUMENTS = {
  saveResolution: async () => undefined,
  findResolution: async () => undefined,
  findArchitectures: async () => [],
};

async function setUp(options: FakeRegistryOptions = {}) {
  const registry = await startFakeRegistry({ ranges: true, ...options });
  registry.addImage('demo', { kernel: KERNEL.bytes }, OCI_MANIFEST);
  const sources = new ImageSources(plainClient({ limits: LIMITS }));
  const events: BootEvent[] = [];
  const sink = (event: BootEvent) => void events.push(event);
  const resolve = async () => {
    // A new one remembers no failure.
    const catalog = new Catalog({ sources, resolutions: NO_DOCUMENTS, events: sink, clock: systemClock });
    try {
      return await catalog.resolve(parseReference(`${registry.host}/demo:1`), WISH);
    } finally {
      catalog.close();
    }
  };
  const store = await DiskBlobStore.open(await temporaryFolder());
  const wait = async () => undefined;
  const cache = new BlobCache({ store, events: sink, clock: { now: () => systemClock.ticks() }, wait });
  onTestFinished(() => cache.close());
  const read = async () => {
    const reader = await cache.open(KERNEL.descriptor, sources.blobSourcesAt(`${registry.host}/demo`));
    const read: Buffer[] = [];
    try {
      for (let position = 0; ; position += read.at(-1)?.length ?? 0) {
        const target = Buffer.alloc(Math.min(await reader.available(position), MIB));
        if (target.length === 0) return { bytes: Buffer.concat(read), error: undefined };
        read.push(target.subarray(0, await reader.read(target, position)));
      }
    } catch (error) {
      return { bytes: Buffer.concat(read), error };
    } finally {
      await reader.close();
    }
  };
  const told = (...names: readonly BootEvent['event'][]) => events.filter(({ event }) => names.includes(event));
  return { registry, resolve, read, store, told };
}

/** What is still on its way to nobody is counted when its connection is closed. */
async function expectBounded(registry: FakeRegistry): Promise<void> {
  await registry.close();
  expect(registry.bytesSent).toBeLessThan(MOST_BYTES);
}

type Lab = Awaited<ReturnType<typeof setUp>>;

/** The lie is refused and told of, and the next honest answer is taken. */
async function expectRefused({ registry, resolve, told }: Lab, code: ErrorCode): Promise<void> {
  await expect(resolve()).rejects.toMatchObject({ code });
  expect(told('image.failed', 'image.resolved')).toMatchObject([{ event: 'image.failed', code }]);
  registry.mendAll();
  expect((await resolve()).artifacts).toHaveLength(1);
  await expectBounded(registry);
}

/** The same of a blob: no reader has its end, and the store has none of it. */
async function expectNothingStored({ registry, read, store, told }: Lab, code: ErrorCode): Promise<void> {
  const { bytes, error } = await read();
  expect(error).toMatchObject({ code });
  expect(bytes.length).toBeLessThan(KERNEL.bytes.length);
  await expect.poll(() => told('fill.failed', 'fill.finished')).toMatchObject([{ event: 'fill.failed', code }]);
  expect(await store.list()).toEqual([]);
  registry.mendAll();
  expect((await read()).bytes.equals(KERNEL.bytes)).toBe(true);
  await expectBounded(registry);
}

type Case = readonly [lie: string, handler: Handler, code: ErrorCode];

const SHORT = Buffer.from('{"schemaVersion":2}');
const DEEP = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000));
const HUGE_INDEX = Buffer.from(
  JSON.stringify({
    mediaType: OCI_INDEX,
    manifests: Array.from({ length: 30_000 }, () => ({
      mediaType: OCI_MANIFEST,
      digest: KERNEL.descriptor.digest,
      size: 1,
    })),
  }),
);

const ANYWHERE: readonly Case[] = [
  ['nothing at all', lies.silence, 'REGISTRY_UNREACHABLE'],
  ['its hand on the cradle', lies.hangsUp, 'REGISTRY_UNREACHABLE'],
  ['a reset', lies.resets, 'REGISTRY_UNREACHABLE'],
  ['headers, and nothing more', lies.headersOnly, 'REGISTRY_UNREACHABLE'],
  ['a login page', lies.html, 'REGISTRY_UNREACHABLE'],
  ['another protocol', lies.notHttp, 'REGISTRY_UNREACHABLE'],
  ['headers without end', lies.endlessHeaders, 'REGISTRY_UNREACHABLE'],
  ['interim answers without end', lies.endlessInterim, 'REGISTRY_UNREACHABLE'],
  ['a redirect to itself', lies.redirectRing, 'REGISTRY_UNREACHABLE'],
  ['a redirect to a file', lies.redirectsTo('file:///etc/passwd'), 'REGISTRY_UNREACHABLE'],
  ['a redirect to no address', lies.redirectsTo('http://['), 'REGISTRY_UNREACHABLE'],
  ['a status of its own', (response) => response.writeHead(418).end(), 'REGISTRY_UNREACHABLE'],
  ['an error without end', lies.endlessError(500), 'REGISTRY_UNREACHABLE'],
  ['an error that stalls', lies.stalledError(503), 'REGISTRY_UNREACHABLE'],
  ['"not found" without end', lies.endlessError(404), 'IMAGE_NOT_FOUND'],
  ['"not found" that stalls', lies.stalledError(404), 'IMAGE_NOT_FOUND'],
  ['"forbidden" without end', lies.endlessError(403), 'REGISTRY_DENIED'],
  ['"unauthorized" that stalls', lies.stalledError(401), 'REGISTRY_DENIED'],
];

describe('a manifest', () => {
  it.each<Case>([
    ...ANYWHERE,
    ['one byte after the other', lies.trickles, 'REGISTRY_UNREACHABLE'],
    ['bytes without end', lies.endlessBody, 'IMAGE_INVALID'],
    ['100 MB', lies.hundredMegabytes, 'IMAGE_INVALID'],
    ['less than it promises', lies.promises(1_000, SHORT), 'REGISTRY_UNREACHABLE'],
    ['more than it promises', lies.promises(10, SHORT), 'IMAGE_INVALID'],
    [
      'another digest than it says',
      lies.withHeaders({ 'docker-content-digest': KERNEL.descriptor.digest }, SHORT),
      'DIGEST_MISMATCH',
    ],
    ['what nobody asked to be compressed', lies.compressed(SHORT), 'IMAGE_INVALID'],
    ['brackets within brackets', lies.withHeaders({}, DEEP), 'IMAGE_INVALID'],
    ['an index of 30,000', lies.withHeaders({ 'content-type': OCI_INDEX }, HUGE_INDEX), 'IMAGE_INVALID'],
  ])('that is answered with %s', async (_lie, handler, code) => {
    const lab = await setUp();
    lab.registry.answer('/manifests/1', handler);
    await expectRefused(lab, code);
  });

  it('that leads to indexes without end', async () => {
    const { registry, resolve, told } = await setUp();
    let nested = registry.addDocument(
      'demo',
      'n',
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
      OCI_INDEX,
    );
    for (let depth = 0; depth < 50; depth += 1) {
      const content = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [nested] };
      nested = registry.addDocument('demo', '1', content, OCI_INDEX);
    }
    await expect(resolve()).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    expect(told('image.failed')).toMatchObject([{ code: 'IMAGE_INVALID' }]);
    expect(registry.requests.length).toBeLessThan(10);
  });

  it('whose configuration is not what its digest says', async () => {
    const { registry, resolve, told } = await setUp();
    for (const digest of registry.blobs.keys()) registry.blobs.set(digest, Buffer.from('{"architecture":"arm64"}'));
    await expect(resolve()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(told('image.failed')).toMatchObject([{ code: 'DIGEST_MISMATCH' }]);
  });
});

describe('a token server', () => {
  it.each<Case>([
    ['nothing at all', lies.silence, 'REGISTRY_UNREACHABLE'],
    ['headers, and nothing more', lies.headersOnly, 'REGISTRY_UNREACHABLE'],
    ['one byte after the other', lies.trickles, 'REGISTRY_UNREACHABLE'],
    ['bytes without end', lies.endlessBody, 'REGISTRY_UNREACHABLE'],
    ['100 MB', lies.hundredMegabytes, 'REGISTRY_UNREACHABLE'],
    ['a login page', lies.html, 'REGISTRY_DENIED'],
    [
      'a token that would be two headers',
      lies.withHeaders({}, Buffer.from('{"token":"a\\r\\nx: y"}')),
      'REGISTRY_DENIED',
    ],
    ['an error without end', lies.endlessError(500), 'REGISTRY_UNREACHABLE'],
    ['"forbidden" without end', lies.endlessError(403), 'REGISTRY_DENIED'],
    ['a redirect to itself', lies.redirectRing, 'REGISTRY_UNREACHABLE'],
    ['a redirect to a file', lies.redirectsTo('file:///etc/passwd'), 'REGISTRY_UNREACHABLE'],
  ])('that answers with %s', async (_lie, handler, code) => {
    const lab = await setUp({ auth: 'token' });
    lab.registry.answer('', (response, request) =>
      request.path.startsWith('/token?') ? handler(response, request) : wantsToken(lab.registry, response),
    );
    await expectRefused(lab, code);
  });
});

function wantsToken({ host }: FakeRegistry, response: Parameters<Handler>[0]): void {
  response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token",service="fake"` }).end();
}

describe('a blob', () => {
  const half = KERNEL.bytes.subarray(0, 150_000);
  const size = KERNEL.bytes.length;

  it.each<Case>([
    ...ANYWHERE,
    [
      'wrong bytes',
      lies.withHeaders({ 'content-length': String(size) }, damaged(KERNEL.bytes, 299_999)),
      'DIGEST_MISMATCH',
    ],
    ['wrong bytes of no length', lies.withHeaders({}, damaged(KERNEL.bytes, 0)), 'DIGEST_MISMATCH'],
    ['a length too small', lies.promises(size - 1, KERNEL.bytes), 'DIGEST_MISMATCH'],
    ['a length too large', lies.promises(size + 1, KERNEL.bytes), 'DIGEST_MISMATCH'],
    ['less than it promises', lies.promises(size, half), 'REGISTRY_UNREACHABLE'],
    ['less than it has, and no length', lies.withHeaders({ 'transfer-encoding': 'chunked' }, half), 'BLOB_UNAVAILABLE'],
    ['bytes without end', lies.endlessBody, 'DIGEST_MISMATCH'],
    ['100 MB', lies.hundredMegabytes, 'DIGEST_MISMATCH'],
    ['what nobody asked to be compressed', lies.compressed(KERNEL.bytes), 'DIGEST_MISMATCH'],
    [
      'a part that nobody asked for',
      lies.withHeaders({ 'content-range': 'bytes 0-9/300000' }, half, 206),
      'REGISTRY_UNREACHABLE',
    ],
  ])('that is answered with %s', async (_lie, handler, code) => {
    const lab = await setUp();
    lab.registry.answer(KERNEL.descriptor.digest, handler);
    await expectNothingStored(lab, code);
  });

  it.each<Case>([
    ['another part', rest({ 'content-range': 'bytes 0-149999/300000' }), 'DIGEST_MISMATCH'],
    ['a part of another blob', rest({ 'content-range': 'bytes 150000-299999/299999' }), 'DIGEST_MISMATCH'],
    ['a part without a word which', rest({}), 'DIGEST_MISMATCH'],
    ['"no such part"', (response) => response.writeHead(416).end(), 'REGISTRY_UNREACHABLE'],
    ['nothing at all', lies.silence, 'REGISTRY_UNREACHABLE'],
    ['wrong bytes', rest({ 'content-range': 'bytes 150000-299999/300000' }), 'DIGEST_MISMATCH'],
    ['bytes without end', lies.endlessPart('bytes 150000-299999/300000'), 'DIGEST_MISMATCH'],
  ])('whose rest is answered with %s', async (_lie, handler, code) => {
    const lab = await setUp();
    lab.registry.truncate(KERNEL.descriptor.digest, KERNEL.bytes, half.length, 1);
    lab.registry.answer(KERNEL.descriptor.digest, handler);
    await expectNothingStored(lab, code);
    expect(lab.told('fill.resumed')[0]).toMatchObject({ bytes: half.length });
  });

  function rest(headers: Readonly<Record<string, string>>): Handler {
    return lies.withHeaders({ ...headers, 'content-length': String(half.length) }, Buffer.alloc(half.length), 206);
  }
});
