import { roomForArguments, tooLongBecause } from '../image/argument-room.js';
import { type KernelArgs, PROVISION_PLACEHOLDER, placeholdersIn, replacePlaceholders } from '../image/command-line.js';
import { consoleArguments } from '../image/consoles.js';
import type { ResolvedImage } from '../image/image.js';
import type { KernelFacts } from '../image/kernel-kind.js';
import {
  type ArgumentLayer,
  type ArgumentWord,
  changeByWords,
  filledWord,
  mergeArguments,
} from '../image/merged-arguments.js';
import { isOfMachine, parsePlaceholder } from '../image/placeholders.js';
import type { PresetName } from '../image/preset-name.js';
import { presetArguments } from '../image/presets.js';
import type { Role } from '../image/role.js';
import type { Subject } from '../machine/inventory.js';
import { handOffWords } from '../provision/hand-off.js';
import type { Provision } from '../provision/provision.js';
import { type ArgumentValue, knownLabel, knownValue } from './argument-values.js';
import type { Assignment } from './assignment.js';

/** Whose arguments, and of what. */
export type ArgumentsInput = {
  readonly subject: Subject;
  readonly assignment: Assignment;
  readonly defaults: KernelArgs;
  readonly image: ResolvedImage;
};

/**
 * The arguments that the kernel brings along, of the image, its UKI or its ISO, or those in their place that the assignment says of the
 * ISO; `kernel`: what is known of it; `initrds`: how many it is handed by name, 1 unless it is said.
 */
export type OwnArguments = {
  readonly from: 'image' | 'uki' | 'iso' | 'assignment iso';
  readonly commandLine: string;
  readonly kernel?: KernelFacts | undefined;
  readonly initrds?: number;
  /** Of a kernel out of an ISO. */
  readonly medium?: Medium;
};

/** What a system out of an ISO can fetch in place of the disc that it does not have, and how it is told. */
export type Medium = { readonly roles: readonly Role[]; readonly preset?: PresetName | undefined };

export type BootArguments =
  /** `room`: how many bytes of them the kernel takes, once their URLs are filled in. */
  | { readonly kind: 'arguments'; readonly words: readonly ArgumentWord[]; readonly room: number }
  /** `isOfMachine`: another machine, of which more is known, may have them. */
  | { readonly kind: 'refused'; readonly reason: string; readonly isOfMachine: boolean };

/** No kernel takes as much, and who makes images may write any length: such are refused before anything is done with them. */
const MAX_OWN_BYTES = 16 * 1024;

/** The finished arguments of a boot but for its URLs, which are filled in when the script is written. Pure. */
export function bootArguments(input: ArgumentsInput, own: OwnArguments): BootArguments {
  const layers = argumentLayers(input);
  const isSaid = layers.some(({ change }) => change.preset !== undefined);
  const ofMedium =
    isSaid || own.medium?.preset === undefined ? [] : [{ from: 'iso', change: { preset: own.medium.preset } }];
  const expansion = expandLayers(input, [...ofMedium, ...layers], own.medium?.roles);
  return expansion.kind === 'refused' ? refused(expansion.reason) : finish(input, own, expansion.layers);
}

/** The same of what the kernel brings along alone, for one that is not given what the operator wants. Pure. */
export function ownArguments(input: ArgumentsInput, own: OwnArguments): BootArguments {
  return finish(input, own, []);
}

function finish(input: ArgumentsInput, own: OwnArguments, layers: readonly ArgumentLayer[]): BootArguments {
  const room = roomForArguments(architectureOf(input), {
    ...{ mostOfKernel: own.kernel?.mostArgumentBytes, initrds: own.initrds },
  });
  const ownBytes = Buffer.byteLength(own.commandLine);
  if (ownBytes > MAX_OWN_BYTES) return refused(tooLongBecause(ownBytes, room));
  const filling = fillValues(mergeArguments(own, layers), input);
  if (filling.kind === 'refused') return filling;
  const bytes = leastBytes(filling.words);
  return bytes > room ? refused(tooLongBecause(bytes, room)) : { kind: 'arguments', words: filling.words, room };
}

/** What the operator wants changed of the image's arguments, in the order of the changes. */
export function argumentLayers({
  subject,
  assignment,
  defaults,
}: Omit<ArgumentsInput, 'image'>): readonly ArgumentLayer[] {
  const said: readonly ArgumentLayer[] = [
    { from: 'defaults', change: defaults },
    ...assignment.kernelArgs.map((change) => ({ from: change.from ?? 'assignment', change })),
    { from: 'machine', change: subject.machine?.kernelArgs ?? {} },
  ];
  return assignment.provision === undefined ? said : [handOffOf(assignment.provision, said), ...said];
}

