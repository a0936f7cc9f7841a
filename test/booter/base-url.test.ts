import { describe, expect, it } from 'vitest';
import { decideBaseUrl, type FirmwareBaseInput, firmwareBase } from '../../src/booter/base-url.js';

const any = { host: '0.0.0.0', port: 8080 };
const one = ['192.168.77.1'];

describe('decideBaseUrl', () => {
  it('takes a configured URL as it is', () => {
    const advertise = { kind: 'url', url: 'https://boot.lab/' } as const;
    expect(decideBaseUrl({ advertise, listen: any, hostAddresses: [] })).toEqual({
      kind: 'url',
      url: 'https://boot.lab',
    });
  });

  it('adds the listening port to a configured address', () => {
    const advertise = { kind: 'address', address: '192.168.77.1' } as const;
    expect(decideBaseUrl({ advertise, listen: any, hostAddresses: one })).toEqual({
      kind: 'url',
      url: 'http://192.168.77.1:8080',
    });
  });

  it('warns of an address that this host does not have', () => {
    const advertise = { kind: 'address', address: '10.0.2.2' } as const;
    expect(decideBaseUrl({ advertise, listen: any, hostAddresses: one })).toEqual({
      kind: 'url',
      url: 'http://10.0.2.2:8080',
      warning: 'the advertised address 10.0.2.2 is not one of this host',
    });
  });

  it('finds the only candidate by itself', () => {
    const decided = decideBaseUrl({ advertise: undefined, listen: any, hostAddresses: [...one, 'fd77::1'] });
    expect(decided).toEqual({ kind: 'url', url: 'http://192.168.77.1:8080' });
    expect(
      decideBaseUrl({ advertise: undefined, listen: { host: '::', port: 80 }, hostAddresses: ['fd77::1'] }),
    ).toEqual({
      kind: 'url',
      url: 'http://[fd77::1]',
    });
  });

  it('does not guess among several', () => {
    const hostAddresses = ['192.168.77.1', '10.0.0.1'];
    expect(decideBaseUrl({ advertise: undefined, listen: any, hostAddresses })).toEqual({
      kind: 'undecided',
      candidates: hostAddresses,
    });
    expect(decideBaseUrl({ advertise: undefined, listen: any, hostAddresses: [] })).toEqual({
      kind: 'undecided',
      candidates: [],
    });
  });

  it('takes the address it listens on when that is one', () => {
    const listen = { host: '10.0.0.1', port: 8080 };
    expect(decideBaseUrl({ advertise: undefined, listen, hostAddresses: ['192.168.77.1', '10.0.0.1'] })).toEqual({
      kind: 'url',
      url: 'http://10.0.0.1:8080',
    });
  });
});

describe('firmwareBase', () => {
  const decide = (base: string, more: Partial<FirmwareBaseInput> = {}) =>
    firmwareBase({ base, address: '192.168.77.1', scheme: 'http', ports: { http: 8080 }, ...more });

  it.each<[string, Partial<FirmwareBaseInput>, string]>([
    // As it is advertised, though we listen elsewhere: something may stand before us.
    ['http://10.0.0.1', {}, 'http://10.0.0.1'],
    ['http://10.0.0.1:9090/boot', {}, 'http://10.0.0.1:9090/boot'],
    ['https://10.0.0.1:9443', { scheme: 'https' }, 'https://10.0.0.1:9443'],
    // A name would have to be looked up.
    ['http://boot.lab:8080', {}, 'http://192.168.77.1:8080'],
    ['http://boot.lab', { ports: { http: 80 } }, 'http://192.168.77.1'],
    ['https://boot.lab', { scheme: 'https', ports: { http: 80, https: 443 } }, 'https://192.168.77.1'],
    ['https://boot.lab', { scheme: 'https', ports: { http: 80, https: 8443 } }, 'https://192.168.77.1:8443'],
    // Over the other scheme.
    ['https://10.0.0.1:9443', {}, 'http://10.0.0.1:8080'],
    ['http://10.0.0.1:8080', { scheme: 'https', ports: { http: 8080, https: 8443 } }, 'https://10.0.0.1:8443'],
    ['https://boot.lab', {}, 'http://192.168.77.1:8080'],
    // The advertised one, unless somebody says another.
    ['https://10.0.0.1:9443', { scheme: undefined }, 'https://10.0.0.1:9443'],
    ['https://boot.lab', { scheme: undefined, ports: { http: 80, https: 8443 } }, 'https://192.168.77.1:8443'],
    ['http://boot.lab', { scheme: undefined }, 'http://192.168.77.1:8080'],
    // Who asks by DHCP for IPv4 has no other address.
    ['http://[fd77::1]:8080', {}, 'http://192.168.77.1:8080'],
    ['https://[fd77::1]', { scheme: 'https', ports: { http: 80, https: 443 } }, 'https://192.168.77.1'],
  ])('of %s with %o', (base, more, url) => expect(decide(base, more)).toBe(url));
});
