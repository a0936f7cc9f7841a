/**
 * COMMAND_LINE_SIZE, which counts the closing NUL, by Go's names (Linux: arch/<arch>/include/uapi/asm/setup.h, of x86
 * include/asm/setup.h). That of riscv64 was 512 before 6.4.
 */
const COMMAND_LINE_SIZES: ReadonlyMap<string, number> = new Map([
  ['amd64', 2_048],
  ['386', 2_048],
  ['arm64', 2_048],
  ['arm', 1_024],
  ['riscv64', 1_024],
  ['loong64', 4_096],
]);
/** Of include/uapi/asm-generic/setup.h. */
const SMALLEST_COMMAND_LINE_SIZE = 512;

/** On EFI, iPXE puts the name of what it starts in front. */
const KERNEL_NAME = 'vmlinuz ';
/** What has no initramfs may be a UKI, whose name is longer. */
const UKI_NAME = 'boot.efi ';

/** What is known of a kernel beside its architecture. */
export type KernelRoom = {
  /** What its own header says, without the closing NUL; 0 where it says nothing. */
  readonly mostOfKernel?: number | undefined;
  /** How many the script hands over. */
  readonly initrds?: number | undefined;
};

/** How many bytes of arguments a kernel takes by iPXE; 0 where what stands in front fills all of it. */
export function roomForArguments(architecture: string, { mostOfKernel = 0, initrds = 1 }: KernelRoom = {}): number {
  const most = (COMMAND_LINE_SIZES.get(architecture) ?? SMALLEST_COMMAND_LINE_SIZE) - 1;
  // A header that says nothing is no kernel that takes nothing.
  const size = mostOfKernel > 0 ? Math.min(most, mostOfKernel) : most;
  return Math.max(0, size - bytesInFront(initrds));
}

/** Our scripts say `initrd=initrd0 initrd=initrd1 initrd=initrd`. */
function bytesInFront(initrds: number): number {
  if (initrds === 0) return UKI_NAME.length;
  const numbers = Array.from({ length: initrds - 1 }, (_one, position) => `${position}`);
  return [...numbers, ''].reduce((bytes, number) => bytes + `initrd=initrd${number} `.length, KERNEL_NAME.length);
}

/** What is said of arguments that are too long. */
export function tooLongBecause(bytes: number, room: number): string {
  return `its kernel arguments are ${bytes} bytes long, and ${room} fit`;
}
