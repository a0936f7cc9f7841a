import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { privateAuthority } from '../fixtures/certificates.js';
import { signatureLists } from './signature-list.js';

it('is one list for each certificate, as the UEFI specification lays it out', async () => {
  const { ca, server } = await privateAuthority();
  const lists = signatureLists(`${ca}\n${server.cert}`);
  let at = 0;
  for (const der of [ca, server.cert].map((pem) => new X509Certificate(pem).raw)) {
    // EFI_CERT_X509_GUID {a5c059a1-94e4-4aa7-87b5-ab155c2bf072}
    expect(lists.toString('hex', at, at + 16)).toBe('a159c0a5e494a74a87b5ab155c2bf072');
    const sizes = [0, 4, 8].map((offset) => lists.readUInt32LE(at + 16 + offset));
    expect(sizes).toEqual([28 + 16 + der.length, 0, 16 + der.length]);
    expect(lists.subarray(at + 28, at + 44)).toEqual(Buffer.alloc(16));
    expect(lists.subarray(at + 44, at + 44 + der.length).equals(der)).toBe(true);
    at += 28 + 16 + der.length;
  }
  expect(lists.length).toBe(at);
});

it('is never an empty one: firmware would trust nobody, and not say why', () => {
  expect(() => signatureLists('no certificate')).toThrow('no certificate in PEM');
});
