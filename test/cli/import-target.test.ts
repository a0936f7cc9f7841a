import { expect, it } from 'vitest';
import { fateBeside } from '../../src/cli/import-target.js';

const HOST = { name: 'node-01', mac: ['52:54:00:00:01:0a'] };
const WITH_IP = { ...HOST, ip: '192.168.77.20' };

it.each([
  ['as it was imported', WITH_IP, { mac: ['52:54:00:00:01:0a'], ip: '192.168.77.20' }],
  ['spelled otherwise', HOST, { mac: '52-54-00-00-01-0A' }],
  ['with another card, too', HOST, { mac: ['52:54:00:00:01:0b', '5254.0000.010a'] }],
  ['with an address that it was given here', HOST, { mac: HOST.mac, ip: '192.168.77.20' }],
])('a host is there already: %s', (_, host, there) => expect(fateBeside(host, there)).toEqual({ kind: 'present' }));

it.each([
  [WITH_IP, { mac: HOST.mac }, '52:54:00:00:01:0a'],
  [WITH_IP, { mac: HOST.mac, ip: '192.168.77.21' }, '52:54:00:00:01:0a, 192.168.77.21'],
  [HOST, { mac: '52:54:00:00:01:0B' }, '52:54:00:00:01:0b'],
  [HOST, { serial: 'S1' }, 'neither MAC nor address'],
])('a host is refused beside another of its name: %j, %j', (host, there, has) =>
  expect(fateBeside(host, there)).toEqual({ kind: 'refused', reason: `another machine has the name: with ${has}` }),
);
