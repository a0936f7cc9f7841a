import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptOf, factsFromQuery } from '../../src/booter/report.js';

const FROM = '10.0.2.15';

describe('factsFromQuery', () => {
  it('reads what iPXE reports', () => {
    const query = {
      mac: '52-54-00-12-34-56',
      uuid: '4C4C4544-0042-3010-8057-B7C04F4D3732',
      serial: '0012345',
      manufacturer: 'Acme & Sons #1',
      ip: '10.0.2.16',
      buildarch: 'x86_64',
      platform: 'pcbios',
      hostname: '',
      memory: '4095',
    };
    expect(factsFromQuery(query, FROM)).toEqual({
      macs: ['52:54:00:12:34:56'],
      uuid: '4c4c4544-0042-3010-8057-b7c04f4d3732',
      serial: '0012345',
      manufacturer: 'Acme & Sons #1',
      ip: '10.0.2.16',
      architecture: 'amd64',
      firmware: ['bios'],
      memory: 4095 * 1024 * 1024,
      sourceAddress: FROM,
    });
  });

  it('takes `arch` for `buildarch`, and leaves open which UEFI it is', () => {
    const facts = factsFromQuery({ arch: 'arm64', platform: 'efi' }, FROM);
    expect(facts.architecture).toBe('arm64');
    expect(facts.firmware).toEqual(['uefi', 'uefi-http']);
  });

  it('takes several cards, each once and not without bound', () => {
    const many = Array.from({ length: 100 }, (_, index) => `52:54:00:00:01:${index.toString(16).padStart(2, '0')}`);
    expect(factsFromQuery({ mac: ['52-54-00-12-34-56', 'x', '525400123456'] }, FROM).macs).toEqual([
      '52:54:00:12:34:56',
    ]);
    expect(factsFromQuery({ mac: many }, FROM).macs).toHaveLength(16);
  });

  it('takes the source address where no other is reported', () => {
    expect(factsFromQuery({}, '::ffff:10.0.2.15').ip).toBe(FROM);
  });

  it('takes junk for nothing', () => {
    const junk = {
      mac: 'xx',
      uuid: '00000000-0000-0000-0000-000000000000',
      buildarch: 'pdp11',
      ip: 'x',
      serial: 'x'.repeat(1000),
      memory: '-1',
      modules: '0004',
    };
    expect(factsFromQuery(junk, FROM)).toEqual({ macs: [], ip: FROM, sourceAddress: FROM });
  });

  it('never throws, whatever the query holds', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined));
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('mac', 'uuid', 'serial', 'ip', 'buildarch', 'memory', 'modules', 'attempt', '__proto__'),
          value,
        ),
        (query) => {
          expect(factsFromQuery(query, FROM).sourceAddress).toBe(FROM);
          expect(attemptOf(query)).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
});

it.each([
  ['3', 3],
  ['-1', 1],
  ['1.5', 1],
  ['1e99', 1],
  [['2', '7'], 2],
  [undefined, 1],
])('counts attempt %o as %d', (attempt, count) => expect(attemptOf({ attempt })).toBe(count));
