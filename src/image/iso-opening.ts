import { posix } from 'node:path';
import { grubMenuEntry } from './grub-menu.js';
import type { IsoFiles } from './iso-files.js';
import { ISO_LAYOUTS, type IsoLayout } from './iso-layouts.js';
import type { IsoTree } from './iso-tree.js';
import { isolinuxMenuEntry } from './isolinux-menu.js';
import { type KernelFacts, readKernel } from './kernel-kind.js';
import { type MenuEntry, MOST_MENU_BYTES } from './menu-entry.js';
import type { PresetName } from './preset-name.js';
import type { FilePart, RangeReader } from './range-reader.js';

/** A file of an image, which is one part of it. */
export type IsoFile = { readonly path: string; readonly part: FilePart };

export type IsoOpening = OpenedIso | ClosedIso;

/** Why nothing of an image is started in place of its boot loader. */
export type ClosedIso = {
  readonly kind: 'closed';
  readonly reason: string;
  /** What of the assignment names what cannot be used. */
  readonly namedBy?: IsoField;
};

export const ISO_FIELDS = ['iso.kernel', 'iso.initramfs'] as const;
export type IsoField = (typeof ISO_FIELDS)[number];

/** What of an image is started in place of its boot loader. */
export type OpenedIso = {
  readonly kind: 'opened';
  readonly by: 'assignment' | 'grub' | 'isolinux' | 'layout';
  /** Of a menu: the configuration, and what it calls what it starts. */
  readonly menu?: { readonly file: string; readonly title: string };
  readonly kernel: IsoFile & { readonly facts: KernelFacts };
  /** In the order in which they are handed over. */
  readonly initrds: readonly IsoFile[];
  /** Its root file system, where it can fetch that by itself. */
  readonly root?: IsoFile;
  /** As its menu has it; empty where none says any. */
  readonly commandLine: string;
  /** Arguments that are its boot loader's to work out. */
  readonly leftOut: readonly string[];
  /** Whose it is by its layout, how that finds its root by network, or why it will not. */
  readonly system?: string;
  readonly preset?: PresetName;
  readonly wants?: string;
};

/** What was found, or why it is not to be used. */
type Attempt = IsoOpening | { readonly kind: 'missing' };

const MENUS: readonly { readonly by: 'grub' | 'isolinux'; readonly file: string }[] = [
  ...['/boot/grub/grub.cfg', '/boot/grub2/grub.cfg', '/EFI/BOOT/grub.cfg'].map(
    (file) => ({ by: 'grub', file }) as const,
  ),
  ...['/isolinux/isolinux.cfg', '/boot/isolinux/isolinux.cfg', '/syslinux/isolinux.cfg'].map(isolinux),
  ...['/syslinux/syslinux.cfg', '/boot/syslinux/syslinux.cfg'].map(isolinux),
];

function isolinux(file: string) {
  return { by: 'isolinux', file } as const;
}

/** More than any menu has, or any kernel takes (Linux: COMMAND_LINE_SIZE). */
export const MOST_INITRDS = 16;
const MOST_ARGUMENT_BYTES = 8 * 1024;
/** Of what a menu calls an entry; what is longer is cut. */
const MOST_TITLE_CHARACTERS = 200;
/**
 * Of a path, which is told in a line and kept with every resolution, a bound of ours: ISO 9660 has 255 at most (ECMA-119, 6.8.2.1), and
 * Rock Ridge no bound.
 */
export const MOST_PATH_CHARACTERS = 1_024;

/**
 * What the operator says; else what a menu of the image starts by default, where that says so word for word; else where systems of
 * its kind have their kernels. Throws what the reader throws.
 */
export async function openIso(file: RangeReader, tree: IsoTree, isoFiles?: IsoFiles): Promise<IsoOpening> {
  const opener = new Opener(file, tree);
  if (isoFiles !== undefined) return found(await opener.asAssigned(isoFiles));
  const reasons: string[] = [];
  for (const menu of MENUS) {
    const attempt = await opener.byMenu(menu);
    if (attempt.kind === 'opened') return attempt;
    if (attempt.kind === 'closed') reasons.push(attempt.reason);
  }
  const attempt = await opener.byLayout();
  if (attempt.kind === 'opened') return attempt;
  return attempt.kind === 'closed' ? attempt : { kind: 'closed', reason: reasons[0] ?? NOTHING };
}

const NOTHING = 'none of its menus names a kernel, and none lies where known systems have theirs';

function found(attempt: Attempt): IsoOpening {
  return attempt.kind === 'missing' ? { kind: 'closed', reason: NOTHING } : attempt;
}

type Named = {
  readonly by: OpenedIso['by'];
  readonly menu?: OpenedIso['menu'];
  readonly entry: Pick<MenuEntry, 'kernel' | 'initrds' | 'commandLine' | 'leftOut'>;
};

class Opener {
  readonly #file: RangeReader;
  readonly #tree: IsoTree;

  constructor(file: RangeReader, tree: IsoTree) {
    this.#file = file;
    this.#tree = tree;
  }

  asAssigned({ kernel, initramfs }: IsoFiles): Promise<Attempt> {
    const entry = { kernel, initrds: initramfs, commandLine: '', leftOut: [] };
    return this.#open({ by: 'assignment', entry });
  }

