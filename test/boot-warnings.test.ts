import { beforeAll, describe, expect, it } from 'vitest';
import { type BootWarningsInput, findBootWarnings } from '../src/boot-warnings.js';
import { BootUrls, type NearerBase } from '../src/booter/boot-urls.js';
import { readConfigText } from '../src/config/read.js';
import { parseSubnet } from '../src/net/ip.js';
import { type Certificate, tlsPair } from './fixtures/certificates.js';

const TLS = 'http: { tls: { cert: cert.pem, key: key.pem } }';
const PROXY = 'dhcp: { mode: proxy }';
const BY_HTTPS = 'dhcp: { mode: proxy, httpBoot: https }';
const BR0 = { name: 'br0', address: '192.168.77.1' };
const BR1 = { name: 'br1', address: '10.1.0.1' };

let tls: Certificate;

beforeAll(async () => {
  tls = (await tlsPair({ ip: '192.168.77.1' })).pair;
});

/** Of a configuration; machines are told the base URL, but for those of `nearer`. */
function warnings(lines: readonly string[], { base = 'http://192.168.77.1:8080', nearer = [], ...more }: Options = {}) {
  const { config } = readConfigText(lines.join('\n'), '/etc/bootlayer/bootlayer.yaml', {});
  const { listen, tls: secure } = config.http;
  const urls = new BootUrls(
    () => base,
    () => nearer,
  );
  const ports = { http: listen.port, ...(secure !== undefined && { https: secure.listen.port }) };
  return findBootWarnings({ config, tls: secure && tls, interfaces: [BR0], ports, urls, ...more });
}

type Options = Partial<Pick<BootWarningsInput, 'interfaces'>> & {
  readonly base?: string;
  readonly nearer?: readonly NearerBase[];
};

describe('findBootWarnings', () => {
  it('has nothing to say where all goes together', () => {
    expect(warnings([PROXY])).toEqual([]);
    expect(warnings([BY_HTTPS, TLS])).toEqual([]);
    expect(warnings(['tftp: { enabled: false }'])).toEqual([]);
  });

  it('tells of loopback where who asks must be shown to be the machine', () => {
    const once = 'assignments: [{ name: db, match: {}, image: "lab:5000/os:1", policy: { mode: once } }]';
    const base = 'http://127.0.0.1:8080';
    expect(warnings([once, 'unknown: enrol'], { base })).toEqual([
      `machines are told ${base}/boot.ipxe, which is this host itself, where nobody can be shown to be a machine: db boots nobody by its policy, and no machine that waits can be told from one that is made up; set advertise to an address of a network, or for a trial identity.verify to false`,
    ]);
    expect(warnings([once])).toEqual([]);
    expect(warnings([once, 'identity: { verify: false }'], { base })).toEqual([]);
    const always = once.replace('once }', 'always }');
    expect(warnings([always], { base })).toEqual([]);
    expect(warnings([always.replace(/ }\]$/, ', provision: { ignition: a.ign } }]')], { base })).toEqual([
      expect.stringContaining('nobody can be shown to be a machine: db boots nobody by its provision; set advertise'),
    ]);
  });

  it('tells of PXE without TFTP', () => {
    expect(warnings([PROXY, 'tftp: { enabled: false }'])).toEqual([
      expect.stringMatching(
        /^tftp\.enabled is false, and dhcp\.mode is proxy: BIOS and UEFI PXE .* told nothing; set it to true/,
      ),
    ]);
  });

  it('tells of a URL that leads to no listener', () => {
    expect(warnings(['advertise: http://192.168.77.1'], { base: 'http://192.168.77.1' })).toEqual([
      expect.stringContaining('write http://192.168.77.1:8080, unless a proxy'),
    ]);
  });

  it('tells of a certificate that is not for the addresses of each interface, by which firmware is led', () => {
    const nearer = [{ subnet: parseSubnet('10.1.0.0/16') ?? expect.fail(), base: 'http://10.1.0.1:8080' }];
    const interfaces = [BR0, BR1];
    const expected =
      'http.tls.cert: /etc/bootlayer/cert.pem: UEFI HTTP Boot on br1 is told https://10.1.0.1:8443, and it is not for that: add IP:10.1.0.1 to its subjectAltName';
    expect(warnings([BY_HTTPS, TLS], { nearer, interfaces })).toEqual([expected]);
    // A name is no address to firmware, whatever the certificate says of the name.
    const named = ['advertise: https://boot.lab:8443', PROXY, TLS];
    expect(warnings(named, { base: 'https://boot.lab:8443', interfaces })).toEqual([expected]);
    // It is told HTTP.
    expect(warnings([PROXY, TLS], { nearer, interfaces })).toEqual([]);
    expect(warnings(['dhcp: { mode: proxy, httpBoot: http }', TLS], { base: 'https://boot.lab', interfaces })).toEqual(
      [],
    );
    expect(warnings([TLS], { base: 'https://boot.lab:8443', interfaces })).toEqual([]);
  });

  it('leaves to whoever reads the certificate what is advertised', () => {
    const base = 'https://10.9.9.9:8443';
    expect(warnings([`advertise: ${base}`, PROXY, TLS], { base })).toEqual([]);
    expect(warnings(['advertise: 10.9.9.9', BY_HTTPS, TLS], { base: 'http://10.9.9.9:8080' })).toEqual([]);
    expect(warnings([BY_HTTPS, TLS], { base: 'http://10.9.9.9:8080' })).toHaveLength(1);
  });

  it('tells of HTTPS that firmware is told, and that nothing here answers', () => {
    const base = 'https://boot.lab';
    expect(warnings([`advertise: ${base}`, PROXY], { base })).toEqual([
      expect.stringContaining('advertise: https://boot.lab is HTTPS, and http.tls is not set'),
      'UEFI HTTP Boot on br0 is told https://192.168.77.1, and nothing of ours listens there: set http.tls, or dhcp.httpBoot to http, unless a proxy on this host takes HTTPS',
    ]);
    const address = 'https://192.168.77.1';
    expect(warnings([`advertise: ${address}`, PROXY], { base: address })).toHaveLength(1);
  });
});
