import type { Config } from './config/schema.js';
import { ownFolder } from './disk-own-files.js';

/** Where iPXE binaries are looked for: in an operator's own folder, else where they usually are. */
export function ipxeFolders({ ipxe, data }: Pick<Config, 'ipxe' | 'data'>): readonly string[] {
  if (ipxe.binaries !== undefined) return [ipxe.binaries];
  const own = ownFolder();
  const checkout = own === undefined ? [] : [`${own}ipxe/build`];
  return [`${data}/ipxe`, ...checkout, '/usr/lib/bootlayer/ipxe', '/usr/lib/ipxe'];
}
