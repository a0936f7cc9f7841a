import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inheritedSockets } from '../src/inherited.js';
import { parseEndpoint } from '../src/net/endpoint.js';
import { DEPLOY } from './fixtures/deploy.js';

/** The values of a key of a systemd unit. */
function unit(name: string) {
  const text = readFileSync(`${DEPLOY}${name}`, 'utf8');
  return (key: string) => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** By the name of what each is for. */
const LISTENS: Readonly<Record<string, readonly [key: string, port: number]>> = {
  http: ['ListenStream', 8080],
  https: ['ListenStream', 8443],
  tftp: ['ListenDatagram', 69],
  'dhcp-br0': ['ListenDatagram', 67],
  'pxe-br0': ['ListenDatagram', 4011],
};
const sockets = readdirSync(DEPLOY).filter((name) => name.endsWith('.socket'));
const nameOf = (socket: string) => unit(socket)('FileDescriptorName')[0] ?? '';

describe('the systemd units', () => {
  it('are a server without a capability, which opens no port itself', () => {
    const service = unit('bootlayer.service');
    expect(service('ExecStart')).toEqual([expect.stringMatching(/main\.js serve -c /)]);
    expect([service('CapabilityBoundingSet'), service('AmbientCapabilities')]).toEqual([[''], []]);
  });

  it('open what it needs, by names that it knows', () => {
    const names = sockets.map(nameOf);
    expect(names.toSorted()).toEqual(Object.keys(LISTENS).toSorted());
    const env = { LISTEN_PID: '7', LISTEN_FDS: String(names.length), LISTEN_FDNAMES: names.join(':') };
    const socket = expect.anything() as unknown;
    expect(inheritedSockets({ env, pid: 7, isIpv6: () => false })).toEqual({
      ...{ http: [socket], https: [socket], tftp: [socket] },
      dhcp: new Map([['br0', { dhcp: socket, pxe: socket }]]),
    });
  });

  it.each(sockets)('%s opens its port, and is named for it', (name) => {
    const socket = unit(name);
    const [key = '', port] = LISTENS[nameOf(name)] ?? [];
    expect(name).toBe(`bootlayer-${nameOf(name)}.socket`);
    expect(socket(key).map((text) => parseEndpoint(text)?.port)).toEqual([port]);
    expect(socket('Service').map((service) => existsSync(`${DEPLOY}${service}`))).toEqual([true]);
  });
});
