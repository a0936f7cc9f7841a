import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { descriptorOf } from '../../src/oci/descriptor.js';
import { mediaTypeOf, parseDocument } from '../../src/oci/manifest.js';
import { DOCKER_LIST, DOCKER_MANIFEST, IRONCORE_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.js';

const LAYER = descriptorOf('application/vnd.test.kernel', Buffer.from('kernel'));
const CONFIG = descriptorOf('application/vnd.oci.empty.v1+json', Buffer.from('{}'));
const MANIFEST = { schemaVersion: 2, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, manifests: [descriptorOf(OCI_MANIFEST, Buffer.from('a manifest'))] };

function bytesOf(content: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(content));
}

function parse(content: unknown, mediaType = '') {
  return parseDocument('an image', mediaType, bytesOf(content));
}

function invalid(message: string): Error {
  return expect.objectContaining({
    code: 'IMAGE_INVALID',
    message: expect.stringContaining(message) as string,
  }) as Error;
}

describe('parseDocument', () => {
  it('reads a manifest', () => {
    expect(parse({ ...MANIFEST, mediaType: OCI_MANIFEST, annotations: { a: 'b', c: 7 } })).toEqual({
      kind: 'manifest',
      config: CONFIG,
      layers: [LAYER],
      annotations: { a: 'b' },
    });
  });

  it('reads an index with platforms in Go names', () => {
    const [entry] = INDEX.manifests;
    const manifests = [
      { ...entry, platform: { os: 'linux', architecture: 'x86_64', variant: 'v2' }, annotations: { a: 'b' } },
      { ...entry, platform: { architecture: 'arm64', variant: '' } },
      { ...entry, platform: { os: 'linux' } },
      entry,
    ];
    expect(parse({ manifests }, OCI_INDEX)).toEqual({
      kind: 'index',
      entries: [
        { ...entry, platform: { os: 'linux', architecture: 'amd64', variant: 'v2' }, annotations: { a: 'b' } },
        { ...entry, platform: { os: 'linux', architecture: 'arm64' }, annotations: {} },
        { ...entry, annotations: {} },
        { ...entry, annotations: {} },
      ],
      annotations: {},
    });
  });

  it.each([
    [MANIFEST, OCI_MANIFEST, 'manifest'],
    [MANIFEST, `${DOCKER_MANIFEST}; charset=utf-8`, 'manifest'],
    [MANIFEST, IRONCORE_MANIFEST, 'manifest'],
    [MANIFEST, 'application/json', 'manifest'],
    [{ ...MANIFEST, mediaType: IRONCORE_MANIFEST }, 'text/plain', 'manifest'],
    [{ ...MANIFEST, mediaType: OCI_MANIFEST }, OCI_INDEX, 'manifest'],
    [INDEX, OCI_INDEX, 'index'],
    [INDEX, DOCKER_LIST, 'index'],
    [INDEX, '', 'index'],
  ])('goes by the shape where the type does not contradict it (%#)', (content, mediaType, kind) => {
    expect(parse(content, mediaType).kind).toBe(kind);
  });

  it.each([
    [{ ...MANIFEST, mediaType: OCI_INDEX }, `it says it is ${OCI_INDEX}`],
    [{ ...MANIFEST, mediaType: `${DOCKER_LIST};charset=utf-8` }, `it says it is ${DOCKER_LIST}`],
    [{ ...INDEX, mediaType: OCI_MANIFEST }, `it says it is ${OCI_MANIFEST}`],
    [{ ...INDEX, ...MANIFEST }, 'both "manifests" and "layers"'],
    [{}, 'of no type'],
    [[], 'not a JSON object'],
    [null, 'not a JSON object'],
    [{ ...MANIFEST, config: undefined }, 'config cannot be read: it is missing'],
    [{ ...MANIFEST, layers: [null] }, 'layers[0] cannot be read: it is missing'],
    [{ ...MANIFEST, layers: [LAYER, { ...LAYER, size: -1 }] }, 'layers[1] cannot be read: its size'],
    [{ ...MANIFEST, layers: [{ ...LAYER, size: 1.5 }] }, 'its size'],
    [{ ...MANIFEST, layers: [{ ...LAYER, size: 2 ** 53 }] }, 'its size'],
    [{ ...MANIFEST, layers: [{ ...LAYER, size: '6' }] }, 'its size'],
    [{ ...MANIFEST, layers: [{ ...LAYER, digest: `sha512:${'0'.repeat(128)}` }] }, 'its digest'],
    [{ ...MANIFEST, layers: [{ ...LAYER, digest: 'sha256:../../etc/passwd' }] }, 'its digest'],
    [{ ...MANIFEST, layers: [{ ...LAYER, mediaType: undefined }] }, 'its mediaType'],
    [{ ...MANIFEST, layers: Array(2_001).fill(LAYER) }, 'more than 2000 entries'],
    [{ manifests: [7] }, 'manifests[0] cannot be read'],
  ])('refuses %j', (content, why) => {
    expect(() => parse(content)).toThrow(invalid(why));
  });

  it.each(['', '{', '\ufeff{}x', 'null null'])('refuses %j, which is not JSON', (text) => {
    expect(() => parseDocument('an image', OCI_INDEX, Buffer.from(text))).toThrow(invalid('not JSON'));
  });

  it('refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"mediaType":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(() => parseDocument('an image', OCI_INDEX, bytes)).toThrow(invalid('not JSON'));
  });

  it('never throws anything but ours', () => {
    const field = fc.constantFrom('manifests', 'layers', 'config', 'mediaType', 'digest', 'size', 'platform');
    const json = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(field, fc.jsonValue()),
      fc.dictionary(field, fc.array(fc.object())),
    );
    fc.assert(
      fc.property(json, fc.constantFrom(OCI_INDEX, OCI_MANIFEST, ''), (content, mediaType) => {
        try {
          expect(['index', 'manifest']).toContain(parse(content, mediaType).kind);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BootlayerError);
        }
      }),
    );
  });
});

