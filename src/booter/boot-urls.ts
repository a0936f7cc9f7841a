import type { Role } from '../image/role.js';
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

/** Absolute URLs from the advertised address, never from a Host header (EDK2 leaves the port out of it). */
export class BootUrls {
  readonly #base: () => string;

  /** `base` answers `http://host[:port]`, no slash at the end; asked each time, since a port may be chosen late. */
  constructor(base: () => string) {
    this.#base = base;
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
