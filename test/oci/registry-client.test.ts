import { describe, expect, it } from 'vitest';
import { waitFor } from '../../src/clock.js';
import { IRONCORE_MANIFEST } from '../../src/oci/media-type.js';
import { RegistryClient } from '../../src/oci/registry-client.js';
import { startFakeRegistry } from '../fakes/registry.js';
import { blobOf } from '../fixtures/blobs.js';
import { demoOf, plainClient } from '../fixtures/registries.js';
import { gate } from '../fixtures/waiting.js';

const MANIFEST = { schemaVersion: 2, mediaType: IRONCORE_MANIFEST, layers: [] };
const LATEST = { kind: 'tag', tag: 'latest' } as const;
const PATH = '/v2/demo/manifests/latest';

describe('where a registry is', () => {
  const client = () => plainClient({ settings: (registry) => ({ plainHttp: registry === 'lab:5000' }) });

  it.each([
    ['ghcr.io', 'https://ghcr.io/v2/'],
    ['lab:5000', 'http://lab:5000/v2/'],
    ['lab', 'https://lab/v2/'],
    ['docker.io', 'https://registry-1.docker.io/v2/'],
  ])('%s is at %s', (registry, url) => {
    expect(client().baseUrl(registry).href).toBe(url);
  });
});

describe('a registry that fails', () => {
  it.each([429, 500, 502, 503, 504])('with %i is asked again', async (status) => {
    const registry = await startFakeRegistry();
    const descriptor = registry.addDocument('demo', 'latest', MANIFEST);
    registry.fail(PATH, status, 2);
    const fetched = await demoOf(registry).fetchDocument(LATEST);
    expect(fetched.descriptor.digest).toBe(descriptor.digest);
    expect(registry.count(PATH)).toBe(3);
  });

  it('is asked three times, then named', async () => {
    const registry = await startFakeRegistry();
    registry.fail(PATH, 503);
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: `${registry.host}/demo cannot be asked for manifest latest: it answered 503`,
      remedy: expect.stringContaining('registry') as string,
    });
    expect(registry.count(PATH)).toBe(3);
  });

  it.each([
    [400, 'if it speaks TLS, leave out plainHttp'],
    [413, 'raise that limit'],
    [429, 'wait, or log in'],
    [500, 'the log of the registry'],
  ])('with %i has a remedy of its own', async (status, remedy) => {
    const registry = await startFakeRegistry();
    registry.fail(PATH, status);
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      remedy: expect.stringContaining(remedy) as string,
    });
  });

  it('by hanging up is asked again, within a document too', async () => {
    const registry = await startFakeRegistry();
    const { digest } = registry.addDocument('demo', 'latest', MANIFEST);
    registry.answer(PATH, (response) => response.destroy(), 1);
    registry.truncate(PATH, Buffer.from(JSON.stringify(MANIFEST)), 10, 1);
    expect((await demoOf(registry).fetchDocument(LATEST)).descriptor.digest).toBe(digest);
    expect(registry.count(PATH)).toBe(3);
  });

  it('by not being there is named with the reason', async () => {
    const registry = await startFakeRegistry();
    const { host } = registry;
    await registry.close();
    await expect(plainClient().repository(host, 'demo').fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('by speaking no TLS is named', async () => {
    const registry = await startFakeRegistry();
    await expect(
      demoOf(registry, { settings: () => ({ plainHttp: false }) }).fetchDocument(LATEST),
    ).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      remedy: expect.stringContaining('plainHttp') as string,
    });
    expect(registry.requests).toEqual([]);
  });

  it('by redirecting without end is given up', async () => {
    const registry = await startFakeRegistry();
    registry.redirect(PATH, PATH);
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('redirects more than 5 times') as string,
    });
    expect(registry.count(PATH)).toBe(18);
  });

  it('by never answering is given up', async () => {
    const registry = await startFakeRegistry();
    registry.answer(PATH, () => undefined);
    await expect(
      demoOf(registry, { limits: { connect: 250, headers: 250 } }).fetchDocument(LATEST),
    ).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('it does not answer in time') as string,
    });
    expect(registry.count(PATH)).toBe(3);
  });
});

