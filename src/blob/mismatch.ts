import { BootlayerError } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';

const REMEDY = 'the registry or a proxy before it is damaged: push the image again or mend the registry';

export function tooMuch({ digest, size }: Descriptor): BootlayerError {
  return new BootlayerError('DIGEST_MISMATCH', `${digest}: more than the promised ${size} bytes came`, {
    remedy: REMEDY,
  });
}

export function notAsPromised({ digest, size }: Descriptor, actual: string, written: number): BootlayerError {
  const why =
    written === size ? `what came has the digest ${actual}` : `${size} bytes were promised, and ${written} came`;
  return new BootlayerError('DIGEST_MISMATCH', `${digest}: ${why}`, { remedy: REMEDY });
}
