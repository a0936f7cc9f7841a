import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isIpv6Socket } from '../src/disk-sockets.js';
import { inheritedSockets } from '../src/inherited.js';

const read = (env: Record<string, string>) => inheritedSockets({ env, pid: 7, isIpv6: (fd) => fd === 4 });

describe('inheritedSockets', () => {
  it('are those that systemd names', () => {
    expect(read({ LISTEN_PID: '7', LISTEN_FDS: '5', LISTEN_FDNAMES: 'tftp:tftp:http:http:https' })).toEqual({
      tftp: [
        { fd: 3, isIpv6: false },
        { fd: 4, isIpv6: true },
      ],
      http: [5, 6],
      https: [7],
      dhcp: new Map(),
    });
  });

  it('are of DHCP for each interface two', () => {
    const names = 'dhcp-br0:pxe-eth1:pxe-br0:dhcp-eth1';
    const { dhcp } = read({ LISTEN_PID: '7', LISTEN_FDS: '4', LISTEN_FDNAMES: names });
    const socket = (fd: number) => ({ fd, isIpv6: false });
    expect([...dhcp]).toEqual([
      ['br0', { dhcp: socket(3), pxe: socket(5) }],
      ['eth1', { dhcp: socket(6), pxe: socket(4) }],
    ]);
    const half = { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'dhcp-br0' };
    expect(() => read(half)).toThrow('DHCP needs two sockets of each interface, and pxe-br0 is not inherited');
  });

  it.each<Record<string, string>>([
    {},
    { LISTEN_PID: '8', LISTEN_FDS: '1', LISTEN_FDNAMES: 'tftp' },
    { LISTEN_FDS: '1', LISTEN_FDNAMES: 'tftp' },
    { LISTEN_PID: '7', LISTEN_FDS: '0' },
    { LISTEN_PID: '7', LISTEN_FDS: 'x' },
    { LISTEN_PID: '7', LISTEN_FDS: '-1' },
    { LISTEN_PID: '7', LISTEN_FDS: '1e9' },
  ])('are none with %o', (env) => expect(read(env)).toEqual({ tftp: [], http: [], https: [], dhcp: new Map() }));

  it.each([{ LISTEN_FDNAMES: 'tftp:unknown' }, { LISTEN_FDNAMES: 'tftp' }, {}])('must have names: %o', (names) => {
    expect(() => read({ LISTEN_PID: '7', LISTEN_FDS: '2', ...names })).toThrow(/inherited socket \d, named/);
  });
});

it.each<['udp4' | 'udp6', string, boolean]>([
  ['udp4', '127.0.0.1', false],
  ['udp6', '::1', true],
])('isIpv6Socket of %s', async (type, address, isIpv6) => {
  const socket = createSocket(type);
  onTestFinished(() => void socket.close());
  const listening = once(socket, 'listening');
  socket.bind(0, address);
  await listening;
  expect(isIpv6Socket(fdOf(socket))).toBe(isIpv6);
});

it('isIpv6Socket knows what is none', () => {
  for (const fd of [0, 9_999]) expect(() => isIpv6Socket(fd)).toThrow(`${fd}, named "tftp", is no bound UDP socket`);
});

/** Node has no name for it that is not its own. */
function fdOf(socket: object): number {
  const handle = Object.getOwnPropertySymbols(socket)
    .map((symbol): unknown => Reflect.get(socket, symbol))
    .flatMap((state) => (typeof state === 'object' && state !== null && 'handle' in state ? [state.handle] : []))[0];
  return typeof handle === 'object' && handle !== null && 'fd' in handle ? Number(handle.fd) : -1;
}
