import { roomForArguments, tooLongBecause } from './argument-room.js';
import { knownPlaceholders, type UrlPlaceholder } from './placeholders.js';
import type { PresetName } from './preset-name.js';

/** What an operator changes in an image's kernel arguments. Applied in this order: preset, consoles, remove, replace, append. */
export type KernelArgs = {
  /** Who says so, as people read it: `assignment`, `defaults "serial"`. */
  readonly from?: string;
  /** What such systems need; one that is said later takes its place. */
  readonly preset?: PresetName;
  /** The consoles of the machine's architecture instead of those said before. */
  readonly consoles?: true;
  /** Added at the end, each one argument or several. */
  readonly append?: readonly string[];
  /** Whole arguments (`console=tty0`), or keys (`console`), of which all are removed. */
  readonly remove?: readonly string[];
  /** Key to its new value; the first occurrence changes where it stands, others go, a missing one is added. */
  readonly replace?: Readonly<Record<string, string>>;
};

/** What fits where nothing else is known of the kernel. */
export const MAX_COMMAND_LINE_BYTES = roomForArguments('amd64');

/** Splits at white space outside double quotes, as the kernel does (lib/cmdline.c, next_arg). */
export function kernelArguments(commandLine: string): readonly string[] {
  return commandLine.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

/** One line with single spaces: image builders leave line ends in their files. */
export function normalizeCommandLine(text: string): string {
  return IS_UNTIDY.test(text) ? text.replaceAll('\0', ' ').trim().replace(/\s+/g, ' ') : text;
}

/** Every word is looked at, and most are tidy. */
const IS_UNTIDY = /\0|^ | $|\s\s|[^\S ]/;

/** Whether there is anything in it. */
export function isChange({ preset, consoles, append = [], remove = [], replace = {} }: KernelArgs): boolean {
  const edits = append.length + remove.length + Object.keys(replace).length;
  return preset !== undefined || consoles === true || edits > 0;
}

/** `root` of `root=/dev/sda1`. Dashes and underscores are the same to the kernel, but not to those who read it. */
export function argumentKey(argument: string): string {
  const end = argument.indexOf('=');
  return end === -1 ? argument : argument.slice(0, end);
}

export type Filled =
  | { readonly kind: 'filled'; readonly commandLine: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Labels are the operator's words; other braces are his own. */
const PLACEHOLDER = /\{([a-z]+(?:\.[a-z]+)+|machine\.label\.[A-Za-z0-9._/-]+)\}/g;

/** Where a machine reports that it is done with its boot. */
export const DONE_PLACEHOLDER = 'done.url' satisfies UrlPlaceholder;

/** Behind which the configuration of a machine is. */
export const PROVISION_PLACEHOLDER = 'provision.url' satisfies UrlPlaceholder;

/** The names in a text that look like placeholders. */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** The same of all that somebody adds. */
export function placeholdersAdded({ append = [], replace = {} }: KernelArgs): readonly string[] {
  return [...append, ...Object.values(replace)].flatMap((text) => placeholdersIn(text));
}

/** Fills `{blob.squashfs.url}` and the like; an unknown one, or a line of more bytes than fit, is refused. */
export function fillPlaceholders(
  commandLine: string,
  values: ReadonlyMap<string, string>,
  room = MAX_COMMAND_LINE_BYTES,
): Filled {
  const unknown = placeholdersIn(commandLine).find((name) => !values.has(name));
  if (unknown !== undefined) return { kind: 'refused', reason: unknownPlaceholder(unknown.slice(0, 60), values) };
  const filled = replacePlaceholders(commandLine, (name) => values.get(name));
  const bytes = Buffer.byteLength(filled);
  return bytes > room
    ? { kind: 'refused', reason: tooLongBecause(bytes, room) }
    : { kind: 'filled', commandLine: filled };
}

/** Those without a value stay. */
export function replacePlaceholders(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string) => lookUp(name) ?? placeholder);
}

function unknownPlaceholder(name: string, values: ReadonlyMap<string, string>): string {
  const held = `the kernel arguments hold {${name}}`;
  const [, layer] = /^blob\.(squashfs|disk|iso)\.url$/.exec(name) ?? [];
  if (layer !== undefined) return `${held}, and this image has no ${layer}: add --${layer} to image build`;
  const known = knownPlaceholders(values.keys()).map((one) => `{${one}}`);
  return `${held}, which stands for nothing with this image: leave it out, or write one of ${known.join(', ')}`;
}
