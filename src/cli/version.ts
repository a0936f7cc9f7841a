import { ownManifest } from '../disk-own-files.js';

/** As package.json has it. */
export function version(): string {
  const manifest = ownManifest();
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