describe('mediaTypeOf', () => {
  it.each([
    [{ ...MANIFEST, mediaType: IRONCORE_MANIFEST }, IRONCORE_MANIFEST],
    [{ ...MANIFEST, mediaType: `${DOCKER_MANIFEST}; charset=utf-8` }, DOCKER_MANIFEST],
    [MANIFEST, OCI_MANIFEST],
    [INDEX, OCI_INDEX],
  ])('takes the document at its word, else by its shape (%#)', (content, mediaType) => {
    expect(mediaTypeOf('an image', bytesOf(content))).toBe(mediaType);
  });

  it('refuses what is not JSON', () => {
    expect(() => mediaTypeOf('an image', Buffer.from('<html>'))).toThrow(
      invalid('an image cannot be read: it is not JSON'),
    );
  });
});

describe('a hostile document', () => {
  const read = (text: string) => parseDocument('it', OCI_MANIFEST, Buffer.from(text));

  it('is refused when it is nested without end, before anybody tries to read it', () => {
    expect(() => read(`{"layers":[],"x":${'['.repeat(2_000_000)}`)).toThrow('nested deeper than 64');
    expect(() => read(`{"layers":[],"x":"${'['.repeat(1_000)}\\"${'{'.repeat(1_000)}"}`)).not.toThrow('nested');
  });

  it('shows of its annotations only some', () => {
    const annotations = Object.fromEntries(Array.from({ length: 5_000 }, (_, position) => [`k${position}`, 'v']));
    const config = { mediaType: 'x', digest: `sha256:${'0'.repeat(64)}`, size: 0 };
    const document = read(JSON.stringify({ layers: [], config, annotations: { ...annotations, ['__proto__']: 'v' } }));
    expect(Object.keys(document.annotations)).toHaveLength(500);
    expect(document.annotations['k0']).toBe('v');
  });
});
