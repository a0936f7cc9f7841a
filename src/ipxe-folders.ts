import { fileURLToPath } from 'node:url';
import type { Config } from './config/schema.js';

/** Where iPXE binaries are looked for: in an operator's own folder, else where they usually are. */
export function ipxeFolders({ ipxe, data }: Pick<Config, 'ipxe' | 'data'>): readonly string[] {
  if (ipxe.binaries !== undefined) return [ipxe.binaries];
  const checkout = fileURLToPath(new URL('../ipxe/build', import.meta.url));
  return [`${data}/ipxe`, checkout, '/usr/lib/bootlayer/ipxe', '/usr/lib/ipxe'];
}
