import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { IRONCORE_MANIFEST } from '../../src/oci/media-type.js';
import { parseMirror, type RegistrySettings } from '../../src/oci/registry-settings.js';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.js';
import { blobOf } from '../fixtures/blobs.js';
import { plainClient } from '../fixtures/registries.js';

const LATEST = { kind: 'tag', tag: 'latest' } as const;
const document = (which: string) => ({ schemaVersion: 2, mediaType: IRONCORE_MANIFEST, layers: [], which });

/** A registry, its mirrors, and a client that knows them. */
async function mirrored({ path = '' } = {}) {
  const [own, first, second] = [await startFakeRegistry(), await startFakeRegistry(), await startFakeRegistry()];
  const mirrors = [first, second].map(({ host }) => ({ host, plainHttp: true, path }));
  const warnings: string[] = [];
  const clock = { now: 1_000_000 };
  const settings = (registry: string): RegistrySettings => ({
    plainHttp: true,
    ...(registry === own.host && { mirrors }),
  });
  const client = plainClient({ settings, ticks: () => clock.now, warn: (text) => warnings.push(text) });
  const demo = client.mirrored(own.host, 'demo');
  const which = async () =>
    (JSON.parse(Buffer.from((await demo.fetchDocument(LATEST)).bytes).toString()) as { which: string }).which;
  const add = (registry: FakeRegistry, name: string) =>
    registry.addDocument(path === '' ? 'demo' : `${path}/demo`, 'latest', document(name));
  return { own, first, second, warnings, clock, client, demo, which, add };
}

