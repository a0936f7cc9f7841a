import type { MenuEntry } from './menu-entry.js';

/** A word of a line, and whether it is what it says: variables and commands are GRUB's to work out. */
type Word = { readonly text: string; readonly isLiteral: boolean };

type Line = readonly [Word, ...Word[]];

/** What a menu shows at one level. */
type Shown = { readonly title: string; readonly id?: string; readonly lines: readonly Line[] };

const KERNEL_COMMANDS: ReadonlySet<string> = new Set(['linux', 'linuxefi', 'linux16']);
const INITRD_COMMANDS: ReadonlySet<string> = new Set(['initrd', 'initrdefi', 'initrd16']);

/**
 * The default entry of a GRUB configuration, else the first that starts a kernel; undefined where none says which, literally. What
 * is under conditions is taken as it stands, and other files are not read: GRUB's language is not interpreted (GRUB manual, 6).
 * Pure.
 */
export function grubMenuEntry(text: string): MenuEntry | undefined {
  const lines = linesIn(text);
  const shown = shownIn(lines);
  const wanted = defaultIn(lines);
  const byDefault = shown.find(({ title, id }, position) => wanted === String(position) || wanted === (id ?? title));
  const inOrder = byDefault === undefined ? shown : [byDefault, ...shown];
  for (const one of inOrder) {
    const entry = entryOf(one);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function entryOf({ title, lines }: Shown): MenuEntry | undefined {
  const linux = lines.find(([{ text }]) => KERNEL_COMMANDS.has(text));
  const initrd = lines.find(([{ text }]) => INITRD_COMMANDS.has(text))?.slice(1) ?? [];
  const [, kernel, ...words] = linux ?? [];
  if (kernel === undefined || [kernel, ...initrd].some(({ isLiteral }) => !isLiteral)) return undefined;
  return {
    title,
    kernel: withoutDevice(kernel.text),
    initrds: initrd.map(({ text }) => withoutDevice(text)),
    commandLine: words.flatMap(({ text, isLiteral }) => (isLiteral ? [quoted(text)] : [])).join(' '),
    leftOut: words.flatMap(({ text, isLiteral }) => (isLiteral ? [] : [text])),
  };
}

/** As GRUB hands it to the kernel (grub: grub-core/lib/cmdline.c). */
function quoted(text: string): string {
  return /\s/.test(text) ? `"${text}"` : text;
}

/** Entries and submenus count from zero; one in a submenu counts for that. */
function shownIn(lines: readonly Line[]): readonly Shown[] {
  const shown: Shown[] = [];
  let open: { readonly title: string; readonly id?: string; readonly lines: Line[] } | undefined;
  let depth = 0;
  for (const line of lines) {
    const [{ text: command }, ...words] = line;
    const opens = line.at(-1)?.text === '{';
    if (depth === 0 && opens && (command === 'menuentry' || command === 'submenu')) {
      open = { ...namesOf(words), lines: [] };
      shown.push(open);
    } else open?.lines.push(line);
    if (opens) depth += 1;
    if (command === '}') depth = Math.max(0, depth - 1);
    if (depth === 0) open = undefined;
  }
  return shown;
}

function namesOf(words: readonly Word[]): { readonly title: string; readonly id?: string } {
  const at = words.findIndex(({ text }) => text === '--id' || text === '$menuentry_id_option');
  const id = at === -1 ? undefined : words[at + 1]?.text;
  const title = words.find(({ text }) => !text.startsWith('--'))?.text ?? '';
  return id === undefined ? { title } : { title, id };
}

function defaultIn(lines: readonly Line[]): string {
  for (const [{ text: command }, first] of lines)
    if (command === 'set' && first?.isLiteral === true && first.text.startsWith('default=')) return first.text.slice(8);
  return '0';
}

/** `(cd0)/casper/vmlinuz`. */
function withoutDevice(path: string): string {
  return path.replace(/^\([^()]*\)/, '');
}

/** Lines of words; a `;` ends one too. */
function linesIn(text: string): readonly Line[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .flatMap((line) => [...commandsIn(line)]);
}

/** A word, in any quotes; GRUB ends one at blanks, braces stand alone only between such. */
const WORD = /(?:[^\s;"'\\#]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|(?<=\S)#)+|;|#.*/g;

function* commandsIn(line: string): Generator<Line> {
  let words: Word[] = [];
  for (const [raw] of line.matchAll(WORD)) {
    if (raw.startsWith('#')) break;
    if (raw !== ';') words.push(wordOf(raw));
    else if (isLine(words)) {
      yield words;
      words = [];
    }
  }
  if (isLine(words)) yield words;
}

function isLine(words: readonly Word[]): words is Line {
  return words.length > 0;
}

/** Without its quotes; in single ones, nothing is a variable. */
function wordOf(raw: string): Word {
  const isLiteral = !/(?<!\\)\$/.test(raw.replace(/'[^']*'/g, ''));
  const text = raw.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_all, single, double, escaped) =>
    String(single ?? (double as string | undefined)?.replace(/\\(["$\\])/g, '$1') ?? escaped),
  );
  return { text, isLiteral };
}
