import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { hostIn } from '../net/endpoint.js';
import { parseIp } from '../net/ip.js';
import { type Source, whyNoText } from './disk-sources.js';
import type { Problem } from './problem.js';
import type { Config, TlsPair } from './schema.js';

/** Whether a certificate and a key do for a TLS server, and what is odd about them. */
export type JudgedPair =
  | { readonly kind: 'usable'; readonly pair: TlsPair; readonly warnings: readonly string[] }
  | { readonly kind: 'unusable'; readonly problems: readonly Problem[] };

export type PairInput = {
  readonly cert: Source;
  readonly key: Source;
  readonly advertise: Config['advertise'];
  readonly now: Date;
};

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[\s\S]+?-----END \1-----/;

const CERT = ['http', 'tls', 'cert'] as const;
const KEY = ['http', 'tls', 'key'] as const;

/** Pure. Both files are told of at once. */
export function judgePair({ cert, key, advertise, now }: PairInput): JudgedPair {
  const chain = read(CERT, () => readChain(cert));
  const privateKey = read(KEY, () => readKey(key));
  const problems = [...chain.problems, ...privateKey.problems];
  if (chain.value === undefined || privateKey.value === undefined) return { kind: 'unusable', problems };
  const misfit = findMisfit(chain.value, privateKey.value, { cert: cert.file, key: key.file });
  if (misfit !== undefined) return { kind: 'unusable', problems: [misfit] };
  return {
    kind: 'usable',
    pair: { cert: chain.value.map(String).join(''), key: privateKey.value.export(PKCS8).toString() },
    warnings: doubtsOf(chain.value, { advertise, now }).map(({ text }) => `http.tls.cert: ${cert.file}: ${text}`),
  };
}

const PKCS8 = { type: 'pkcs8', format: 'pem' } as const;

type Read<T> = { readonly value?: T; readonly problems: readonly Problem[] };

/** What the reader throws is the problem. */
function read<T>(path: readonly string[], reader: () => T): Read<T> {
  try {
    return { value: reader(), problems: [] };
  } catch (thrown) {
    return { problems: [{ path, message: thrown instanceof Error ? thrown.message : String(thrown) }] };
  }
}

/** The server's own certificate comes first. */
function readChain(source: Source): readonly X509Certificate[] {
  const text = textOf(source);
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0)
    throw new Error(`${source.file} holds no certificate in PEM: ${convert(text, 'x509', 'a certificate')}`);
  return found.map((pem, position) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw new Error(`certificate ${position + 1} in ${source.file} is none: make the file anew`);
    }
  });
}

function readKey(source: Source): KeyObject {
  const text = textOf(source);
  const [pem] = PRIVATE_KEY.exec(text) ?? [];
  if (pem === undefined)
    throw new Error(`${source.file} holds no private key in PEM: ${convert(text, 'pkey', 'the private key')}`);
  // Nobody is there to type it.
  if (pem.includes('ENCRYPTED'))
    throw new Error(`the key in ${source.file} has a passphrase: take it off with openssl pkey -in OLD -out NEW`);
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(`the key in ${source.file} cannot be read: make it anew, or convert it with openssl pkey`);
  }
}

function textOf(source: Source): string {
  if (source.kind === 'text') return source.text;
  throw new Error(`cannot read ${source.file} (${whyNoText(source)}): name a PEM file that the server may read`);
}

function convert(text: string, command: 'x509' | 'pkey', what: string): string {
  if (text.includes('-----BEGIN ')) return `it holds something else, so name the file that holds ${what}`;
  return `if it is DER, convert it with openssl ${command} -inform DER -in OLD -out NEW`;
}

type FileNames = { readonly cert: string; readonly key: string };

function findMisfit(
  [own, ...others]: readonly X509Certificate[],
  key: KeyObject,
  files: FileNames,
): Problem | undefined {
  if (own === undefined || own.checkPrivateKey(key)) return undefined;
  const position = others.findIndex((one) => one.checkPrivateKey(key));
  if (position === -1) {
    return {
      path: KEY,
      message: `the key in ${files.key} does not fit the certificate in ${files.cert}: name its own`,
    };
  }
  const message = `the certificate of the key is number ${position + 2} in ${files.cert}: put it first, those that prove it behind it`;
  return { path: CERT, message };
}

