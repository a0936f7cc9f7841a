import type { Artifact } from './image.js';
import type { IsoFile, OpenedIso } from './iso-opening.js';
import type { OpenedParts } from './opened-parts.js';
import type { Role } from './role.js';

/** Of an ISO that was read: beside what starts, its root file system, where that is a file of its own, and the ISO. Pure. */
export function isoParts(
  { descriptor }: Pick<Artifact, 'descriptor'>,
  { kernel, initrds, root }: OpenedIso,
): OpenedParts {
  const partOf = (role: Role, { part }: IsoFile): Artifact => ({ role, descriptor, part });
  return {
    kernel: partOf('kernel', kernel),
    initramfs: initrds.map((file) => partOf('initramfs', file)),
    extras: [...(root === undefined ? [] : [partOf('squashfs', root)]), { role: 'iso', descriptor }],
  };
}
