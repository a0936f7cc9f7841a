import { formatBytes, harmless } from '../format.js';
import type { Iso, ReadIso } from '../image/iso.js';
import type { IsoFile, OpenedIso } from '../image/iso-opening.js';
import { kernelLine } from './content-lines.js';

/** What an ISO holds, and what of it is started, in lines for people. */
export function isoLines(read: ReadIso): readonly string[] {
  if (read.kind === 'refused') return [`its ISO cannot be used: ${read.reason}`];
  const { iso } = read;
  const { opening } = iso;
  const found = opening.kind === 'closed' ? [`not opened: ${harmless(opening.reason)}`] : openedLines(opening);
  return [aboutIso(iso), ...found];
}

function aboutIso({ label, firmware, isHybrid }: Iso): string {
  const names = { bios: 'BIOS', uefi: 'UEFI', other: 'other machines' };
  const boots =
    firmware.length === 0 ? 'boots as a CD nowhere' : `boots on ${firmware.map((one) => names[one]).join(', ')}`;
  return [harmless(label), boots, ...(isHybrid ? ['a disk as well'] : [])].filter((text) => text !== '').join(', ');
}

/** How it was found what is started: `by /boot/grub/grub.cfg, entry "Live"`. */
export function howFound({ by, menu, system }: Pick<OpenedIso, 'by' | 'menu' | 'system'>): string {
  if (by === 'assignment') return 'by the assignment';
  if (menu !== undefined) return `by ${harmless(menu.file)}, entry "${harmless(menu.title)}"`;
  return system === undefined ? 'by its layout' : `as ${system} has it`;
}

function openedLines(opened: OpenedIso): readonly string[] {
  const { by, kernel, initrds, root, commandLine, leftOut, system, wants } = opened;
  const whose = by === 'layout' || system === undefined ? '' : `: ${system}`;
  return [
    `opened ${howFound(opened)}${whose}`,
    `kernel ${fileText(kernel)}, ${kernelLine(kernel.facts)}`,
    ...initrds.map((file) => `initramfs ${fileText(file)}`),
    ...(root === undefined ? [] : [`root ${fileText(root)}`]),
    ...(commandLine === '' ? [] : [`cmdline ${harmless(commandLine)}`]),
    ...(leftOut.length === 0 ? [] : [`left out, being for its loader to work out: ${harmless(leftOut.join(' '))}`]),
    ...(wants === undefined ? [] : [`without it as a medium: ${wants}`]),
  ];
}

function fileText({ path, part }: IsoFile): string {
  return `${harmless(path)} ${formatBytes(part.length)}`;
}
