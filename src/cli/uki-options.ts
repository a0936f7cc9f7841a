import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { UkiRecipe } from '../build/disk-uki.js';
import { STUB_PACKAGES, stubNameOf } from '../build/stub-name.js';
import { BootlayerError } from '../errors.js';
import { roomForArguments, tooLongBecause } from '../image/argument-room.js';
import type { Platform } from '../oci/platform.js';

/** The word in place of a file by which a UKI is made of its parts. */
export const MAKE = 'make';

/** What says how, and nothing without that word. */
export type UkiOptions = {
  readonly stub?: string;
  readonly osRelease?: string;
  readonly uname?: string;
  readonly dtb?: string;
  readonly splash?: string;
  readonly microcode?: string;
  readonly signKey?: string;
  readonly signCert?: string;
  readonly keepParts?: true;
};

const FLAGS: readonly (readonly [key: keyof UkiOptions, flags: string, help: string])[] = [
  ['stub', '--stub <file>', `systemd's EFI stub (default: that of the platform in /usr/lib/systemd/boot/efi)`],
  ['osRelease', '--os-release <file>', 'what the system says of itself, as os-release(5) has it'],
  ['uname', '--uname <version>', "the kernel's version (default: what a kernel of a PC says of itself)"],
  ['dtb', '--dtb <file>', 'a device tree'],
  ['splash', '--splash <file>', 'a BMP picture, shown meanwhile'],
  ['microcode', '--microcode <file>', 'a cpio archive of microcode, handed over before the initramfs'],
  ['signKey', '--sign-key <file>', 'sign it by sbsign, for Secure Boot: the key, PEM'],
  ['signCert', '--sign-cert <file>', 'and its certificate, PEM'],
  ['keepParts', '--keep-parts', 'keep kernel, initramfs and kernel arguments in the image, beside the UKI'],
];

export function withUkiOptions(command: Command): Command {
  for (const [, flags, help] of FLAGS) command.addOption(new Option(flags, help).helpGroup('With --uki make:'));
  return command;
}

/** The files of the image itself that go into a UKI. */
export type UkiFiles = { readonly uki?: string; readonly kernel?: string; readonly initramfs?: string };

/** `commandLine`: in one line, undefined where none is given. Undefined where no UKI is to be made. Throws USAGE. */
export function readUkiRecipe(
  { uki, kernel, initramfs }: UkiFiles,
  options: UkiOptions,
  { platform, commandLine }: { readonly platform: Platform; readonly commandLine: string | undefined },
): UkiRecipe | undefined {
  if (uki !== MAKE) {
    refuseWithoutMake(options);
    return undefined;
  }
  if (kernel === undefined) throw usage('a UKI is made of a kernel, and none is named', 'add --kernel');
  if (commandLine === '')
    throw usage('no kernel arguments are in the file of --cmdline', 'leave it out, or write some there');
  refuseLongArguments(commandLine, platform);
  const { osRelease, uname, dtb, splash, microcode } = options;
  const signing = readSigning(options);
  if (uname !== undefined && !/^[!-~]{1,255}$/.test(uname))
    throw usage(`"${uname}" is no version of a kernel`, 'write it as uname -r does, or leave --uname out');
  return {
    ...{ kernel, architecture: platform.architecture, stub: options.stub ?? findStub(platform.architecture) },
    ...(initramfs !== undefined && { initramfs }),
    ...(commandLine !== undefined && { commandLine }),
    ...(osRelease !== undefined && { 'os-release': osRelease }),
    ...(uname !== undefined && { uname }),
    ...(dtb !== undefined && { dtb }),
    ...(splash !== undefined && { splash }),
    ...(microcode !== undefined && { microcode }),
    ...(signing !== undefined && { signing }),
  };
}

function refuseWithoutMake(options: UkiOptions): void {
  const said = FLAGS.find(([key]) => options[key] !== undefined);
  if (said === undefined) return;
  const [flag] = said[1].split(' ', 1);
  throw usage(`${flag} says how a UKI is made, and none is made`, `add --uki ${MAKE}, or leave ${flag} out`);
}

/** More than kernels of that architecture take by iPXE, which may open the UKI. */
function refuseLongArguments(commandLine: string | undefined, { architecture }: Platform): void {
  const room = roomForArguments(architecture);
  const bytes = Buffer.byteLength(commandLine ?? '');
  if (bytes <= room) return;
  throw usage(`a UKI for ${architecture}: ${tooLongBecause(bytes, room)}`, 'shorten what is in the file of --cmdline');
}

function readSigning({ signKey, signCert }: UkiOptions): UkiRecipe['signing'] {
  if (signKey === undefined && signCert === undefined) return undefined;
  if (signKey !== undefined && signCert !== undefined) return { key: signKey, cert: signCert };
  const [named, missing] = signKey === undefined ? ['--sign-cert', '--sign-key'] : ['--sign-key', '--sign-cert'];
  throw usage(`a UKI is signed by a key with its certificate, and only ${named} is there`, `add ${missing}`);
}

const STUBS = '/usr/lib/systemd/boot/efi';

/** Where Debian, Fedora, Arch and others install it. Throws USAGE where it is not. Exported for its test. */
export function findStub(architecture: string, folder = STUBS): string {
  const name = stubNameOf(architecture);
  if (name === undefined) throw usage(`there are no UKIs for ${architecture}`, `build it without --uki ${MAKE}`);
  const stub = join(folder, name);
  if (existsSync(stub)) return stub;
  throw usage(`there is no stub ${stub}`, `install ${STUB_PACKAGES} of ${architecture}, or name its stub with --stub`);
}

function usage(what: string, remedy: string): BootlayerError {
  return new BootlayerError('USAGE', what, { remedy });
}
