import { describe, expect, it } from 'vitest';
import { readForeignFile } from '../../../src/lease/import/foreign-file.js';

const read = (text: string) => readForeignFile(text)?.imported ?? expect.fail('it is not recognised');

describe('hosts', () => {
  it('of ISC that it does not answer by what is said around them', () => {
    const text = [
      'group { host before { hardware ethernet 52:54:00:00:01:01; fixed-address 10.0.0.1; }',
      '  deny booting;',
      '  host but { hardware ethernet 52:54:00:00:01:02; allow booting; }',
      '  group { allow booting; host inner { hardware ethernet 52:54:00:00:01:03; } } }',
      'subnet 10.0.0.0 netmask 255.0.0.0 { pool { ignore booting; group {',
      '  host deep { hardware ethernet 52:54:00:00:01:04; } } } host beside { hardware ethernet 52:54:00:00:01:05; } }',
      'group { deny booting; allow booting; host again { hardware ethernet 52:54:00:00:01:06; } }',
      'host own { hardware ethernet 52:54:00:00:01:07; allow booting; deny booting; }',
    ].join('\n');
    expect(read(text).hosts.map(({ name }) => name)).toEqual(['but', 'inner', 'beside', 'again']);
    const left = (name: string, where: string) =>
      `the host "${name}" is left out: dhcpd does not answer it${where}, and it would be answered here`;
    const { problems } = read(text);
    expect(problems.filter(({ reason }) => reason.startsWith('the host'))).toEqual([
      { line: 1, address: '10.0.0.1', reason: left('before', ' by what is said for all in line 2') },
      { line: 6, reason: left('deep', ' by what is said for all in line 5') },
      { line: 8, reason: left('own', '') },
    ]);
    expect(problems.filter(({ reason }) => / booting" is left out/.test(reason)).map(({ line }) => line)).toEqual([
      2, 5, 7,
    ]);
  });

  it('of Kea are told where addresses are for some clients alone', () => {
    const text = [
      '{ "Dhcp4": { "client-classes": [ { "name": "a", "only-if-required": true },',
      '{ "name": "DROP", "test": "member(\'UNKNOWN\')" }, { "name": "b", "only-if-required": false } ],',
      '"subnet4": [ { "client-class": "KNOWN", "pools": [ { "pool": "10.0.0.1-10.0.0.9",',
      '"require-client-classes": [ "a", "b" ] }, { "client-class": "", "require-client-classes": [] } ] } ],',
      '"shared-networks": [ { "client-classes": [ "KNOWN" ], "subnet4": [ { "client-class": "ALL",',
      '"pools": [ { "client-class": "KNOWN" } ],',
      '"reservations": [ { "hw-address": "52:54:00:00:01:01", "client-classes": [ "a" ] } ] } ] } ] } }',
    ].join('\n');
    const why =
      'is left out: whoever asks is answered here, and strangers get addresses of ranges: name none where they are to get none';
    expect(read(text).problems.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      `1: "only-if-required: true" ${why}`,
      '2: the class DROP is left out: whom Kea does not answer would be answered here',
      `5: "client-classes: KNOWN" ${why}`,
      `3: "client-class: KNOWN" ${why}`,
      `4: "require-client-classes: a, b" ${why}`,
      `6: "client-class: KNOWN" ${why}`,
    ]);
    expect(read(text).hosts.map(({ macs }) => macs)).toEqual([['52:54:00:00:01:01']]);
  });
});
