import type { Role } from '../image/role.js';
import { parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import { parseMac } from '../net/mac.js';
import { parseUuid, type Uuid } from '../net/uuid.js';
import type { Descriptor } from '../oci/descriptor.js';
import { hexOf } from '../oci/digest.js';
import { parseArchitecture } from '../oci/platform.js';

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

/** What the path says of the machine whose firmware asks. */
export type FirmwareAsks = { readonly mac?: MacAddress; readonly uuid?: Uuid; readonly architecture: string };

const NOTHING = '-';

/** Where the firmware of a machine finds what it starts: it goes by the end of the name, and not every one takes a query. */
export function firmwarePath({ mac, uuid, architecture }: FirmwareAsks): string {
  const parts = [architecture, mac?.replaceAll(':', '-') ?? NOTHING, uuid ?? NOTHING];
  return `/uefi/${parts.join('/')}/boot.efi`;
}

/** What such a path says, or anything else: a part that cannot be read is as good as not there. */
export function readFirmwarePath({
  architecture,
  mac,
  uuid,
}: Record<'architecture' | 'mac' | 'uuid', string>): FirmwareAsks | undefined {
  const [goArchitecture, readMac, readUuid] = [parseArchitecture(architecture), parseMac(mac), parseUuid(uuid)];
  if (goArchitecture === undefined) return undefined;
  return {
    ...(readMac !== undefined && { mac: readMac }),
    ...(readUuid !== undefined && { uuid: readUuid }),
    architecture: goArchitecture,
  };
}

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

  blob(role: Role, descriptor: Descriptor): string {
    return `${this.#base()}/blobs/sha256/${hexOf(descriptor.digest)}/${FILE_NAMES[role]}`;
  }
}
