import type { Role } from '../image/role.js';
import type { Descriptor } from '../oci/descriptor.js';
import { hexOf } from '../oci/digest.js';

/** File names by role: iPXE names images after them, EDK2 decides by `.efi`, `.iso` and `.img` what it got. */
const FILE_NAMES: Readonly<Record<Role, string>> = {
  kernel: 'vmlinuz',
  initramfs: 'initrd',
  squashfs: 'root.squashfs',
  cmdline: 'cmdline',
  uki: 'boot.efi',
  iso: 'boot.iso',
  disk: 'disk.img',
};

/** Absolute URLs from the advertised address, never from a Host header (EDK2 leaves the port out of it). */
export class BootUrls {
  readonly #base: () => string;

  /** `base` answers `http://host[:port]`, no slash at the end; asked each time, since a port may be chosen late. */
  constructor(base: () => string) {
    this.#base = base;
  }

  greeting(): string {
    return `${this.#base()}/boot.ipxe`;
  }

  /** Without its query. */
  script(): string {
    return `${this.#base()}/boot/script`;
  }

  blob(role: Role, descriptor: Descriptor): string {
    return `${this.#base()}/blobs/sha256/${hexOf(descriptor.digest)}/${FILE_NAMES[role]}`;
  }
}
