import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../src/oci/challenge.js';

function plain(header: string) {
  return parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...parameters }));
}

describe('parseChallenges', () => {
  it.each([
    ['', []],
    ['Basic', [{ scheme: 'basic' }]],
    ['Basic realm="a b"', [{ scheme: 'basic', realm: 'a b' }]],
    [
      'BEARER Realm="https://auth.example/token",service=registry,SCOPE="repository:os/debian:pull,push"',
      [
        {
          scheme: 'bearer',
          realm: 'https://auth.example/token',
          service: 'registry',
          scope: 'repository:os/debian:pull,push',
        },
      ],
    ],
    ['Bearer realm = "x" , service = "y"', [{ scheme: 'bearer', realm: 'x', service: 'y' }]],
    ['Bearer realm="a\\"b\\\\c,d=\\e"', [{ scheme: 'bearer', realm: 'a"b\\c,d=e' }]],
    ['Bearer realm=""', [{ scheme: 'bearer', realm: '' }]],
    [
      'Basic realm="one", Bearer realm="two",scope="s", Digest',
      [{ scheme: 'basic', realm: 'one' }, { scheme: 'bearer', realm: 'two', scope: 's' }, { scheme: 'digest' }],
    ],
    ['Basic, Bearer realm="two"', [{ scheme: 'basic' }, { scheme: 'bearer', realm: 'two' }]],
    ['Negotiate YII/ab+c==, Bearer realm="two"', [{ scheme: 'negotiate' }, { scheme: 'bearer', realm: 'two' }]],
    [',, Basic realm="x",,', [{ scheme: 'basic', realm: 'x' }]],
  ])('reads %s', (header, challenges) => {
    expect(plain(header)).toEqual(challenges);
  });

  it('ends at what it cannot read', () => {
    expect(plain('Basic realm="x", @@@, Bearer realm="y"')).toEqual([{ scheme: 'basic', realm: 'x' }]);
  });

  it('does not take an unfinished string for a value', () => {
    expect(plain('Bearer service="s", realm="https://auth.example')[0]).toEqual({ scheme: 'bearer', service: 's' });
  });

  it('gives parameters no meaning that they do not have', () => {
    const [challenge] = parseChallenges('Bearer __proto__="x", constructor="y"');
    expect(Object.keys(challenge?.parameters ?? {})).toEqual(['__proto__', 'constructor']);
    expect(parseChallenges('Bearer a="b"')[0]?.parameters.toString).toBeUndefined();
  });

  it('ends on any header', () => {
    const part = fc.constantFrom('Bearer', 'Basic', 'realm', '=', '"', '\\', ',', ' ', '\t', 'a', '==', '@');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (header) => {
          for (const { scheme } of parseChallenges(header)) expect(scheme).toBe(scheme.toLowerCase());
        },
      ),
    );
    expect(parseChallenges(`Bearer realm="${'\\"'.repeat(1_000_000)}`).length).toBeLessThan(10);
    expect(parseChallenges('a="'.repeat(100_000)).length).toBeLessThan(10_000);
    expect(parseChallenges('a,'.repeat(100_000)).length).toBeLessThanOrEqual(8_192);
  });
});
