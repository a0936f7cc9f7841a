import { createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../src/config/disk-sources.js';
import { judgePair, type PairInput } from '../../src/config/tls-pair.js';
import { parseIp } from '../../src/net/ip.js';
import { type Certificate, privateAuthority, tlsPair } from '../fixtures/certificates.js';

let good: Certificate;
let other: Certificate;
let leaf = '';
let ca = '';

beforeAll(async () => {
  const made = await tlsPair();
  good = made.pair;
  ca = made.ca;
  leaf = good.cert.slice(0, good.cert.indexOf('-----END CERTIFICATE-----') + 26);
  other = (await tlsPair()).pair;
});

const text = (file: string, content: string): Source => ({
  ...{ kind: 'text', file, bytes: Buffer.from(content), text: content },
});

function judge({ cert, key }: Certificate, more: Partial<PairInput> = {}) {
  return judgePair({
    cert: text('/cert.pem', cert),
    key: text('/key.pem', key),
    advertise: undefined,
    now: new Date(),
    ...more,
  });
}

/** `http.tls.key: it is ...`, each. */
function problemsOf(pair: Certificate, more: Partial<PairInput> = {}): readonly string[] {
  const judged = judge(pair, more);
  return judged.kind === 'usable' ? [] : judged.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function warningsOf(pair: Certificate, more: Partial<PairInput> = {}): readonly string[] {
  const judged = judge(pair, more);
  return judged.kind === 'usable' ? judged.warnings : [`unusable: ${JSON.stringify(judged.problems)}`];
}

describe('judgePair takes', () => {
  it('a certificate with its authority behind it, whatever else is in the file', () => {
    const judged = judge({ cert: `# of the lab\n${good.cert.replaceAll('\n', '\r\n')}`, key: `\n${good.key}\n` });
    expect(judged).toMatchObject({ kind: 'usable', warnings: [] });
    const { cert = '' } = judged.kind === 'usable' ? judged.pair : {};
    expect(cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(cert).not.toMatch(/lab\n|\r/);
  });

  it('both in one file, and a key of the older form', () => {
    expect(judge({ cert: `${good.key}\n${good.cert}`, key: `${good.cert}\n${good.key}` }).kind).toBe('usable');
    const pkcs1 = createPrivateKey(good.key).export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(judge({ cert: good.cert, key: pkcs1 }).kind).toBe('usable');
  });
});

describe('judgePair refuses', () => {
  it('what cannot be read, of both at once', () => {
    const why = 'ENOENT';
    const cert = { kind: 'unreadable', file: '/no/cert.pem', why } as const;
    const key = { kind: 'unreadable', file: '/no/key.pem', why } as const;
    expect(problemsOf(good, { cert, key })).toEqual([
      'http.tls.cert: cannot read /no/cert.pem (ENOENT): name a PEM file that the server may read',
      'http.tls.key: cannot read /no/key.pem (ENOENT): name a PEM file that the server may read',
    ]);
  });

  it('what is no PEM, and the one in the place of the other', () => {
    expect(problemsOf({ cert: 'MIIB', key: '' })).toEqual([
      'http.tls.cert: /cert.pem holds no certificate in PEM: if it is DER, convert it with openssl x509 -inform DER -in OLD -out NEW',
      'http.tls.key: /key.pem holds no private key in PEM: if it is DER, convert it with openssl pkey -inform DER -in OLD -out NEW',
    ]);
    expect(problemsOf({ cert: good.key, key: good.cert })).toEqual([
      expect.stringContaining('it holds something else, so name the file that holds a certificate'),
      expect.stringContaining('it holds something else, so name the file that holds the private key'),
    ]);
  });

  it('what is broken', () => {
    const broken = (kind: string) => `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`;
    expect(problemsOf({ cert: `${leaf}${broken('CERTIFICATE')}`, key: broken('PRIVATE KEY') })).toEqual([
      'http.tls.cert: certificate 2 in /cert.pem is none: make the file anew',
      'http.tls.key: the key in /key.pem cannot be read: make it anew, or convert it with openssl pkey',
    ]);
  });

  it.each(['pkcs8', 'pkcs1'] as const)('a key with a passphrase (%s)', (type) => {
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'sesame' };
    const key = createPrivateKey(good.key)
      .export({ type, format: 'pem', ...cipher })
      .toString();
    expect(problemsOf({ cert: good.cert, key })).toEqual([
      'http.tls.key: the key in /key.pem has a passphrase: take it off with openssl pkey -in OLD -out NEW',
    ]);
  });

  it("another certificate's key, and a chain that does not begin with its own", () => {
    expect(problemsOf({ cert: good.cert, key: other.key })).toEqual([
      'http.tls.key: the key in /key.pem does not fit the certificate in /cert.pem: name its own',
    ]);
    expect(problemsOf({ cert: `${ca}\n${leaf}`, key: good.key })).toEqual([
      'http.tls.cert: the certificate of the key is number 2 in /cert.pem: put it first, those that prove it behind it',
    ]);
  });
});

describe('judgePair warns of', () => {
  const DAY = 86_400_000;

  it('one that is expired, or not valid yet', () => {
    const inTenYears = new Date(Date.now() + 3_650 * DAY);
    const tenYearsAgo = new Date(Date.now() - 3_650 * DAY);
    expect(warningsOf(good, { now: inTenYears })).toEqual([
      expect.stringMatching(/^http\.tls\.cert: \/cert\.pem: the certificate is expired since .+: renew it/),
      expect.stringMatching(/certificate 2 is expired since/),
    ]);
    expect(warningsOf(good, { now: tenYearsAgo })[0]).toMatch(/the certificate is not valid before .+clock right/);
  });

  it('a key that firmware cannot use', async () => {
    const { server } = await privateAuthority({ keyType: 'ec' });
    expect(warningsOf(server)).toEqual([
      'http.tls.cert: /cert.pem: the key is of the kind ec: UEFI HTTPS Boot takes RSA alone, so use an RSA key',
    ]);
  });

  it('a key that is longer than it need be', async () => {
    expect(warningsOf((await tlsPair({ keySize: 4_096 })).pair)).toEqual([
      'http.tls.cert: /cert.pem: the key has 4096 bits, which slows the whole server while a rack boots: use one of 2048, or 3072',
    ]);
    expect(warningsOf((await tlsPair({ keySize: 3_072 })).pair)).toEqual([]);
  });

  it('one that is for another address than machines use', () => {
    const address = (written: string) => {
      const ip = parseIp(written) ?? expect.fail();
      return { advertise: { kind: 'address', address: ip } } as const;
    };
    expect(warningsOf(good, address('127.0.0.1'))).toEqual([]);
    expect(warningsOf(good, address('192.168.77.1'))).toEqual([
      expect.stringContaining(
        'it is not for 192.168.77.1, by which machines reach this host: add IP:192.168.77.1 to its subjectAltName',
      ),
    ]);
    const url = (written: string) => ({ advertise: { kind: 'url', url: written } }) as const;
    expect(warningsOf(good, url('https://127.0.0.1:8443'))).toEqual([]);
    expect(warningsOf(good, url('https://[::1]:8443'))).toEqual([expect.stringContaining('it is not for ::1')]);
    expect(warningsOf(good, url('https://boot.lab'))).toEqual([
      expect.stringMatching(/it is not for boot\.lab, .*: add DNS:boot\.lab to its subjectAltName$/),
    ]);
  });

  it('a chain in another order', () => {
    const strange = other.cert.slice(other.cert.indexOf('-----END') + 26);
    expect(warningsOf({ cert: `${leaf}${strange}`, key: good.key })).toEqual([
      expect.stringContaining('certificate 2 did not issue certificate 1: put each behind the one it proves'),
    ]);
  });
});