/** As a preset does, it yields to what is said. */
function handOffOf({ kinds }: Provision, said: readonly ArgumentLayer[]): ArgumentLayer {
  const preset = said.findLast(({ change }) => change.preset !== undefined)?.change.preset;
  return { from: 'provision', change: changeByWords(handOffWords(kinds, preset)), isPreset: true };
}

type Expansion =
  | { readonly kind: 'layers'; readonly layers: readonly ArgumentLayer[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** Presets and consoles as what they change; of several presets, the last counts. */
function expandLayers(input: ArgumentsInput, layers: readonly ArgumentLayer[], more: readonly Role[] = []): Expansion {
  const last = layers.findLastIndex(({ change }) => change.preset !== undefined);
  const expanded: ArgumentLayer[] = [];
  for (const [position, layer] of layers.entries()) {
    const { preset, consoles } = layer.change;
    const made = [
      ...(preset !== undefined && position === last ? [presetArguments(preset, rolesOf(input, more))] : []),
      ...(consoles === true ? [consoleArguments(architectureOf(input))] : []),
    ];
    for (const one of made) {
      if (one.kind === 'refused') return one;
      expanded.push(one.layer);
    }
    expanded.push(layer);
  }
  return { kind: 'layers', layers: expanded };
}

function rolesOf({ image }: ArgumentsInput, more: readonly Role[]): ReadonlySet<Role> {
  return new Set([...image.artifacts.map(({ role }) => role), ...more]);
}

function architectureOf({ subject, image }: ArgumentsInput): string {
  return subject.facts.architecture ?? image.platform.architecture;
}

const NOTHING_PROVISIONED = `the kernel arguments hold {${PROVISION_PLACEHOLDER}}, and the assignment hands nothing out: say provision there`;

type Filling =
  | { readonly kind: 'filled'; readonly words: readonly ArgumentWord[] }
  | Extract<BootArguments, { readonly kind: 'refused' }>;

/** Values are no several words, and hold no placeholders. */
function fillValues(words: readonly ArgumentWord[], input: ArgumentsInput): Filling {
  const values = new Map<string, string>();
  for (const name of words.flatMap(({ text }) => placeholdersIn(text))) {
    if (parsePlaceholder(name).kind === 'later') {
      return refused(`the kernel arguments hold {${name}}, which is not in this version: leave it out`);
    }
    if (name === PROVISION_PLACEHOLDER && input.assignment.provision === undefined) return refused(NOTHING_PROVISIONED);
    const value = namedValue(name, input);
    if (value?.kind === 'refused') return { ...value, isOfMachine: isOfMachine(name) };
    if (value !== undefined) values.set(name, value.text);
  }
  const filled: ArgumentWord[] = [];
  for (const word of words) {
    const { text } = word;
    const whole = replacePlaceholders(text, (name) => values.get(name));
    const made = madeByFilling(text, whole, values);
    if (made !== undefined) return { ...refusedBraces(made), isOfMachine: placeholdersIn(text).some(isOfMachine) };
    filled.push(filledWord(word, whole));
  }
  return { kind: 'filled', words: filled };
}

/** A placeholder that is there only once others are filled in: `{{machine.serial}}` of a machine that reports `done.url`. */
function madeByFilling(text: string, filled: string, values: ReadonlyMap<string, string>): string | undefined {
  const left = placeholdersIn(text).filter((name) => !values.has(name));
  return placeholdersIn(filled).find((name, position) => name !== left[position]);
}

function refusedBraces(made: string) {
  return refused(
    `the kernel arguments hold braces around braces, which makes {${made.slice(0, 60)}} of them: leave out the outer`,
  );
}

function namedValue(name: string, input: ArgumentsInput): ArgumentValue | undefined {
  const placeholder = parsePlaceholder(name);
  if (placeholder.kind === 'value') return knownValue(placeholder.name, input);
  return placeholder.kind === 'label' ? knownLabel(placeholder.label, input) : undefined;
}

/** How long they are at least: URLs may be of any length. */
function leastBytes(words: readonly ArgumentWord[]): number {
  const line = words.map(({ text }) => text).join(' ');
  return Buffer.byteLength(replacePlaceholders(line, () => ''));
}

function refused(reason: string): Extract<BootArguments, { readonly kind: 'refused' }> {
  return { kind: 'refused', reason, isOfMachine: false };
}