/** Of an RSA key; as strong as the ciphers. */
const MOST_BITS = 3_072;

type About = Pick<PairInput, 'advertise' | 'now'>;

/** What makes clients refuse it, or some of them. `isForAll`: no client takes it. */
export type ChainDoubt = { readonly isForAll: boolean; readonly text: string };

/** The server's own certificate comes first. Pure. */
export function doubtsOf(chain: readonly X509Certificate[], { advertise, now }: About): readonly ChainDoubt[] {
  const [own] = chain;
  const ofSome = own === undefined ? [] : [...kindWarning(own), ...nameWarning(own, advertise)];
  return [
    ...chain.flatMap((one, position) => validityWarning(one, position, now)).map((text) => ({ isForAll: true, text })),
    ...[...ofSome, ...orderWarning(chain)].map((text) => ({ isForAll: false, text })),
  ];
}

/** PEM texts behind one another. Throws for what is none. */
export function chainIn(pem: string): readonly X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
}

function validityWarning({ validFrom, validTo }: X509Certificate, position: number, now: Date): readonly string[] {
  const which = position === 0 ? 'the certificate' : `certificate ${position + 1}`;
  if (new Date(validTo) < now) return [`${which} is expired since ${validTo}: renew it, no client takes it`];
  if (new Date(validFrom) <= now) return [];
  return [`${which} is not valid before ${validFrom}: no client takes it until then; is this host's clock right?`];
}

/** Seen of EDK2: it offers DHE-RSA and RSA key exchange alone, which an elliptic curve's key cannot do. */
function kindWarning({ publicKey }: X509Certificate): readonly string[] {
  const kind = publicKey.asymmetricKeyType ?? 'unknown';
  if (kind === 'rsa') return sizeWarning(publicKey.asymmetricKeyDetails?.modulusLength ?? 0);
  return [`the key is of the kind ${kind}: UEFI HTTPS Boot takes RSA alone, so use an RSA key`];
}

/** Each connection costs several milliseconds of the server's one thread with 4096 bits, and DHE, which EDK2 wants, tens. */
function sizeWarning(bits: number): readonly string[] {
  if (bits <= MOST_BITS) return [];
  return [
    `the key has ${bits} bits, which slows the whole server while a rack boots: use one of 2048, or ${MOST_BITS}`,
  ];
}

function nameWarning(certificate: X509Certificate, advertise: Config['advertise']): readonly string[] {
  const host = advertisedHost(advertise);
  if (host === undefined || isFor(certificate, host)) return [];
  return [`it is not for ${host}, by which machines reach this host: ${nameRemedy(host)}`];
}

/** For which it is judged when it is read; undefined where nothing is advertised. */
export function advertisedHost(advertise: Config['advertise']): string | undefined {
  return advertise?.kind === 'url' ? hostIn(advertise.url) : advertise?.address;
}

/** Whether a client that was told this address or name believes it. An address must stand there as one (edk2: CryptoPkg/Library/TlsLib). */
export function isFor(certificate: X509Certificate, host: string): boolean {
  const found = parseIp(host) === undefined ? certificate.checkHost(host) : certificate.checkIP(host);
  return found !== undefined;
}

/** As openssl wants it written. */
export function nameRemedy(host: string): string {
  return `add ${parseIp(host) === undefined ? 'DNS' : 'IP'}:${host} to its subjectAltName`;
}

function orderWarning(chain: readonly X509Certificate[]): readonly string[] {
  const position = chain.findIndex((one, index) => {
    const next = chain[index + 1];
    return next !== undefined && !(one.checkIssued(next) && one.verify(next.publicKey));
  });
  if (position === -1) return [];
  return [`certificate ${position + 2} did not issue certificate ${position + 1}: put each behind the one it proves`];
}
