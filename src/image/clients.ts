import type { Artifact, ImageContents } from './image.js';
import type { Role } from './role.js';
import { judgeWays } from './ways.js';

/** Kinds of clients, as `plan --firmware` names them. `uefi-http`: UEFI HTTP Boot, which starts a UKI by itself or loads iPXE. */
export const CLIENTS = ['ipxe-bios', 'ipxe-uefi', 'uefi-http'] as const;
export type Client = (typeof CLIENTS)[number];

/** Layers of a manifest, and what is known of what they hold. */
export type Bootable = {
  readonly artifacts: readonly Pick<Artifact, 'role'>[];
  readonly contents?: ImageContents | undefined;
};

/** Which clients can boot a manifest. Only PCs have a BIOS, and 64-bit firmware HTTP Boot. Pure. */
export function clientsOf(image: Bootable, architecture: string): readonly Client[] {
  return CLIENTS.filter((client) => hasClient(architecture, client)).filter((client) =>
    judgeWays(image, { client, architecture }).some(({ reason }) => reason === undefined),
  );
}

/** Whether machines of that architecture come so. */
export function hasClient(architecture: string, client: Client): boolean {
  if (client === 'ipxe-bios') return hasBios(architecture);
  return client === 'ipxe-uefi' || architecture !== '386';
}

/** The PC's BIOS is one of x86. */
export function hasBios(architecture: string): boolean {
  return architecture === 'amd64' || architecture === '386';
}

/** Why none of a manifest's layers is started, in the operator's words. Pure. */
export function unbootableBecause(image: Bootable, architecture: string): string {
  const roles = new Set<Role>(image.artifacts.map(({ role }) => role));
  const [kernel, , opened] = judgeWays(image, { client: 'ipxe-uefi', architecture });
  if (roles.has('kernel') || roles.has('initramfs')) return kernel?.reason ?? '';
  if (roles.has('uki')) return opened?.reason ?? '';
  if (roles.has('iso')) return 'it holds an ISO, and booting an ISO without a kernel layer is not in this version';
  if (roles.has('disk')) return 'it holds only a disk image, which is written to a disk by an installer and not booted';
  return 'it has neither a kernel nor a UKI';
}
