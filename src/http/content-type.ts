import type { Role } from '../image/role.js';

/** EDK2 compares these as a whole, without parameters (edk2: NetworkPkg/HttpBootDxe). */
const CONTENT_TYPES: Readonly<Record<Role, string>> = {
  kernel: 'application/octet-stream',
  initramfs: 'application/octet-stream',
  squashfs: 'application/octet-stream',
  cmdline: 'text/plain',
  uki: 'application/efi',
  iso: 'application/vnd.efi-iso',
  disk: 'application/octet-stream',
};

export function contentTypeOf(role: Role): string {
  return CONTENT_TYPES[role];
}
