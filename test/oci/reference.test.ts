import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { parseDigest } from '../../src/oci/digest.js';
import {
  formatReference,
  type ImageReference,
  manifestNameOf,
  parseReference,
  parseRegistryHost,
  withDefaultRegistry,
} from '../../src/oci/reference.js';

const DIGEST = parseDigest(`sha256:${'0a'.repeat(32)}`);

function registry(host: string | undefined, repository: string, tag?: string, digest?: typeof DIGEST): ImageReference {
  return { kind: 'registry', registry: host, repository, tag, digest };
}

function layout(folder: string, tag?: string, digest?: typeof DIGEST): ImageReference {
  return { kind: 'layout', folder, tag, digest };
}

function refusal(text: string): string {
  try {
    parseReference(text);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'REFERENCE_INVALID', remedy: expect.any(String) as string });
    return (thrown as Error).message;
  }
  return expect.unreachable(`"${text}" was taken`);
}

describe('parseReference', () => {
  it.each([
    ['debian', registry(undefined, 'debian')],
    ['debian:12', registry(undefined, 'debian', '12')],
    ['os/debian:12', registry(undefined, 'os/debian', '12')],
    ['ghcr.io/os/debian', registry('ghcr.io', 'os/debian')],
    ['localhost/debian', registry('localhost', 'debian')],
    ['host:5000/debian', registry('host:5000', 'debian')],
    ['host:5000/debian:v1', registry('host:5000', 'debian', 'v1')],
    ['[fd00::1]:5000/debian', registry('[fd00::1]:5000', 'debian')],
    ['GHCR.io/os/debian', registry('ghcr.io', 'os/debian')],
    ['HOST/debian', registry('host', 'debian')],
    ['index.docker.io/library/debian', registry('docker.io', 'library/debian')],
    ['docker://ghcr.io/os/debian:12', registry('ghcr.io', 'os/debian', '12')],
    ['docker://oci:12', registry(undefined, 'oci', '12')],
    ['  debian:12\n', registry(undefined, 'debian', '12')],
    [`debian@${DIGEST}`, registry(undefined, 'debian', undefined, DIGEST)],
    [`host:5000/debian:12@${DIGEST}`, registry('host:5000', 'debian', '12', DIGEST)],
    ['x/a.b_c__d---e', registry(undefined, 'x/a.b_c__d---e')],
  ])('reads %j', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  it.each([
    ['oci:images', layout('images')],
    ['oci:./images:v1', layout('./images', 'v1')],
    ['oci:/srv/my images.d/os:v1', layout('/srv/my images.d/os', 'v1')],
    ['oci:/srv/a:b/os', layout('/srv/a:b/os')],
    ['oci:/srv/os/:v1', layout('/srv/os/', 'v1')],
    ['oci:..', layout('..')],
    [`oci:/srv/os:v1@${DIGEST}`, layout('/srv/os', 'v1', DIGEST)],
    [`oci:/srv/os@${DIGEST}`, layout('/srv/os', undefined, DIGEST)],
  ])('reads the layout %s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  it.each([
    ['', 'names no repository'],
    ['/srv/images:1', 'it is a path'],
    ['./images:1', 'it is a path'],
    ['../images', 'it is a path'],
    ['~/images', 'it is a path'],
    ['ghcr.io/', 'names no repository'],
    ['ghcr.io/Debian', '"Debian" may hold lower-case'],
    ['Debian', '"Debian" may hold lower-case'],
    ['ghcr.io/os//debian', '"" may hold'],
    ['ghcr.io/os/../debian', '".." may hold'],
    ['ghcr.io/a___b', '"a___b" may hold'],
    ['debian:', '"" is no tag'],
    ['debian:.1', '".1" is no tag'],
    ['debian:a b', '"a b" is no tag'],
    [`debian:${'x'.repeat(129)}`, 'at most 128'],
    ['debian@sha256:abc', '"sha256:abc" is not sha256:'],
    [`debian@sha512:${'0'.repeat(128)}`, 'is not sha256:'],
    [`debian@${DIGEST.toUpperCase()}`, 'is not sha256:'],
    [`ghcr.io/${'a'.repeat(248)}`, 'longer than 255'],
    [`debian:${'x'.repeat(5000)}`, 'too long'],
    ['-host.example/debian', '"-host.example" is no registry host'],
    ['host:70000/debian', '"host:70000" is no registry host'],
    ['999.1.1.1/debian', '"999.1.1.1" is no registry host'],
    ['[::::]/debian', '"[::::]" is no registry host'],
    ['https://ghcr.io/debian', '"https:" is no registry host'],
    ['0a'.repeat(32), 'a bare hash is no repository'],
    ['oci:', 'names no folder'],
    ['oci:/srv/os:', '"" is no tag'],
    ['oci:/srv/o\0s', 'control character'],
    ['oci:/srv/\u001b[2J', 'control character'],
  ])('refuses %j', (text, why) => {
    expect(refusal(text)).toContain(why);
  });

  it('takes names and tags that are just short enough', () => {
    const name = `ghcr.io/${'a'.repeat(247)}`;
    const tag = 'x'.repeat(128);
    expect(parseReference(`${name}:${tag}`)).toEqual(registry('ghcr.io', 'a'.repeat(247), tag));
  });

  it('never throws anything but ours, and reads back what it writes', () => {
    const mark = fc.constantFrom(
      ...['oci:', 'docker://', 'a', 'B', '1', '.', ':', '/', '@', '-', '_', '[', ']', ' ', '\0', DIGEST, 'ghcr.io'],
    );
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(mark).map((marks) => marks.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let reference: ImageReference;
        try {
          reference = parseReference(text);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(BootlayerError);
          return;
        }
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('formatReference', () => {
  const alphanumeric = fc.stringMatching(/^[a-z0-9]{1,6}$/);
  const component = fc
    .tuple(alphanumeric, fc.constantFrom('.', '_', '__', '-', '--'), alphanumeric)
    .map((parts) => parts.join(''));
  const host = fc.constantFrom('ghcr.io', 'docker.io', 'localhost', 'host:5000', '[fd00::1]:5000', '10.0.0.1', 'lan');
  const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/), { nil: undefined });
  const digest = fc.option(fc.constant(DIGEST), { nil: undefined });
  const repository = fc
    .array(fc.oneof(component, fc.constant('oci')), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));

  it('is read back as the same reference', () => {
    const inRegistry = fc
      .record({ registry: host, repository, tag, digest })
      .map((parts): ImageReference => ({ kind: 'registry', ...parts }));
    const inLayout = fc
      .record({ folder: fc.stringMatching(/^[./]?[a-z .:/]*\/[a-z .]*[a-z.]$/), tag, digest })
      .map((parts): ImageReference => ({ kind: 'layout', ...parts }));
    fc.assert(
      fc.property(fc.oneof(inRegistry, inLayout), (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  it.each([
    ['docker://GHCR.IO/os/debian:12', 'ghcr.io/os/debian:12'],
    ['index.docker.io/debian', 'docker.io/debian'],
    [`debian:12@${DIGEST}`, `debian:12@${DIGEST}`],
    ['Host/debian', 'HOST/debian'],
    ['docker://oci:12', 'docker://oci:12'],
    ['oci:./a b:v1', 'oci:./a b:v1'],
  ])('writes %s as %s', (text, canonical) => {
    expect(formatReference(parseReference(text))).toBe(canonical);
  });
});

describe('withDefaultRegistry', () => {
  it('fills in the registry where none is named', () => {
    expect(withDefaultRegistry(parseReference('debian:12'), 'GHCR.io')).toEqual(registry('ghcr.io', 'debian', '12'));
  });

  it('leaves alone what needs none', () => {
    for (const text of ['quay.io/debian', 'oci:/srv/os']) {
      expect(withDefaultRegistry(parseReference(text), 'ghcr.io')).toEqual(parseReference(text));
      expect(withDefaultRegistry(parseReference(text), undefined)).toEqual(parseReference(text));
    }
  });

  it('refuses a reference that none can be filled into', () => {
    expect(() => withDefaultRegistry(parseReference('debian:12'), undefined)).toThrow(
      expect.objectContaining({
        code: 'REFERENCE_INVALID',
        message: '"debian:12" names no registry',
        remedy: expect.stringContaining('defaultRegistry') as string,
      }),
    );
  });
});

describe('parseRegistryHost', () => {
  it('gives the canonical host', () => {
    expect(['GHCR.io', 'index.docker.io', 'host:5000', 'lan'].map(parseRegistryHost)).toEqual([
      'ghcr.io',
      'docker.io',
      'host:5000',
      'lan',
    ]);
  });

  it.each(['', 'https://ghcr.io', 'ghcr.io/os', 'host:', 'host:70000', '1.2.3.400', 'a'.repeat(300)])(
    'refuses %j',
    (text) => {
      expect(() => parseRegistryHost(text)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
    },
  );
});

describe('manifestNameOf', () => {
  it.each([
    [`ghcr.io/debian:12@${DIGEST}`, { kind: 'digest', digest: DIGEST }],
    ['ghcr.io/debian:12', { kind: 'tag', tag: '12' }],
    ['ghcr.io/debian', { kind: 'tag', tag: 'latest' }],
    ['oci:/srv/os:v1', { kind: 'tag', tag: 'v1' }],
    [`oci:/srv/os@${DIGEST}`, { kind: 'digest', digest: DIGEST }],
    ['oci:/srv/os', undefined],
  ])('asks for the right thing of %s', (text, name) => {
    expect(manifestNameOf(parseReference(text))).toEqual(name);
  });
});
