import type { Artifact } from './image.js';
import type { Role } from './role.js';

/** Kinds of clients, as `plan --firmware` names them. `uefi-http`: UEFI HTTP Boot, which starts a UKI by itself or loads iPXE. */
export type Client = 'ipxe-bios' | 'ipxe-uefi' | 'uefi-http';

/** Which clients this version can boot a manifest's artifacts on. Only PCs have a BIOS, and 64-bit firmware HTTP Boot. */
export function clientsOf(artifacts: readonly Pick<Artifact, 'role'>[], architecture: string): readonly Client[] {
  const roles = rolesOf(artifacts);
  const isByIpxe = roles.has('kernel') && roles.has('initramfs');
  const hasBios = architecture === 'amd64' || architecture === '386';
  return [
    ...(isByIpxe && hasBios ? (['ipxe-bios'] as const) : []),
    ...(isByIpxe ? (['ipxe-uefi'] as const) : []),
    ...((isByIpxe || roles.has('uki')) && architecture !== '386' ? (['uefi-http'] as const) : []),
  ];
}

/** Why artifacts without kernel and initramfs do not boot by iPXE, in the operator's words. */
export function unbootableBecause(artifacts: readonly Pick<Artifact, 'role'>[]): string {
  const roles = rolesOf(artifacts);
  if (roles.has('kernel')) return 'it has a kernel but no initramfs';
  if (roles.has('initramfs')) return 'it has an initramfs but no kernel';
  if (roles.has('uki'))
    return 'it holds a UKI, which UEFI HTTP Boot alone starts: booting a UKI by iPXE is not in this version';
  if (roles.has('iso')) return 'it holds an ISO, and booting an ISO without a kernel layer is not in this version';
  if (roles.has('disk')) return 'it holds only a disk image, which is written to a disk by an installer and not booted';
  return 'it has neither a kernel nor an initramfs';
}

function rolesOf(artifacts: readonly Pick<Artifact, 'role'>[]): ReadonlySet<Role> {
  return new Set(artifacts.map(({ role }) => role));
}