describe('the pauses between tries', () => {
  const NOW = Date.UTC(2026, 0, 1);

  async function pauses(headers: Record<string, string>): Promise<number[]> {
    const registry = await startFakeRegistry();
    registry.fail(PATH, 429, undefined, headers);
    const waited: number[] = [];
    const wait = async (milliseconds: number) => waited.push(milliseconds);
    await expect(demoOf(registry, { wait, now: () => NOW }).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
    return waited;
  }

  it('double, more or less', async () => {
    const [first = 0, second = 0, ...more] = await pauses({});
    expect(more).toEqual([]);
    expect(first).toBeGreaterThanOrEqual(150);
    expect(first).toBeLessThan(450);
    expect(second).toBeGreaterThanOrEqual(300);
    expect(second).toBeLessThan(900);
  });

  it('are what the registry asks for, within bounds', async () => {
    expect(await pauses({ 'retry-after': '2' })).toEqual([2_000, 2_000]);
    expect(await pauses({ 'retry-after': '86400' })).toEqual([5_000, 5_000]);
    const date = new Date(NOW + 3_000).toUTCString();
    expect(await pauses({ 'retry-after': date })).toEqual([3_000, 3_000]);
    for (const past of ['Wed, 21 Oct 2015 07:28:00 GMT', 'soon', '']) {
      expect((await pauses({ 'retry-after': past }))[0]).toBeLessThan(450);
    }
    expect((await pauses({ 'retry-after': '-1' }))[0]).toBeGreaterThanOrEqual(150);
  });

  it('end with the signal', async () => {
    const registry = await startFakeRegistry();
    const abort = new AbortController();
    const reason = new Error('enough');
    registry.answer(PATH, (response) => {
      response.writeHead(503, { 'retry-after': '5' }).end();
      setTimeout(() => abort.abort(reason), 50);
    });
    const client = new RegistryClient({ settings: () => ({ plainHttp: true }) });
    const asked = client.repository(registry.host, 'demo').fetchDocument(LATEST, abort.signal);
    await expect(asked).rejects.toBe(reason);
    expect(registry.count(PATH)).toBe(1);
    await client.close();
  });
});

describe('a registry that wants a token', () => {
  it('gets one, and the same one again', async () => {
    const registry = await startFakeRegistry({ auth: 'token', tokenSeconds: 300 });
    registry.addDocument('demo', 'latest', MANIFEST);
    const demo = demoOf(registry);
    await demo.fetchDocument(LATEST);
    await demo.fetchDocument(LATEST);
    expect(registry.requests.map(({ path, headers }) => [path.split('?')[0], headers.authorization])).toEqual([
      [PATH, undefined],
      ['/token', undefined],
      [PATH, 'Bearer token-1'],
      [PATH, 'Bearer token-1'],
    ]);
  });

  it('gets a new one when the old one is over', async () => {
    const registry = await startFakeRegistry({ auth: 'token', tokenSeconds: 300 });
    registry.addDocument('demo', 'latest', MANIFEST);
    let now = 0;
    const demo = demoOf(registry, { ticks: () => now });
    await demo.fetchDocument(LATEST);
    now += 240_000;
    await demo.fetchDocument(LATEST);
    expect(registry.count(PATH)).toBe(4);
    expect(registry.requests.at(-1)?.headers.authorization).toBe('Bearer token-2');
  });

  it('gets a new one when it refuses the old one', async () => {
    const registry = await startFakeRegistry({ auth: 'token', tokenSeconds: 300 });
    registry.addDocument('demo', 'latest', MANIFEST);
    const client = plainClient();
    await client.repository(registry.host, 'demo').fetchDocument(LATEST);
    await demoOf(registry).fetchDocument(LATEST);
    await client.repository(registry.host, 'demo').fetchDocument(LATEST);
    expect(registry.requests.at(-1)?.headers.authorization).toBe('Bearer token-3');
  });

  it('and refuses it is not asked a third time', async () => {
    for (const status of [401, 403]) {
      const registry = await startFakeRegistry({ auth: 'token' });
      const realm = `Bearer realm="http://${registry.host}/token"`;
      registry.fail(PATH, 401, 1, { 'www-authenticate': realm });
      registry.fail(PATH, status, undefined, { 'www-authenticate': realm });
      await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
        code: 'REGISTRY_DENIED',
        message: `${registry.host}/demo refuses access: manifest latest: it answered ${status} to no credentials`,
        remedy: expect.stringContaining('docker login') as string,
      });
      expect(registry.count(PATH)).toBe(2);
    }
  });

  it('is asked again when its token server failed', async () => {
    const registry = await startFakeRegistry({ auth: 'token' });
    registry.addDocument('demo', 'latest', MANIFEST);
    registry.fail('repository%3Ademo%3Apull', 503, 1);
    await demoOf(registry).fetchDocument(LATEST);
    expect(registry.count('repository%3Ademo%3Apull')).toBe(2);
  });
});

