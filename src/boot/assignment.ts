import { type KernelArgs, placeholdersAdded, placeholdersIn } from '../image/command-line.js';
import type { IsoFiles } from '../image/iso-files.js';
import type { Selector } from '../machine/selector.js';
import type { ImageReference } from '../oci/reference.js';
import type { Provision } from '../provision/provision.js';
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
  /** What is started of its ISO, where that is not for the ISO to say. */
  readonly iso?: IsoWish;
  readonly policy: Policy;
  /** What its machines are handed as their configuration. */
  readonly provision?: Provision;
  /** Why it does not count: whoever it is for boots nothing, by it or by another, until that is mended. */
  readonly outOfForce?: string;
};

/** What an operator says of an ISO: at least one of these. */
export type IsoWish = {
  /** In place of those that its menu or its layout leads to. */
  readonly files?: IsoFiles;
  /** In place of those of its menu, and of those beside it. */
  readonly kernelArgs?: string;
};

/** Those that it adds to kernel arguments, by its own and by what it says of an ISO. Pure. */
export function placeholdersOf({ kernelArgs, iso }: Pick<Assignment, 'kernelArgs' | 'iso'>): readonly string[] {
  return [...kernelArgs.flatMap(placeholdersAdded), ...placeholdersIn(iso?.kernelArgs ?? '')];
}
