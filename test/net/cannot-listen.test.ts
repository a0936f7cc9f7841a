import { describe, expect, it } from 'vitest';
import { cannotOpen, openedAt } from '../../src/net/cannot-listen.js';

const cause = (code: string) => Object.assign(new Error(`bind ${code}`), { code });

describe('a port that cannot be listened on', () => {
  it.each([
    ['http.listen', 'EADDRINUSE', 'end it (ss -lnp names it), or set http.listen to another port'],
    ['http.listen', 'EACCES', 'grant CAP_NET_BIND_SERVICE, or set http.listen to another port'],
    // Firmware asks at no other port.
    ['tftp.listen', 'EADDRINUSE', 'end it (ss -lnp names it), or turn it off with "tftp: { enabled: false }"'],
    ['dhcp.listen', 'EADDRINUSE', 'end it (ss -lnp names it), or turn it off with "dhcp: { mode: off }"'],
    [
      'dhcp.listen',
      'EACCES',
      'grant CAP_NET_BIND_SERVICE, start as root with "user" set, let systemd open it (bootlayer check prints the units), or turn it off with "dhcp: { mode: off }"',
    ],
    ['dhcp.listen', 'EADDRNOTAVAIL', 'set dhcp.listen to an address of this host'],
    ['dhcp.listen', 'EPERM', 'set dhcp.listen to another address or port'],
  ])('%s at %s says what to do', (key, code, remedy) =>
    expect(cannotOpen({ at: { address: '10.0.0.1', port: 67 }, key, name: 'x' }, cause(code))).toMatchObject({
      code: 'PORT_UNAVAILABLE',
      message: expect.stringMatching(/^cannot listen on 10\.0\.0\.1:67: /) as string,
      remedy,
    }),
  );
});

describe('an inherited socket that cannot be used', () => {
  it.each([
    ['http', 'ListenStream='],
    ['https', 'ListenStream='],
    ['tftp', 'ListenDatagram='],
    ['dhcp-br0', 'ListenDatagram='],
    ['pxe-br0', 'ListenDatagram='],
  ])('says what %s is for', (name, kind) =>
    expect(cannotOpen({ at: { fd: 3 }, key: 'x', name }, new TypeError('Unsupported fd type: TCP'))).toMatchObject({
      code: 'PORT_UNAVAILABLE',
      message: 'cannot use the inherited socket 3: TypeError: Unsupported fd type: TCP',
      remedy: `FileDescriptorName=${name} is for ${kind} of an IP address`,
    }),
  );
});

describe('openedAt', () => {
  const place = { at: { address: '::1', port: 69 }, key: 'tftp.listen', name: 'tftp' };

  it('is what was opened', async () => expect(await openedAt(place, Promise.resolve(7))).toBe(7));

  it('throws what says where it cannot', () =>
    expect(openedAt(place, Promise.reject(cause('EADDRINUSE')))).rejects.toMatchObject({
      ...{ code: 'PORT_UNAVAILABLE', message: 'cannot listen on [::1]:69: another program listens there already' },
    }));
});
