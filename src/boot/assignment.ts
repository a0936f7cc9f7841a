import type { KernelArgs } from '../image/command-line.js';
import type { Selector } from '../machine/selector.js';
import type { ImageReference } from '../oci/reference.js';
import type { BootMethod } from './boot-method.js';
import type { Policy } from './policy.js';

/** The machine-to-image mapping: whoever the selector matches boots the image. */
export type Assignment = {
  readonly name: string;
  /** Higher goes first, before how telling the selector is. */
  readonly priority: number;
  readonly match: Selector;
  readonly image: ImageReference;
  /** Which of an index's manifests for one architecture; `metal` unless the operator says otherwise. */
  readonly variant: string;
  /** How its machines are to start it. */
  readonly boot: BootMethod;
  /** Of the named defaults it takes, in their order, then its own. */
  readonly kernelArgs: readonly KernelArgs[];
  readonly policy: Policy;
  /** Why it does not count: whoever it is for boots nothing, by it or by another, until that is mended. */
  readonly outOfForce?: string;
};
