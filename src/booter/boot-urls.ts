import type { Artifact } from '../image/image.js';
import type { Role } from '../image/role.js';
import { parseIp, type Subnet, subnetHolds } from '../net/ip.js';
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

/** What is advertised on one network of several. */
export type NearerBase = { readonly subnet: Subnet; readonly base: string };

/** Absolute URLs from the advertised address, never from a Host header (EDK2 leaves the port out of it). */
export class BootUrls {
  readonly #base: () => string;
  readonly #nearer: () => readonly NearerBase[];

  /**
   * `base` answers `http://host[:port]`, no slash at the end; asked each time, since a port may be chosen late. `nearer`: what
   * counts in its place on some networks.
   */
  constructor(base: () => string, nearer: () => readonly NearerBase[] = () => []) {
    this.#base = base;
    this.#nearer = nearer;
  }

  /** As a machine at this address reaches them. */
  for(address: string): BootUrls {
    const nearer = this.#nearer();
    const ip = nearer.length === 0 ? undefined : parseIp(address);
    const found = ip && nearer.find(({ subnet }) => subnetHolds(subnet, ip));
    return found === undefined ? this : new BootUrls(() => found.base);
  }

  base(): string {
    return this.#base();
  }

  greeting(): string {
    return `${this.#base()}/boot.ipxe`;
  }

  /** Without its query. */
  script(): string {
    return `${this.#base()}/boot/script`;
  }

  /** Where whoever has this capability reports that its boot is done. */
  done(capability: string): string {
    return `${this.#base()}/boot/done/${capability}`;
  }

  /** Behind which the configuration is of whoever has this capability; no slash at the end. */
  provision(capability: string): string {
    return `${this.#base()}/provision/${capability}`;
  }

  /** Of the layer, or of the part of it that the artifact is. */
  blob({ role, descriptor, part }: Artifact): string {
    const slice = part === undefined ? '' : `${part.offset}+${part.length}/`;
    return `${this.#base()}/blobs/sha256/${hexOf(descriptor.digest)}/${slice}${FILE_NAMES[role]}`;
  }
}