  async byMenu({ by, file }: (typeof MENUS)[number]): Promise<Attempt> {
    const text = await this.#text(file);
    if (text === undefined) return { kind: 'missing' };
    const entry = by === 'grub' ? grubMenuEntry(text) : isolinuxMenuEntry(text, posix.dirname(file));
    return entry === undefined
      ? { kind: 'missing' }
      : this.#open({
          by,
          menu: { file, title: entry.title.replace(/\p{Cc}/gu, ' ').slice(0, MOST_TITLE_CHARACTERS) },
          entry,
        });
  }

  async byLayout(): Promise<Attempt> {
    for (const layout of ISO_LAYOUTS) {
      const [kernel, initrd] = [await this.#first(layout.kernels), await this.#first(layout.initramfses)];
      const root = layout.roots && (await this.#first(layout.roots));
      const isWhole = layout.roots === undefined || root !== undefined;
      if (kernel === undefined || initrd === undefined || !isWhole) continue;
      return this.#open({ by: 'layout', entry: { kernel, initrds: [initrd], commandLine: '', leftOut: [] } });
    }
    return { kind: 'missing' };
  }

  /** Everything that is named has to be there, and one part of the image. */
  async #open({ by, menu, entry }: Named): Promise<Attempt> {
    const { initrds: paths, commandLine, leftOut } = entry;
    const argumentBytes = Buffer.byteLength([commandLine, ...leftOut].join(' '));
    if (argumentBytes > MOST_ARGUMENT_BYTES) return closed(`its kernel arguments come to ${argumentBytes} bytes`);
    if (paths.length > MOST_INITRDS) return closed(`it has more initrds than ${MOST_INITRDS}`);
    const files: IsoFile[] = [];
    for (const [position, path] of [entry.kernel, ...paths].entries()) {
      const field = fieldOf(by, position);
      const whose = whoNames(menu, field);
      if (path.length > MOST_PATH_CHARACTERS)
        return closed(`a path${whose} is longer than ${MOST_PATH_CHARACTERS}`, field);
      const one = await this.#tree.find(path);
      if (one.kind === 'missing') return closed(`${path}${whose} is not in it`, field);
      if (one.kind === 'refused') return closed(`${one.path}${whose} is no one part of it: ${one.reason}`, field);
      files.push({ path: one.path, part: one.part });
    }
    const [kernel, ...initrds] = files;
    if (kernel === undefined) return { kind: 'missing' };
    const facts = await readKernel(partOf(this.#file, kernel.part));
    const known = await this.#layoutOf(kernel, initrds);
    const said = menu === undefined ? {} : { menu };
    return { kind: 'opened', by, ...said, kernel: { ...kernel, facts }, initrds, commandLine, leftOut, ...known };
  }

  /** Whose kernel it is, and the root file system of such. */
  async #layoutOf(
    kernel: IsoFile,
    initrds: readonly IsoFile[],
  ): Promise<Pick<OpenedIso, 'system' | 'preset' | 'wants' | 'root'>> {
    for (const layout of ISO_LAYOUTS.filter((one) => isLaidOut(one, kernel, initrds))) {
      const path = layout.roots && (await this.#first(layout.roots));
      if (layout.roots !== undefined && path === undefined) continue;
      const root = path === undefined ? undefined : await this.#tree.find(path);
      return { ...saidOf(layout), ...(root?.kind === 'file' && { root: { path: root.path, part: root.part } }) };
    }
    return {};
  }

  /** The first that there is. */
  async #first(patterns: readonly string[]): Promise<string | undefined> {
    for (const pattern of patterns) {
      const folder = posix.dirname(pattern);
      const found = (await this.#tree.list(folder)).fileLike(posix.basename(pattern));
      if (found !== undefined) return posix.join(folder, found.name);
    }
    return undefined;
  }

  async #text(path: string): Promise<string | undefined> {
    const one = await this.#tree.find(path);
    if (one.kind !== 'file' || one.part.length > MOST_MENU_BYTES) return undefined;
    return (await this.#file.read(one.part.offset, one.part.length)).toString('utf8');
  }
}

/** Of the files that are handed over, the kernel is the first. */
function fieldOf(by: Named['by'], position: number): IsoField | undefined {
  if (by !== 'assignment') return undefined;
  return position === 0 ? 'iso.kernel' : 'iso.initramfs';
}

function whoNames(menu: Named['menu'], field: IsoField | undefined): string {
  if (field !== undefined) return `, which ${field} of the assignment names,`;
  return menu === undefined ? '' : `, which ${menu.file} names,`;
}

/** Many have their kernel in the same place. */
function isLaidOut({ kernels, initramfses }: IsoLayout, kernel: IsoFile, initrds: readonly IsoFile[]): boolean {
  const fitsOne = (patterns: readonly string[], { path }: IsoFile) => patterns.some((pattern) => fits(pattern, path));
  return fitsOne(kernels, kernel) && initrds.some((file) => fitsOne(initramfses, file));
}

function saidOf({ system, preset, wants }: IsoLayout): Pick<OpenedIso, 'system' | 'preset' | 'wants'> {
  return { system, ...(preset !== undefined && { preset }), ...(wants !== undefined && { wants }) };
}

/** Case does not count: images without Rock Ridge have other names. */
function fits(pattern: string, path: string): boolean {
  const [before = '', after] = pattern.toLowerCase().split('*');
  const own = path.toLowerCase();
  return after === undefined ? own === before : own.startsWith(before) && own.endsWith(after);
}

function closed(reason: string, namedBy?: IsoField): Attempt {
  return { kind: 'closed', reason, ...(namedBy !== undefined && { namedBy }) };
}

/** A file within another. */
function partOf(file: RangeReader, { offset, length }: FilePart): RangeReader {
  return { size: length, read: (from, bytes) => file.read(offset + from, Math.max(0, Math.min(bytes, length - from))) };
}
