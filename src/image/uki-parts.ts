import type { Artifact } from './image.js';
import type { FilePart } from './range-reader.js';
import type { Uki } from './uki.js';

/** What a UKI is opened into, as parts of its layer. */
export type UkiParts = {
  readonly kernel: Artifact;
  /** In the order in which they are handed over; none where the kernel has its own. */
  readonly initramfs: readonly Artifact[];
};

/** Of what boots where nobody chooses. Pure. */
export function ukiParts({ descriptor }: Pick<Artifact, 'descriptor'>, { profiles: [first] }: Uki): UkiParts {
  const partOf = (role: 'kernel' | 'initramfs', part: FilePart): Artifact => ({ role, descriptor, part });
  return { kernel: partOf('kernel', first.linux), initramfs: first.initrds.map((part) => partOf('initramfs', part)) };
}
