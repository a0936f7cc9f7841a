import { editCommandLine, type KernelArgs, kernelArguments } from './command-line.js';

/** A kernel argument, and who wants it. */
export type ArgumentWord = {
  readonly text: string;
  /** As people read it: `image`, `uki`, `defaults`, `assignment`, `machine`. */
  readonly from: string;
};

/** What somebody wants changed of the arguments that are there. */
export type ArgumentLayer = { readonly from: string; readonly change: KernelArgs };

/** Changes the image's own arguments, one after the other. Pure. */
export function mergeArguments(
  own: { readonly from: string; readonly commandLine: string },
  layers: readonly ArgumentLayer[],
): readonly ArgumentWord[] {
  const merged = layers.reduce((line, { change }) => editCommandLine(line, change), own.commandLine);
  return kernelArguments(merged).map((text) => ({ text, from: own.from }));
}
