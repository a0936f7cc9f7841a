/** What an operator changes in an image's kernel arguments. Applied in this order: remove, replace, append. */
export type KernelArgs = {
  /** Who says so, as people read it: `assignment`, `defaults "serial"`. */
  readonly from?: string;
  /** Added at the end, each one argument or several. */
  readonly append?: readonly string[];
  /** Whole arguments (`console=tty0`), or keys (`console`), of which all are removed. */
  readonly remove?: readonly string[];
  /** Key to its new value; the first occurrence changes where it stands, others go, a missing one is added. */
  readonly replace?: Readonly<Record<string, string>>;
};

/**
 * The kernel takes up to 2048 bytes with the closing NUL (COMMAND_LINE_SIZE on x86 and arm64). iPXE puts the image's
 * name in front on EFI, and our scripts `initrd=initrd`.
 */
export const MAX_COMMAND_LINE_BYTES = 2047 - 'vmlinuz initrd=initrd '.length;

/** Splits at white space outside double quotes, as the kernel does (lib/cmdline.c, next_arg). */
export function kernelArguments(commandLine: string): readonly string[] {
  return commandLine.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

/** One line with single spaces: image builders leave line ends in their files. */
export function normalizeCommandLine(text: string): string {
  return text.replaceAll('\0', ' ').trim().replace(/\s+/g, ' ');
}

/** Whether there is anything in it. */
export function isChange({ append = [], remove = [], replace = {} }: KernelArgs): boolean {
  return append.length + remove.length + Object.keys(replace).length > 0;
}

/** Pure. What follows a lone `--` belongs to init and stays at the end. */
export function editCommandLine(commandLine: string, { append = [], remove = [], replace = {} }: KernelArgs): string {
  const all = kernelArguments(commandLine);
  const end = all.indexOf('--');
  const [own, forInit] = end === -1 ? [all, []] : [all.slice(0, end), all.slice(end)];
  const kept = own.filter((argument) => !remove.includes(argument) && !remove.includes(keyOf(argument)));
  const replaced = Object.entries(replace).reduce(replaceKey, kept);
  return normalizeCommandLine([...replaced, ...append, ...forInit].join(' '));
}

function replaceKey(args: readonly string[], [key, value]: readonly [string, string]): readonly string[] {
  const first = args.findIndex((argument) => keyOf(argument) === key);
  const replacement = `${key}=${value}`;
  if (first === -1) return [...args, replacement];
  return args.flatMap((argument, position) => {
    if (position === first) return [replacement];
    return keyOf(argument) === key ? [] : [argument];
  });
}

/** `root` of `root=/dev/sda1`. Dashes and underscores are the same to the kernel, but not to those who read it. */
function keyOf(argument: string): string {
  return argument.split('=', 1)[0] ?? '';
}

export type Filled =
  | { readonly kind: 'filled'; readonly commandLine: string }
  | { readonly kind: 'refused'; readonly reason: string };

const PLACEHOLDER = /\{([a-z]+(?:\.[a-z]+)+)\}/g;

/** Where a machine reports that it is done with its boot. */
export const DONE_PLACEHOLDER = 'done.url';

/** What kernel arguments may name; an image offers those of its layers. */
export const PLACEHOLDERS = ['blob.squashfs.url', 'blob.disk.url', DONE_PLACEHOLDER] as const;

/** The names in a text that look like placeholders. */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** Fills `{blob.squashfs.url}` and the like; an unknown one, or a line that became too long, is refused. */
export function fillPlaceholders(commandLine: string, values: ReadonlyMap<string, string>): Filled {
  const unknown = placeholdersIn(commandLine).find((name) => !values.has(name));
  if (unknown !== undefined)
    return { kind: 'refused', reason: unknownPlaceholder(`{${unknown.slice(0, 60)}}`, values) };
  const filled = commandLine.replace(PLACEHOLDER, (placeholder, name: string) => values.get(name) ?? placeholder);
  const bytes = Buffer.byteLength(filled);
  if (bytes > MAX_COMMAND_LINE_BYTES) {
    return {
      kind: 'refused',
      reason: `its kernel arguments are ${bytes} bytes long, and ${MAX_COMMAND_LINE_BYTES} fit`,
    };
  }
  return { kind: 'filled', commandLine: filled };
}

function unknownPlaceholder(placeholder: string, values: ReadonlyMap<string, string>): string {
  const known = [...values.keys()].map((name) => `{${name}}`).join(', ');
  return `the kernel arguments hold ${placeholder}, and this image offers ${known === '' ? 'none' : known}`;
}