describe('mirrors', () => {
  it('are asked first, in their order, and for what they are not: the registry itself', async () => {
    const { own, second, which, add, demo } = await mirrored();
    add(own, 'own');
    expect([await which(), demo.name]).toEqual(['own', `${own.host}/demo`]);
    add(second, 'second');
    expect(await which()).toBe('second');
    expect(own.requests).toHaveLength(1);
  });

  it('may have everything below a path', async () => {
    const { first, which, add } = await mirrored({ path: 'proxy/hub' });
    add(first, 'first');
    expect(await which()).toBe('first');
    expect(first.requests[0]?.path).toBe('/v2/proxy/hub/demo/manifests/latest');
  });

  it('that fail are tried once, told of, and passed over for a minute', async () => {
    const { own, first, warnings, clock, which, add } = await mirrored();
    add(own, 'own');
    first.fail('/latest', 503);
    expect([await which(), await which()]).toEqual(['own', 'own']);
    expect(first.requests).toHaveLength(1);
    const passedOver = warnings.filter((text) => text.includes('is passed over'));
    expect(passedOver).toEqual([expect.stringContaining(`the mirror ${first.host} of ${own.host}/demo`)]);
    clock.now += 60_000;
    await which();
    expect(first.requests).toHaveLength(2);
  });

  it('that are passed over are asked when nobody else gives anything', async () => {
    const { own, first, second, which, add } = await mirrored();
    add(first, 'first');
    add(own, 'own');
    first.fail('/latest', 503, 1);
    expect(await which()).toBe('own');
    own.fail('/latest', 503);
    expect([await which(), second.count('/latest')]).toEqual(['first', 2]);
    first.fail('/latest', 503);
    await expect(which()).rejects.toThrow(`${own.host}/demo cannot be asked`);
  });

  it('that lie are found out', async () => {
    const { own, first, which, add, warnings } = await mirrored();
    add(own, 'own');
    first.answer('/latest', (response) =>
      response.writeHead(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end('{}'),
    );
    expect(await which()).toBe('own');
    expect(warnings.filter((text) => text.includes(`the mirror ${first.host} of`))).toHaveLength(1);
  });

  it('are places of their own for blobs', async () => {
    const { own, first, second, client, warnings } = await mirrored();
    const { bytes, descriptor } = blobOf(1_000);
    second.addBlob(bytes);
    const places = client.places(own.host, 'demo');
    expect(places.map(({ source }) => source.name)).toEqual([first, second, own].map(({ host }) => `${host}/demo`));
    await expect(places[0]?.source.fetchBlob(descriptor)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    await expect(places[1]?.source.fetchBlob(descriptor)).resolves.toBeDefined();
    places[0]?.failed(new BootlayerError('IMAGE_NOT_FOUND', 'it has no such blob'));
    expect(client.places(own.host, 'demo')).toHaveLength(3);
    places[0]?.failed(new BootlayerError('REGISTRY_UNREACHABLE', 'it hung up'));
    const names = client.places(own.host, 'demo').map(({ source }) => source.name);
    expect([names, warnings.length]).toEqual([[second, own, first].map(({ host }) => `${host}/demo`), 1]);
  });

  it('are not asked for the repository itself, nor written to', async () => {
    const { own, first, client, add } = await mirrored();
    const { bytes, descriptor } = blobOf(10);
    add(first, 'first');
    const demo = client.repository(own.host, 'demo');
    await demo.pushBlob(descriptor, async function* () {
      yield bytes;
    });
    expect([own.blobs.size, await demo.hasBlob(descriptor)]).toEqual([1, true]);
    await expect(demo.fetchDocument(LATEST)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(first.requests).toEqual([]);
  });

  it('without TLS are shown no credentials that are for TLS', async () => {
    const mirror = await startFakeRegistry({ auth: 'basic', user: { username: 'boot', password: 'one' } });
    const asked: string[] = [];
    const which = async (plainHttp: boolean) => {
      const client = plainClient({
        settings: (registry): RegistrySettings =>
          registry === 'own.lab'
            ? { plainHttp: true, mirrors: [{ host: mirror.host, plainHttp: true, path: '' }] }
            : { plainHttp },
        credentials: async (registry) => {
          asked.push(registry);
          return { kind: 'basic', username: 'boot', password: 'one' };
        },
      });
      await client
        .places('own.lab', 'demo')[0]
        ?.source.fetchDocument(LATEST)
        .catch(() => undefined);
      return mirror.requests.splice(0).map(({ headers }) => headers.authorization !== undefined);
    };
    expect([await which(false), asked]).toEqual([[false], []]);
    expect([await which(true), asked]).toEqual([[false, true], [mirror.host]]);
  });

  it('that lack what their registry has are told of once: their path may be wrong', async () => {
    const { own, first, second, which, add, warnings } = await mirrored({ path: 'nope' });
    await expect(which()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(warnings).toEqual([]);
    own.addDocument('demo', 'latest', document('own'));
    add(second, 'second');
    expect([await which(), warnings]).toEqual(['second', []]);
    second.fail('/latest', 404);
    expect([await which(), await which()]).toEqual(['own', 'own']);
    expect(warnings.map((text) => text.split(',', 1)[0])).toEqual(
      [first, second].map(({ host }) => `the mirror ${host} has no ${host}/nope/demo`),
    );
  });
});

describe('parseMirror', () => {
  it.each([
    ['https://mirror.lab', { host: 'mirror.lab', plainHttp: false, path: '' }],
    ['http://mirror.lab:5000/', { host: 'mirror.lab:5000', plainHttp: true, path: '' }],
    ['https://harbor.lab/proxy/hub/', { host: 'harbor.lab', plainHttp: false, path: 'proxy/hub' }],
  ])('reads %s', (text, mirror) => expect(parseMirror(text)).toEqual(mirror));

  it.each(['mirror.lab', 'ftp://mirror.lab', 'https://mirror.lab?a=b', 'https://mirror.lab/A'])(
    'takes %s for none',
    (text) => expect(parseMirror(text)).toBeUndefined(),
  );

  it('repeats no password', () => {
    expect(() => parseMirror('https://u:secret@mirror.lab')).toThrow(
      /^a mirror's URL holds no user and password: (?!.*secret)/,
    );
  });
});
