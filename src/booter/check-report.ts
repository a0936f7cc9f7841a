import type { Client } from '../image/bootable.js';
import type { OpenedIso } from '../image/iso-opening.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { UnledMachines } from './led-machines.js';

/** What a mapping would do, judged before a machine comes. Plain data. */
export type CheckReport = {
  readonly assignments: readonly AssignmentCheck[];
  readonly machines: readonly UnbootableMachine[];
  readonly warnings: readonly string[];
  /** How many things would keep a machine from booting. */
  readonly problems: number;
};

/** One that cannot be given kernel arguments, or cannot be handed documents, by what is said of it alone. */
export type UnbootableMachine = { readonly machine: string; readonly reason: string };

export type AssignmentCheck = {
  readonly assignment: string;
  readonly image: string;
  /** One for every architecture it claims: its own, its machines', or else all that the image has. */
  readonly targets: readonly TargetCheck[];
};

export type TargetCheck = { readonly architecture?: string } & (
  | {
      readonly kind: 'boots';
      readonly digest: Digest;
      /** Those of its machines that boot it. */
      readonly clients: readonly Client[];
      /** Those that do not, and why. */
      readonly refused: readonly { readonly client: Client; readonly reason: string }[];
      /** There where a UKI or an ISO is started as it is, whatever kernel arguments the mapping has. */
      readonly lostArguments?: readonly LostArguments[];
      /** Those that boot, and are not led to what its assignment hands out. */
      readonly unled?: readonly UnledMachines[];
      /** What of its UKI could not be read. */
      readonly unread?: string;
      /** Where it is by an ISO that iPXE starts it. */
      readonly iso?: FoundInIso;
      /** Those that have its ISO as a disc: iPXE's, or one in the memory of UEFI HTTP Boot. */
      readonly discs?: readonly Client[];
      /** Where what its assignment says of an ISO is not what is started. */
      readonly unusedIso?: UnusedIso;
      readonly variant?: string;
      /** A problem: it boots, and again each time, though it is to be booted once. */
      readonly neverDone?: string;
      /** What the cache is to hold for it. */
      readonly blobs: readonly Pick<Descriptor, 'digest' | 'size'>[];
    }
  | { readonly kind: 'refused'; readonly digest?: Digest; readonly reason: string }
  /** Its machines boot their disks. */
  | { readonly kind: 'local' }
  /** Its registry was not to be asked. */
  | { readonly kind: 'skipped' }
);

/** What of an ISO is started, by paths in it, and how it was found. */
export type FoundInIso = Pick<OpenedIso, 'by' | 'menu' | 'system'> & {
  readonly kernel: string;
  readonly initramfs: readonly string[];
};

/** Who of its machines starts something else than the assignment says of an ISO: there is `none`, or what lies `beside` it comes first. */
export type UnusedIso = { readonly because: 'none' | 'beside'; readonly clients: readonly Client[] };

/** Where an image is started as it is, which has its own kernel arguments, and what an operator can do about it. */
export type LostArguments = {
  readonly what: 'uki' | 'iso';
  /** `secure-boot`: only by machines whose Secure Boot is on. */
  readonly where: 'always' | 'secure-boot';
  readonly remedy: string;
};
