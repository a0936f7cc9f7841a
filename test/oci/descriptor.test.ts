import { describe, expect, it } from 'vitest';
import { descriptorOf, verifyBytes } from '../../src/oci/descriptor.js';
import { digestOf } from '../../src/oci/digest.js';

const BYTES = Buffer.from('kernel');
const DESCRIPTOR = descriptorOf('application/octet-stream', BYTES);

describe('a descriptor', () => {
  it('says what bytes are, what they hash to and how many', () => {
    expect(DESCRIPTOR).toEqual({ mediaType: 'application/octet-stream', digest: digestOf(BYTES), size: 6 });
  });

  it('takes the bytes it promises', () => {
    expect(() => verifyBytes('a kernel', DESCRIPTOR, BYTES)).not.toThrow();
  });

  it.each([
    ['fewer', BYTES.subarray(1), 'a kernel: 6 bytes were promised, 5 received'],
    [
      'others',
      Buffer.from('kernal'),
      `a kernel: ${DESCRIPTOR.digest} was promised, ${digestOf(Buffer.from('kernal'))}`,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => verifyBytes('a kernel', DESCRIPTOR, bytes)).toThrow(
      expect.objectContaining({ code: 'DIGEST_MISMATCH', message: expect.stringContaining(message) as string }),
    );
  });
});
