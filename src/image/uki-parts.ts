import type { Artifact } from './image.js';
import type { OpenedParts } from './opened-parts.js';
import type { FilePart } from './range-reader.js';
import type { Uki } from './uki.js';

/** Of what boots where nobody chooses. Pure. */
export function ukiParts({ descriptor }: Pick<Artifact, 'descriptor'>, { profiles: [first] }: Uki): OpenedParts {
  const partOf = (role: 'kernel' | 'initramfs', part: FilePart): Artifact => ({ role, descriptor, part });
  return { kernel: partOf('kernel', first.linux), initramfs: first.initrds.map((part) => partOf('initramfs', part)) };
}
