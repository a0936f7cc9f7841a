import { posix } from 'node:path';
import type { MenuEntry } from './menu-entry.js';

type Label = {
  readonly name: string;
  title: string;
  kernel?: string;
  initrd?: string;
  append?: string;
  isDefault: boolean;
};

/** Modules and other loaders, which are no kernels, and folders. */
const NO_KERNEL = /\.(?:c32|com|cbt|bin|bss|0|img)$|^$|\/$/i;

/**
 * The default label of an isolinux or syslinux configuration, else the first that starts a kernel; undefined where there is none.
 * Paths without a slash in front are beside the configuration. Other files are not read (syslinux, doc/syslinux.txt). Pure.
 *
 * @param folder the configuration's own, as a path of the image
 */
export function isolinuxMenuEntry(text: string, folder: string): MenuEntry | undefined {
  const { labels, byDefault, append } = parsed(text);
  const first = labels.find(({ isDefault }) => isDefault) ?? labels.find(({ name }) => name === byDefault);
  const inOrder = first === undefined ? labels : [first, ...labels];
  const found = inOrder.find(({ kernel = '' }) => !NO_KERNEL.test(kernel));
  return found?.kernel === undefined ? undefined : entryOf({ ...found, kernel: found.kernel }, append, folder);
}

function entryOf(label: Label & { readonly kernel: string }, all: string | undefined, folder: string): MenuEntry {
  const words = (label.append ?? all ?? '').split(/\s+/).filter((word) => word !== '' && word !== '-');
  const isInitrd = (word: string) => word.startsWith('initrd=');
  const named = label.initrd ?? words.findLast(isInitrd)?.slice('initrd='.length) ?? '';
  const pathOf = (path: string) => (path.startsWith('/') ? path : posix.join(folder, path));
  return {
    title: label.title,
    kernel: pathOf(label.kernel),
    initrds: named
      .split(',')
      .filter((path) => path !== '')
      .map(pathOf),
    commandLine: words.filter((word) => !isInitrd(word)).join(' '),
    leftOut: [],
  };
}

type Parsed = {
  readonly labels: readonly Label[];
  readonly byDefault: string | undefined;
  /** Of all labels that say nothing else. */
  readonly append: string | undefined;
};

function parsed(text: string): Parsed {
  const labels: Label[] = [];
  let [byDefault, append]: [string | undefined, string | undefined] = [undefined, undefined];
  for (const line of text.split(/\r?\n/)) {
    // Trimmed before, since an expression that looks for the end of blanks would begin anew at each of them.
    const [, word = '', value = ''] = /^(\S+)\s*(.*)$/.exec(line.trim()) ?? [];
    const keyword = word.toLowerCase();
    const label = labels.at(-1);
    if (keyword === 'label') labels.push({ name: value, title: value, isDefault: false });
    else if (keyword === 'default') byDefault = value;
    else if (label === undefined) append = keyword === 'append' ? value : append;
    else take(label, keyword, value);
  }
  return { labels, byDefault, append };
}

function take(label: Label, keyword: string, value: string): void {
  if (keyword === 'kernel' || keyword === 'linux') label.kernel = value;
  else if (keyword === 'initrd') label.initrd = value;
  else if (keyword === 'append') label.append = value;
  else if (keyword === 'menu' && /^default\b/i.test(value)) label.isDefault = true;
  else if (keyword === 'menu' && /^label\s/i.test(value)) label.title = value.slice(5).trim().replaceAll('^', '');
}
