import { X509Certificate } from 'node:crypto';
import { SetupError } from './steps.js';

/** EFI_CERT_X509_GUID (UEFI specification, "Signature Database"), little-endian in its first three fields. */
const X509 = Buffer.from('a159c0a5e494a74a87b5ab155c2bf072', 'hex');
const GUID = 16;
const LIST_HEADER = GUID + 3 * 4;

/**
 * What firmware trusts, as it wants it: an EFI_SIGNATURE_LIST for each certificate.
 * @param {string} pem one or more
 */
export function signatureLists(pem) {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (certificates.length === 0) throw new SetupError('what a machine is to trust has no certificate in PEM');
  return Buffer.concat(certificates.map((one) => signatureList(new X509Certificate(one).raw)));
}

/** One list has signatures of one size. @param {Buffer} der */
function signatureList(der) {
  const signatureSize = GUID + der.length;
  const list = Buffer.alloc(LIST_HEADER + signatureSize);
  X509.copy(list);
  list.writeUInt32LE(list.length, GUID);
  list.writeUInt32LE(0, GUID + 4);
  list.writeUInt32LE(signatureSize, GUID + 8);
  // The owner's GUID stays zero: nobody asks for it.
  der.copy(list, LIST_HEADER + GUID);
  return list;
}
