import { describe, expect, it } from 'vitest';
import { BootlayerError, describeError } from '../../src/errors.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { digestOf } from '../../src/oci/digest.js';
import { MAX_MANIFEST_BYTES } from '../../src/oci/manifest.js';
import { IRONCORE_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.js';
import { startFakeRegistry } from '../fakes/registry.js';
import { blobOf } from '../fixtures/blobs.js';
import { demoOf } from '../fixtures/registries.js';

const MANIFEST = { schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] };
const LATEST = { kind: 'tag', tag: 'latest' } as const;
const PATH = '/v2/demo/manifests/latest';

async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* contentOf(...pieces: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* pieces;
}

describe('a document', () => {
  it('is fetched by tag and by digest, as its bytes', async () => {
    const registry = await startFakeRegistry();
    const descriptor = registry.addDocument('demo', 'v1', MANIFEST);
    const expected = { descriptor, bytes: Buffer.from(JSON.stringify(MANIFEST)) };
    const demo = demoOf(registry);
    expect(await demo.fetchDocument({ kind: 'tag', tag: 'v1' })).toEqual(expected);
    expect(await demo.fetchDocument({ kind: 'digest', digest: descriptor.digest })).toEqual(expected);
    expect(demo.name).toBe(`${registry.host}/demo`);
  });

  it('without a name is the latest', async () => {
    const registry = await startFakeRegistry();
    registry.addDocument('demo', 'latest', MANIFEST);
    await demoOf(registry).fetchDocument(undefined);
    expect(registry.count(PATH)).toBe(1);
  });

  it('is asked for in every type, and not compressed', async () => {
    const registry = await startFakeRegistry();
    registry.addDocument('demo', 'latest', MANIFEST);
    await demoOf(registry).fetchDocument(LATEST);
    const { headers } = registry.requests[0] ?? expect.unreachable();
    expect(headers.accept).toContain(OCI_INDEX);
    expect(headers.accept).toContain(IRONCORE_MANIFEST);
    expect(headers['accept-encoding']).toBe('identity');
    expect(headers['user-agent']).toBe('bootlayer');
  });

  it.each([
    [{ ...MANIFEST, mediaType: IRONCORE_MANIFEST }, OCI_MANIFEST, IRONCORE_MANIFEST],
    [{ ...MANIFEST, mediaType: OCI_MANIFEST }, IRONCORE_MANIFEST, OCI_MANIFEST],
    [{ ...MANIFEST, mediaType: `${OCI_MANIFEST}; charset=utf-8` }, 'text/plain', OCI_MANIFEST],
    [{ layers: [] }, IRONCORE_MANIFEST, OCI_MANIFEST],
    [{ manifests: [] }, 'application/json', OCI_INDEX],
  ])('is of its own type, whatever the registry says (%#)', async (content, said, mediaType) => {
    const registry = await startFakeRegistry();
    registry.addDocument('demo', 'latest', content, said);
    expect((await demoOf(registry).fetchDocument(LATEST)).descriptor.mediaType).toBe(mediaType);
  });

  it('must have the digest it is asked for by', async () => {
    const registry = await startFakeRegistry();
    const { digest } = registry.addDocument('demo', 'v1', MANIFEST);
    registry.answer(digest, (response) => response.end('{"layers":[]}'));
    await expect(demoOf(registry).fetchDocument({ kind: 'digest', digest })).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining(`${digest} was promised`) as string,
    });
  });

  it('must have the digest that the registry says the tag has', async () => {
    const registry = await startFakeRegistry();
    const other = digestOf(Buffer.from('other'));
    registry.answer(PATH, (response) => response.setHeader('docker-content-digest', other).end('{"layers":[]}'));
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it.each(['nonsense', `sha512:${'0'.repeat(128)}`])(
    'is taken by tag when the registry says %s of it',
    async (said) => {
      const registry = await startFakeRegistry();
      registry.answer(PATH, (response) => response.setHeader('docker-content-digest', said).end('{"layers":[]}'));
      const { descriptor } = await demoOf(registry).fetchDocument(LATEST);
      expect(descriptor.digest).toBe(digestOf(Buffer.from('{"layers":[]}')));
    },
  );

  it('that is not there is named with what the registry says, in one line', async () => {
    const registry = await startFakeRegistry();
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: `${registry.host}/demo has no manifest latest (MANIFEST_UNKNOWN: manifest unknown to the fake)`,
    });
    expect(registry.requests.length).toBe(1);
  });

  it.each(['', '<html>', 'null', '[]', '{"errors":7}', '{"errors":[null]}', 'x'.repeat(100_000)])(
    'that is not there may be answered by any body (%#)',
    async (body) => {
      const registry = await startFakeRegistry();
      registry.answer(PATH, (response) => response.writeHead(404).end(body));
      await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
        code: 'IMAGE_NOT_FOUND',
        message: `${registry.host}/demo has no manifest latest`,
      });
    },
  );

  it('may be refused otherwise', async () => {
    const registry = await startFakeRegistry();
    registry.answer(PATH, (response) => response.writeHead(406).end('{"errors":[{"code":"UNSUPPORTED"}]}'));
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: `${registry.host}/demo cannot be asked for manifest latest: it answered 406 (UNSUPPORTED)`,
    });
    expect(registry.requests.length).toBe(1);
  });

  it('must be JSON of sensible size', async () => {
    const registry = await startFakeRegistry();
    registry.answer(PATH, (response) => response.end('<html>'), 1);
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
    registry.answer(PATH, (response) => response.end(Buffer.alloc(MAX_MANIFEST_BYTES + 1)));
    await expect(demoOf(registry).fetchDocument(LATEST)).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringContaining(`larger than ${MAX_MANIFEST_BYTES} bytes`) as string,
    });
  });

  it('is no longer waited for when aborted', async () => {
    const registry = await startFakeRegistry();
    const abort = new AbortController();
    const reason = new Error('enough');
    registry.answer(PATH, (response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{');
      abort.abort(reason);
    });
    await expect(demoOf(registry).fetchDocument(LATEST, abort.signal)).rejects.toBe(reason);
    await expect(demoOf(registry).fetchDocument(LATEST, abort.signal)).rejects.toBe(reason);
    expect(registry.requests.length).toBe(1);
  });
});

