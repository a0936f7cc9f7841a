import type { IpAddress } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Uuid } from '../net/uuid.js';

/** How a machine's firmware boots from the network. */
export const FIRMWARES = ['bios', 'uefi', 'uefi-http'] as const;
export type Firmware = (typeof FIRMWARES)[number];

/** What a machine said of itself, read once. Whatever it did not say, or what was junk, is missing. */
export type MachineFacts = {
  readonly macs: readonly MacAddress[];
  readonly uuid?: Uuid;
  readonly serial?: string;
  readonly asset?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  readonly hostname?: string;
  /** What it reports, else its source address. */
  readonly ip?: IpAddress;
  /** Go's name, `amd64`. */
  readonly architecture?: string;
  /** It is one of these: iPXE's word alone does not tell UEFI's two ways of booting apart. */
  readonly firmware?: readonly Firmware[];
  /** Whether its firmware starts only what is signed for it (UEFI Secure Boot); few builds of iPXE know. */
  readonly secureBoot?: boolean;
  /** How much memory it has, in bytes: the larger of what its firmware leaves to systems and what its modules come to, where known. */
  readonly memory?: number;
  /** Whom the packet or request came from; a NAT or proxy may stand between. */
  readonly sourceAddress: string;
};