describe('a registry that wants a password', () => {
  const user = { username: 'boot', password: 'one' };

  it.each(['Bearer realm="http://HOST/token"', 'Basic realm="x"'])(
    'has it shown to nobody it sends on to, who asks by %s',
    async (challenge) => {
      const [registry, other] = [await startFakeRegistry(), await startFakeRegistry()];
      registry.redirect(PATH, `http://${other.host}/elsewhere`);
      other.fail('/elsewhere', 401, undefined, { 'www-authenticate': challenge.replace('HOST', other.host) });
      const demo = demoOf(registry, {
        credentials: async () => ({ kind: 'basic', username: 'boot', password: 'one' }),
      });
      await expect(demo.fetchDocument(LATEST)).rejects.toMatchObject({
        code: 'REGISTRY_DENIED',
        message: expect.stringContaining(`${other.host}, where it sends us, answered 401`) as string,
      });
      expect(other.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
        ['/elsewhere', undefined],
      ]);
    },
  );

  it.each([
    ['an upload', 'PUT'],
    ['the end of a mount', 'DELETE'],
  ])('has it shown to nobody it names as the place of %s', async (_name, method) => {
    const [registry, other] = [await startFakeRegistry({ auth: 'basic', user }), await startFakeRegistry()];
    const { bytes, descriptor } = blobOf(10);
    for (const path of ['/uploads/', `from=os`]) {
      registry.answer(path, (response) => response.writeHead(202, { location: `http://${other.host}/up` }).end());
    }
    const up = method === 'PUT' ? `/up?digest=${encodeURIComponent(descriptor.digest)}` : '/up';
    other.fail(up, 401, undefined, { 'www-authenticate': 'Basic realm="x"' });
    const demo = demoOf(registry, { credentials: async () => ({ kind: 'basic', ...user }) });
    const push = demo.pushBlob(descriptor, async function* () {
      yield bytes;
    });
    await (method === 'PUT'
      ? expect(push).rejects.toMatchObject({ code: 'REGISTRY_DENIED' })
      : Promise.all([push.catch(() => undefined), demo.mountBlob(descriptor, `${registry.host}/os`)]));
    const seen = other.requests.filter((request) => request.method === method);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each(['basic', 'token'] as const)('gets it by %s, and is not asked again what it wants', async (auth) => {
    const registry = await startFakeRegistry({ auth, user, tokenSeconds: 300 });
    registry.addDocument('demo', 'latest', MANIFEST);
    const demo = demoOf(registry, { credentials: async () => ({ kind: 'basic', ...user }) });
    await demo.fetchDocument(LATEST);
    await demo.fetchDocument(LATEST);
    expect(registry.count(PATH)).toBe(3);
  });

  it('gets the new one when it does not take the old one any more', async () => {
    const registry = await startFakeRegistry({ auth: 'basic', user });
    registry.addDocument('demo', 'latest', MANIFEST);
    let password = 'old';
    const demo = demoOf(registry, { credentials: async () => ({ kind: 'basic', username: 'boot', password }) });
    await expect(demo.fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringMatching(/: it answered 401 to user boot$/) as string,
    });
    expect(registry.count(PATH)).toBe(2);
    password = 'one';
    await expect(demo.fetchDocument(LATEST)).resolves.toBeDefined();
  });
});

describe('a registry that refuses access', () => {
  it.each([
    [403, '', 'it answered 403'],
    [401, 'Basic realm="private"', 'it wants credentials (basic)'],
    [401, '', 'of no kind it names'],
    [401, 'Bearer service="x"', 'names no token server'],
    [401, 'Bearer realm="http://elsewhere.example/token"', 'is not secure'],
  ])('with %i %s is asked once', async (status, challenge, why) => {
    const registry = await startFakeRegistry();
    registry.fail(PATH, status, undefined, challenge === '' ? {} : { 'www-authenticate': challenge });
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining(why) as string,
      remedy: expect.stringContaining('docker login') as string,
    });
    expect(registry.requests.length).toBe(1);
  });

  it('finds the bearer challenge among others', async () => {
    const registry = await startFakeRegistry();
    registry.addDocument('demo', 'latest', MANIFEST);
    const challenge = `Negotiate, Basic realm="x", Bearer realm="http://${registry.host}/token"`;
    registry.fail(PATH, 401, 1, { 'www-authenticate': challenge });
    await expect(demoOf(registry).fetchDocument(LATEST)).resolves.toBeDefined();
  });
});

describe('closing', () => {
  it('ends what is under way', async () => {
    const registry = await startFakeRegistry();
    const asked = gate();
    registry.answer(PATH, () => asked.open());
    const client = plainClient();
    const fetching = client.repository(registry.host, 'demo').fetchDocument(LATEST);
    fetching.catch(() => undefined);
    await asked.passed;
    await client.close();
    await expect(fetching).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  it('waits for no other try, and none comes later', async () => {
    const registry = await startFakeRegistry();
    registry.fail(PATH, 503);
    const paused = gate();
    const client = plainClient({
      wait: (_milliseconds, signal) => {
        paused.open();
        return waitFor(60_000, signal);
      },
    });
    const demo = client.repository(registry.host, 'demo');
    const fetching = demo.fetchDocument(LATEST);
    fetching.catch(() => undefined);
    await paused.passed;
    await client.close();
    await expect(fetching).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    await expect(demo.fetchDocument(LATEST)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(registry.count(PATH)).toBe(1);
  });
});
