import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readFileBounded } from '../disk-access.js';
import { BootlayerError, systemErrorCode } from '../errors.js';

const MAX_BYTES = 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** PEM files of authorities, each read once for as long as it is the same: a renewed one counts from the next request on. */
export class CertificateFiles {
  readonly #read = new Map<string, { readonly touch: string; readonly certificates: string }>();

  /** Throws CONFIG_INVALID. */
  async read(file: string): Promise<string> {
    const touch = await touchOf(file);
    const known = this.#read.get(file);
    if (known !== undefined && known.touch === touch) return known.certificates;
    const certificates = await readCertificates(file);
    this.#read.set(file, { touch, certificates });
    return certificates;
  }
}

async function touchOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (thrown) {
    throw unusable(file, systemErrorCode(thrown) ?? String(thrown), thrown);
  }
}

/** The certificates of a PEM file, each of them proven to be one. Throws CONFIG_INVALID. */
export async function readCertificates(file: string): Promise<string> {
  const found = (await readPem(file)).match(CERTIFICATE) ?? [];
  if (found.length === 0) throw unusable(file, 'it holds no certificate');
  for (const [position, certificate] of found.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (thrown) {
      throw unusable(file, `its certificate ${position + 1} is none`, thrown);
    }
  }
  return found.join('\n');
}

async function readPem(file: string): Promise<string> {
  try {
    return new TextDecoder().decode((await readFileBounded(file, MAX_BYTES)) ?? new Uint8Array());
  } catch (thrown) {
    throw unusable(file, systemErrorCode(thrown) ?? String(thrown), thrown);
  }
}

function unusable(file: string, why: string, cause?: unknown): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', `the certificates in ${file} cannot be used (${why})`, {
    remedy: 'set registries.<host>.ca to a PEM file of certificate authorities',
    cause,
  });
}
