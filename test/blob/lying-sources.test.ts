import { describe, expect, it } from 'vitest';
import type { BlobSource } from '../../src/blob/blob-store.js';
import { BootlayerError } from '../../src/errors.js';
import { ReadySource, ScriptedSource } from '../fakes/blob-source.js';
import { cacheInMemory, cacheWithPart, follow } from '../fixtures/blob-cache.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { settled } from '../fixtures/waiting.js';

const KIB = 1024;
const { bytes, descriptor } = blobOf(700 * KIB);

describe('a blob cache whose sources lie', () => {
  it('asks whoever gave wrong bytes last the next time', async () => {
    const [mirror, upstream] = [new ScriptedSource('mirror.lab/os'), new ScriptedSource('registry.lab/os')];
    const { cache } = cacheInMemory();
    const wrong = cache.open(descriptor, [mirror, upstream]).then(follow);
    const lie = await mirror.feed();
    const refused = expect(wrong).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await lie.send(damaged(bytes, 0));
    lie.end();
    await refused;
    await settled();
    const right = cache.open(descriptor, [mirror, upstream]).then(follow);
    const truth = await upstream.feed();
    await truth.send(bytes);
    truth.end();
    expect((await right).equals(bytes)).toBe(true);
    expect(mirror.fetches).toBe(1);
  });

  it('asks the last of them alone when any of them may have given wrong bytes', async () => {
    const [mirror, upstream] = [new ScriptedSource('mirror.lab/os'), new ScriptedSource('registry.lab/os')];
    const { cache } = cacheInMemory();
    const refused = expect(cache.open(descriptor, [mirror, upstream]).then(follow)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    const junk = await mirror.feed();
    await junk.send(damaged(bytes, 0).subarray(0, 300 * KIB));
    junk.fail(new BootlayerError('REGISTRY_UNREACHABLE', 'mirror.lab hung up'));
    const rest = await upstream.feed();
    await rest.send(bytes.subarray(300 * KIB));
    rest.end();
    await refused;
    await settled();
    const right = cache.open(descriptor, [mirror, upstream]).then(follow);
    const whole = await upstream.feed(1);
    expect(whole.from).toBe(0);
    await whole.send(bytes);
    whole.end();
    expect((await right).equals(bytes)).toBe(true);
  });

  it('blames only a source that gave wrong bytes, and all of them', async () => {
    const blamed: string[] = [];
    const source = (name: string, all: BlobSource['fetch']): BlobSource => ({
      name,
      fetch: all,
      failed: ({ code }) => void blamed.push(`${name} ${code}`),
    });
    const down = source('down.lab/os', () => Promise.reject(new BootlayerError('REGISTRY_UNREACHABLE', 'down')));
    const liar = new ReadySource(damaged(bytes, 0));
    const lies = source('lies.lab/os', (...asked) => liar.fetch(...asked));
    const { cache } = cacheInMemory();
    const read = cache.open(descriptor, [down, lies]).then(follow);
    await expect(read).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await settled();
    expect(blamed).toEqual(['down.lab/os REGISTRY_UNREACHABLE', 'lies.lab/os DIGEST_MISMATCH']);
  });

  it('blames and doubts nobody for what an earlier download left', async () => {
    const blamed: string[] = [];
    const upstream = new ScriptedSource('registry.lab/os');
    const honest = Object.assign(upstream, { failed: () => void blamed.push('registry.lab') });
    const other = new ScriptedSource('other.lab/os');
    const { cache } = await cacheWithPart(descriptor, damaged(bytes, 5).subarray(0, 300 * KIB));
    const refused = expect(cache.open(descriptor, [honest, other]).then(follow)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    const rest = await upstream.feed();
    expect(rest.from).toBe(300 * KIB);
    await rest.send(bytes.subarray(300 * KIB));
    rest.end();
    await refused;
    await settled();
    expect(blamed).toEqual([]);
    const right = cache.open(descriptor, [honest, other]).then(follow);
    const whole = await upstream.feed(1);
    expect(whole.from).toBe(0);
    await whole.send(bytes);
    whole.end();
    expect((await right).equals(bytes)).toBe(true);
    expect(other.fetches).toBe(0);
  });

  it('goes on doubting whoever gave wrong bytes until the right ones have come', async () => {
    const [mirror, upstream] = [new ScriptedSource('mirror.lab/os'), new ScriptedSource('registry.lab/os')];
    let problem: BootlayerError | undefined;
    const { cache } = cacheInMemory({
      faults: {
        writing: async () => {
          if (problem !== undefined) throw problem;
        },
      },
    });
    const attempt = async (source: ScriptedSource, number: number, what: Uint8Array) => {
      const read = cache.open(descriptor, [mirror, upstream]).then(follow);
      read.catch(() => undefined);
      const feed = await source.feed(number);
      void feed.send(what);
      feed.end();
      await expect(read).rejects.toThrow();
      await settled();
    };
    await attempt(mirror, 0, damaged(bytes, 0));
    problem = new BootlayerError('DISK_FULL', 'full');
    await attempt(upstream, 0, bytes);
    await attempt(upstream, 1, bytes);
    expect(mirror.fetches).toBe(1);
  });

  it('has a descriptor that lies about a size harm nobody else', async () => {
    const [slow, well] = [new ScriptedSource('lies.lab/os'), new ScriptedSource('registry.lab/os')];
    const { cache } = cacheInMemory();
    const other = { ...descriptor, size: descriptor.size + 1 };
    const lie = cache.open(other, [slow]).then(follow);
    const refused = expect(lie).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    const trickle = await slow.feed();
    await trickle.send(bytes.subarray(0, 300 * KIB));
    const reading = cache.open(descriptor, [well]).then(follow);
    const feed = await well.feed();
    await feed.send(bytes);
    feed.end();
    expect((await reading).equals(bytes)).toBe(true);
    void trickle.send(Buffer.concat([bytes.subarray(300 * KIB), Buffer.from('x')]));
    trickle.end();
    await refused;
    await expect(cache.open(other, [slow])).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect((await follow(await cache.open(descriptor, []))).equals(bytes)).toBe(true);
  });

  it('comes to its end by a source that breaks, beside one that was proven to lie', async () => {
    const halves = (give: (from: number) => Uint8Array): BlobSource['fetch'] => {
      return async (_descriptor, _signal, from) =>
        (async function* () {
          yield give(from);
          throw new BootlayerError('REGISTRY_UNREACHABLE', 'it hung up');
        })();
    };
    const breaks: BlobSource = {
      name: 'breaks.lab/os',
      fetch: halves((from) => bytes.subarray(from, from + 300 * KIB)),
    };
    const lies: BlobSource = {
      name: 'lies.lab/os',
      fetch: halves((from) => damaged(bytes, bytes.length - 1).subarray(from)),
    };
    const { cache } = cacheInMemory();
    const attempts = [1, 2, 3].map(() => async () => {
      const read = await cache
        .open(descriptor, [breaks, lies])
        .then(follow)
        .catch(() => undefined);
      await settled();
      return read?.equals(bytes);
    });
    const outcomes = [];
    for (const attempt of attempts) outcomes.push(await attempt());
    expect(outcomes).toEqual([undefined, undefined, true]);
  });
});
