import type { Artifact } from './image.js';
import type { IsoFile, OpenedIso } from './iso-opening.js';
import type { Role } from './role.js';

/** What an ISO is opened into, as parts of its layer. */
export type IsoParts = {
  readonly kernel: Artifact;
  /** In the order in which they are handed over; none where the kernel has its own. */
  readonly initramfs: readonly Artifact[];
  /** What the system may fetch by itself: its root file system, where that is a file of its own, and the ISO. */
  readonly extras: readonly Artifact[];
};

/** Of an ISO that was read. Pure. */
export function isoParts({ descriptor }: Pick<Artifact, 'descriptor'>, { kernel, initrds, root }: OpenedIso): IsoParts {
  const partOf = (role: Role, { part }: IsoFile): Artifact => ({ role, descriptor, part });
  return {
    kernel: partOf('kernel', kernel),
    initramfs: initrds.map((file) => partOf('initramfs', file)),
    extras: [...(root === undefined ? [] : [partOf('squashfs', root)]), { role: 'iso', descriptor }],
  };
}