describe('a blob', () => {
  const { bytes, descriptor } = blobOf(3_000_000);

  it('comes whole, from where the registry sends for it', async () => {
    const [registry, store] = [await startFakeRegistry({ auth: 'token' }), await startFakeRegistry()];
    registry.addBlob(bytes);
    const demo = demoOf(registry);
    expect((await bytesOf(await demo.fetchBlob(descriptor))).equals(bytes)).toBe(true);
    registry.redirect(descriptor.digest, `http://${store.host}/bucket/1?signature=a%2Fb`);
    store.answer('/bucket/1?signature=a%2Fb', (response) => response.end(bytes));
    expect((await bytesOf(await demo.fetchBlob(descriptor))).equals(bytes)).toBe(true);
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('is asked for again while it has not begun', async () => {
    const registry = await startFakeRegistry();
    registry.addBlob(bytes);
    registry.fail(descriptor.digest, 502, 2);
    expect((await bytesOf(await demoOf(registry).fetchBlob(descriptor))).equals(bytes)).toBe(true);
  });

  it('must be as large as promised', async () => {
    const registry = await startFakeRegistry();
    registry.addBlob(bytes);
    await expect(demoOf(registry).fetchBlob({ ...descriptor, size: 7 })).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining('7 bytes were promised, the registry has 3000000') as string,
    });
  });

  it('may be of a length that the registry does not know', async () => {
    const registry = await startFakeRegistry();
    registry.answer(descriptor.digest, (response) => {
      response.write(bytes.subarray(0, 10));
      response.end(bytes.subarray(10));
    });
    expect((await bytesOf(await demoOf(registry).fetchBlob(descriptor))).equals(bytes)).toBe(true);
  });

  it('comes from the byte that is asked for, by a range or without', async () => {
    const registry = await startFakeRegistry();
    registry.addBlob(bytes);
    const rest = async () => bytesOf(await demoOf(registry).fetchBlob(descriptor, undefined, 3));
    // It does not know ranges.
    expect((await rest()).equals(bytes.subarray(3))).toBe(true);
    const range = `bytes 3-${bytes.length - 1}/${bytes.length}`;
    registry.answer(descriptor.digest, (response) =>
      response.writeHead(206, { 'content-range': range }).end(bytes.subarray(3)),
    );
    expect((await rest()).equals(bytes.subarray(3))).toBe(true);
    expect(registry.requests.map(({ headers }) => headers.range)).toEqual(['bytes=3-', 'bytes=3-']);
  });

  it.each(['', 'bytes 0-9/10', `bytes 4-${bytes.length - 1}/${bytes.length}`, 'bytes 3-4/5'])(
    'is not what comes with the range %j',
    async (range) => {
      const registry = await startFakeRegistry();
      registry.answer(descriptor.digest, (response) => response.writeHead(206, { 'content-range': range }).end('x'));
      await expect(demoOf(registry).fetchBlob(descriptor, undefined, 3)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
        message: expect.stringContaining('bytes from 3 of') as string,
      });
    },
  );

  it.each([
    [206, 'REGISTRY_UNREACHABLE', 'it answered 206'],
    [404, 'IMAGE_NOT_FOUND', 'has no blob sha256:'],
    [416, 'REGISTRY_UNREACHABLE', 'it answered 416'],
  ])('is not what a registry answers with %i', async (status, code, message) => {
    const registry = await startFakeRegistry();
    registry.fail(descriptor.digest, status);
    await expect(demoOf(registry).fetchBlob(descriptor)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('that breaks off is an error of ours', async () => {
    const registry = await startFakeRegistry();
    registry.truncate(descriptor.digest, bytes, 1_000);
    const content = await demoOf(registry).fetchBlob(descriptor);
    const problem: unknown = await bytesOf(content).catch((thrown: unknown) => thrown);
    expect(problem).toBeInstanceOf(BootlayerError);
    expect(problem).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining(`cannot be asked for blob ${descriptor.digest}`) as string,
    });
  });

  it('that stalls is given up', async () => {
    const registry = await startFakeRegistry();
    registry.answer(descriptor.digest, (response) => {
      response.writeHead(200, { 'content-length': bytes.byteLength }).write(bytes.subarray(0, 1_000));
    });
    const content = await demoOf(registry, { limits: { idle: 50 } }).fetchBlob(descriptor);
    await expect(bytesOf(content)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  it('ends with the reason of its signal', async () => {
    const registry = await startFakeRegistry();
    registry.addBlob(bytes);
    const abort = new AbortController();
    const reason = new Error('enough');
    const content = await demoOf(registry).fetchBlob(descriptor, abort.signal);
    const pieces = content[Symbol.asyncIterator]();
    expect((await pieces.next()).done).toBe(false);
    abort.abort(reason);
    await expect(bytesOf({ [Symbol.asyncIterator]: () => pieces })).rejects.toBe(reason);
  });

  it.each([0, 1])('that is let go of after %i pieces ends its connection', async (read) => {
    const registry = await startFakeRegistry();
    const closed = new Promise<void>((resolve) => {
      registry.answer(descriptor.digest, (response) => {
        response.writeHead(200, { 'content-length': bytes.byteLength }).write(bytes.subarray(0, 1_000));
        response.on('close', resolve);
      });
    });
    const pieces = (await demoOf(registry).fetchBlob(descriptor))[Symbol.asyncIterator]();
    for (let number = 0; number < read; number += 1) await pieces.next();
    await pieces.return?.();
    await closed;
    expect(await pieces.next().catch(() => 'over')).not.toMatchObject({ done: false });
  });
});

describe('pushing', () => {
  const { bytes, descriptor } = blobOf(200_000);

  it('asks for a place and puts the blob there', async () => {
    const registry = await startFakeRegistry({ auth: 'token', tokenSeconds: 300 });
    const demo = demoOf(registry);
    expect(await demo.hasBlob(descriptor)).toBe(false);
    await demo.pushBlob(descriptor, () => contentOf(bytes.subarray(0, 1_000), bytes.subarray(1_000)));
    expect(await demo.hasBlob(descriptor)).toBe(true);
    const put = registry.requests.find(({ method }) => method === 'PUT') ?? expect.unreachable();
    expect(put.path).toBe(`/v2/demo/blobs/uploads/7?_state=a%20b~&digest=${encodeURIComponent(descriptor.digest)}`);
    expect(put.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '200000' });
  });

  it('opens the content anew for every try', async () => {
    const registry = await startFakeRegistry();
    let opened = 0;
    const open = () => {
      opened += 1;
      return contentOf(bytes);
    };
    registry.fail(encodeURIComponent(descriptor.digest), 503, 2);
    await demoOf(registry).pushBlob(descriptor, open);
    expect(opened).toBe(3);
    expect(registry.blobs.get(descriptor.digest)).toEqual(bytes);
  });

  it('never finishes with bytes that are not as promised', async () => {
    const registry = await startFakeRegistry();
    const wrong = Buffer.from(bytes);
    wrong[199_999] = (wrong[199_999] ?? 0) ^ 1;
    for (const content of [wrong, bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
      const pushing = demoOf(registry).pushBlob(descriptor, () =>
        contentOf(content.subarray(0, 100_000), content.subarray(100_000)),
      );
      await expect(pushing).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    }
    expect(registry.blobs.size).toBe(0);
  });

  it('puts a document with its own type, under a tag or its digest', async () => {
    const registry = await startFakeRegistry();
    const content = Buffer.from(JSON.stringify(MANIFEST));
    const document = { descriptor: descriptorOf(IRONCORE_MANIFEST, content), bytes: content };
    await demoOf(registry).pushDocument(document, 'v1');
    expect(registry.documents.get('demo:v1')).toEqual({ mediaType: IRONCORE_MANIFEST, bytes: content });
    await demoOf(registry).pushDocument(document);
    expect(registry.count(`/v2/demo/manifests/${document.descriptor.digest}`, 'PUT')).toBe(1);
  });

  it('notices a registry that made something else of a document', async () => {
    const registry = await startFakeRegistry();
    const content = Buffer.from(JSON.stringify(MANIFEST));
    const document = { descriptor: descriptorOf(IRONCORE_MANIFEST, content), bytes: content };
    const other = digestOf(Buffer.from('another'));
    registry.answer('/v2/demo/manifests/v1', (response) =>
      response.writeHead(201, { 'docker-content-digest': other }).end(),
    );
    await expect(demoOf(registry).pushDocument(document, 'v1')).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining(`it has ${other}`) as string,
    });
  });

  it.each([
    ['no place', {}, 'it names no place'],
    ['no address', { location: 'http://[' }, 'what is no address'],
    ['another protocol', { location: 'file:///tmp' }, 'file://, which is not secure'],
  ])('is given up when it is told %s to upload to', async (_, headers, why) => {
    const registry = await startFakeRegistry();
    registry.answer('/blobs/uploads/', (response) => response.writeHead(202, headers).end());
    const problem: unknown = await demoOf(registry)
      .pushBlob(descriptor, () => contentOf(bytes))
      .catch((thrown: unknown) => thrown);
    expect(problem).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(describeError(problem)).toContain(`an upload of blob ${descriptor.digest}: it`);
    expect(describeError(problem)).toContain(why);
  });

  it.each([400, 404, 413])('says that it was refused with %i', async (status) => {
    const registry = await startFakeRegistry();
    const content = Buffer.from('{}');
    registry.fail('/manifests/v1', status);
    const document = { descriptor: descriptorOf(OCI_MANIFEST, content), bytes: content };
    await expect(demoOf(registry).pushDocument(document, 'v1')).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: `${registry.host}/demo cannot be asked for an upload of manifest v1: it answered ${status}`,
    });
  });
});
