import { screenText, type Word } from './word.js';

/**
 * iPXE scripts as values (ipxe: src/image/script.c, https://ipxe.org/scripting). A script is rendered from typed
 * commands; whatever a client or an operator wrote enters through `word.ts` only.
 */
export type Command = {
  readonly text: string;
  /** Where to go when the command fails; `ignore` goes on with the next one. Without it, failure ends the script. */
  readonly onFailure?: 'ignore' | { readonly goto: string };
};

const LABEL = /^[a-z][a-z0-9_]*$/;

export function comment(text: string): Command {
  return { text: `# ${screenText(text)}` };
}

/** A line on the machine's screen. */
export function echo(text: string): Command {
  return { text: `echo ${screenText(text)}` };
}

export function label(name: string): Command {
  return { text: `:${checkedLabel(name)}` };
}

export function goto(name: string): Command {
  return { text: `goto ${checkedLabel(name)}` };
}

export function sleep(seconds: number): Command {
  return { text: `sleep ${Math.ceil(seconds)}` };
}

/**
 * Leaves iPXE, so that the firmware tries its next boot device: UEFI does after a program that has failed, and shows its own menu after
 * one that has not (UEFI 2.10, 3.1.1; OVMF does). An iPXE on a BIOS would try its other cards after a failure.
 */
export function exit(): Command {
  return { text: 'iseq ${platform} pcbios && exit 0 || exit 1' };
}

/**
 * Starts the BIOS's first disk, as that itself would; goes on where there is none that boots. Without a description in the ACPI
 * tables, which is for disks on the network.
 */
export function bootFirstDisk(): Command {
  return { text: 'sanboot --no-describe --drive 0x80', onFailure: 'ignore' };
}

/** Starts what is at that URL as a disc, of which it reads what is asked for. What it starts does not come back; who fails does. */
export function bootDisc(url: Word, onFailure: string): Command {
  return { text: `sanboot --no-describe ${url}`, onFailure: { goto: checkedLabel(onFailure) } };
}

/** Starts counting the rounds of a loop at zero. */
export function resetCounter(name: string): Command {
  return { text: `set ${checkedLabel(name)}:int32 0` };
}

/** One round more; goes to `target` when there have been `limit` of them. iPXE has no retry command of its own. */
export function countTo(name: string, limit: number, target: string): readonly Command[] {
  const counter = checkedLabel(name);
  return [
    { text: `inc ${counter}` },
    { text: `iseq \${${counter}} ${limit} && goto ${checkedLabel(target)}`, onFailure: 'ignore' },
  ];
}

/** Sets a setting of ours to words of ours. */
export function set(name: string, value: Word): Command {
  return { text: `set ${checkedLabel(name)} ${value}` };
}

/**
 * Says `x86_64` for an i386 build on a 64-bit processor: CPUID leaf 0x80000001, EDX bit 29 (long mode).
 * Builds without the command go on with what they have.
 */
export function preferLongMode(name: string): Command {
  const target = checkedLabel(name);
  return { text: `iseq \${${target}} i386 && cpuid --ext 29 && set ${target} x86_64`, onFailure: 'ignore' };
}

/** Configures the network unless it is configured already. */
export function ensureNetwork(): Command {
  return { text: 'isset ${ip} || dhcp', onFailure: 'ignore' };
}

/**
 * Asks DHCP, whatever is known already: an iPXE that firmware has started has the firmware's address, and a card that is not
 * open ("Network unreachable", stock UEFI builds of 2025).
 */
export function configureNetwork(onFailure: string): Command {
  return { text: 'dhcp', onFailure: { goto: checkedLabel(onFailure) } };
}

/** Runs another script in place of this one. */
export function chain(url: Word, onFailure: string): Command {
  return { text: `chain --replace --autofree ${url}`, onFailure: { goto: checkedLabel(onFailure) } };
}

/** Forgets every image fetched so far: what is left of a failed round would be concatenated to the next initramfs. */
export function freeImages(): Command {
  return { text: 'imgfree', onFailure: 'ignore' };
}

/**
 * Fetches the kernel. `initrd=initrd` names its initramfs, or each of its parts, for EFI kernels older than 5.7, which do not ask
 * iPXE's LoadFile2 protocol; BIOS kernels and newer ones ignore it (ipxe: src/image/efi_image.c).
 */
export function kernel(
  url: Word,
  { words, initrds = [] }: { readonly words: Word; readonly initrds?: readonly string[] },
  onFailure: string,
): Command {
  const args = [...initrds.map((name) => `initrd=${checkedLabel(name)}`), ...(words === '' ? [] : [words])];
  return { text: ['kernel', url, ...args].join(' '), onFailure: { goto: checkedLabel(onFailure) } };
}

export function initrd(name: string, url: Word, onFailure: string): Command {
  return { text: `initrd --name ${checkedLabel(name)} ${url}`, onFailure: { goto: checkedLabel(onFailure) } };
}

export function boot(onFailure: string): Command {
  return { text: 'boot', onFailure: { goto: checkedLabel(onFailure) } };
}

export function renderScript(commands: readonly Command[]): string {
  return ['#!ipxe', ...commands.map(renderCommand), ''].join('\n');
}

function renderCommand(command: Command): string {
  if (command.onFailure === undefined) return command.text;
  return command.onFailure === 'ignore' ? `${command.text} ||` : `${command.text} || goto ${command.onFailure.goto}`;
}

function checkedLabel(name: string): string {
  if (!LABEL.test(name)) throw new RangeError(`"${name}" is no name for a label or setting`);
  return name;
}
