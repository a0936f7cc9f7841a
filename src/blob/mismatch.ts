import type { BootlayerError } from '../errors.js';
import { type Descriptor, mismatch } from '../oci/descriptor.js';

export function tooMuch({ digest, size }: Descriptor): BootlayerError {
  return mismatch(digest, `more than the promised ${size} bytes came`);
}

export function notAsPromised({ digest, size }: Descriptor, actual: string, written: number): BootlayerError {
  const wrongSize = `${size} bytes were promised, and ${written} came`;
  return mismatch(digest, written === size ? `what came has the digest ${actual}` : wrongSize);
}
