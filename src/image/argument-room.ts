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

/** On EFI, iPXE puts the image's name in front, and our scripts `initrd=initrd`. */
const IN_FRONT = 'vmlinuz initrd=initrd ';

/** How many bytes of arguments a kernel takes by iPXE. `mostOfKernel`: what its own header says, without the closing NUL. */
export function roomForArguments(architecture: string, mostOfKernel = 0): number {
  const most = (COMMAND_LINE_SIZES.get(architecture) ?? SMALLEST_COMMAND_LINE_SIZE) - 1;
  // A header that says nothing is no kernel that takes nothing.
  return (mostOfKernel > 0 ? Math.min(most, mostOfKernel) : most) - IN_FRONT.length;
}

/** What is said of arguments that are too long. */
export function tooLongBecause(bytes: number, room: number): string {
  return `its kernel arguments are ${bytes} bytes long, and ${room} fit`;
}
