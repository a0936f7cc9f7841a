import type { Artifact } from './image.js';

/** What a UKI or an ISO is opened into, as parts of its layer. */
export type OpenedParts = {
  readonly kernel: Artifact;
  /** In the order in which they are handed over; none where the kernel has its own. */
  readonly initramfs: readonly Artifact[];
  /** What its system may fetch by itself, in the place of what lies beside the layer. */
  readonly extras?: readonly Artifact[];
};
