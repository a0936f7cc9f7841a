import { describe, expect, it } from 'vitest';
import { decideBaseUrl, type FirmwareBaseInput, firmwareBase, urlWarning } from '../../src/booter/base-url.js';

const any = { host: '0.0.0.0', port: 8080 };
const one = ['192.168.77.1'];

describe('urlWarning', () => {
  const of = (url: string, ports: FirmwareBaseInput['ports'] = { http: 8080, https: 8443 }) =>
    urlWarning({ advertise: { kind: 'url', url }, ports });

  it.each([
    ['https://boot.lab:8443'],
    ['http://192.168.77.1:8080'],
    // A name is most likely that of what stands in front.
    ['http://boot.lab'],
  ])('has nothing to say of %s', (url) => expect(of(url)).toBeUndefined());

  it('knows nothing of ports that are not chosen yet, and minds no address', () => {
    expect(of('https://boot.lab', { http: 0, https: 0 })).toBeUndefined();
    expect(of('http://192.168.77.1', { http: 0 })).toBeUndefined();
    const advertise = { kind: 'address', address: '192.168.77.1' } as const;
    expect(urlWarning({ advertise, ports: { http: 8080 } })).toBeUndefined();
    expect(urlWarning({ advertise: undefined, ports: { http: 8080 } })).toBeUndefined();
  });

  it.each([
    [
      'https://boot.lab',
      'leads to port 443, and http.tls.listen is at 8443: write https://boot.lab:8443, unless a proxy in front leads on',
    ],
    ['https://boot.lab:8080', 'leads to port 8080, where http.listen takes http alone, and http.tls.listen is at 8443'],
    ['http://boot.lab:8443', 'leads to port 8443, where http.tls.listen takes https alone, and http.listen is at 8080'],
    ['http://192.168.77.1', 'leads to port 80, and http.listen is at 8080: write http://192.168.77.1:8080, unless'],
    ['http://[fd77::1]', 'leads to port 80, and http.listen is at 8080: write http://[fd77::1]:8080, unless'],
  ])('tells of %s', (url, text) => expect(of(url)).toContain(`advertise: ${url} ${text}`));

  it('tells of HTTPS that nothing speaks here', () => {
    expect(of('https://boot.lab', { http: 8080 })).toBe(
      'advertise: https://boot.lab is HTTPS, and http.tls is not set: set it, unless a proxy in front takes HTTPS for this server',
    );
  });
});

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
