import { BootlayerError } from '../errors.js';
import type { ImageContents } from '../image/image.js';

/** Throws USAGE for what is no ISO, or not all of one. One that nothing is found in is taken: it may be for reading. Pure. `file`: its name. */
export function requireIso({ iso }: ImageContents, file = ''): void {
  if (iso?.kind !== 'refused') return;
  const remedy = iso.isIso === false ? 'name an ISO, or use --disk' : 'download it again, or name another';
  throw new BootlayerError('USAGE', `${file} for the iso cannot be used: ${iso.reason}`, { remedy });
}
