import type { KernelArgs } from '../image/command-line.js';
import type { ResolvedImage } from '../image/image.js';
import type { KernelFacts } from '../image/kernel-kind.js';
import { type ArgumentLayer, type ArgumentWord, mergeArguments } from '../image/merged-arguments.js';
import type { Subject } from '../machine/inventory.js';
import type { Assignment } from './assignment.js';

/** Whose arguments, and of what. */
export type ArgumentsInput = {
  readonly subject: Subject;
  readonly assignment: Assignment;
  readonly defaults: KernelArgs;
  readonly image: ResolvedImage;
};

/** `own`: the arguments that the kernel brings along, of the image or of its UKI; `kernel`: what is known of it. */
export type OwnArguments = {
  readonly from: 'image' | 'uki';
  readonly commandLine: string;
  readonly kernel?: KernelFacts | undefined;
};

export type BootArguments =
  | { readonly kind: 'arguments'; readonly words: readonly ArgumentWord[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** The finished arguments of a boot but for its URLs, which are filled in when the script is written. Pure. */
export function bootArguments(input: ArgumentsInput, own: OwnArguments): BootArguments {
  return { kind: 'arguments', words: mergeArguments(own, argumentLayers(input)) };
}

/** What the operator wants changed of the image's arguments, in the order of the changes. */
export function argumentLayers({
  subject,
  assignment,
  defaults,
}: Omit<ArgumentsInput, 'image'>): readonly ArgumentLayer[] {
  return [
    { from: 'defaults', change: defaults },
    ...assignment.kernelArgs.map((change) => ({ from: change.from ?? 'assignment', change })),
    { from: 'machine', change: subject.machine?.kernelArgs ?? {} },
  ];
}
