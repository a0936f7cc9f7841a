import type { Artifact, ImageContents } from './image.js';
import type { Role } from './role.js';

/** Kinds of clients, as `plan --firmware` names them. `uefi-http`: UEFI HTTP Boot, which starts a UKI by itself or loads iPXE. */
export const CLIENTS = ['ipxe-bios', 'ipxe-uefi', 'uefi-http'] as const;
export type Client = (typeof CLIENTS)[number];

/** Its size, in bytes, where that is known. */
export type BootableLayer = Pick<Artifact, 'role'> & { readonly descriptor?: Pick<Artifact['descriptor'], 'size'> };

/** What of a manifest decides how it can be started. */
export type Bootable = {
  readonly artifacts: readonly BootableLayer[];
  /** The image's own kernel arguments. */
  readonly commandLine?: string;
  readonly contents?: ImageContents | undefined;
};

/** Who is to start it. */
export type Starter = {
  readonly client: Client;
  /** As OCI says it. */
  readonly architecture: string;
  /** Whether its firmware starts only what is signed for it; undefined while that is not known. */
  readonly secureBoot?: boolean | undefined;
};

/** Whether machines of that architecture come so: only PCs have a BIOS, and only firmware of 64 bits boots by HTTP here. */
export function hasClient(architecture: string, client: Client): boolean {
  if (client === 'ipxe-bios') return hasBios(architecture);
  return client === 'ipxe-uefi' || architecture !== '386';
}

/** The PC's BIOS is one of x86. */
export function hasBios(architecture: string): boolean {
  return architecture === 'amd64' || architecture === '386';
}

/** Whether it has a layer of that role. */
export function hasLayer({ artifacts }: Pick<Bootable, 'artifacts'>, role: Role): boolean {
  return artifacts.some((artifact) => artifact.role === role);
}
