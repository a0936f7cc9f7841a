/** Architectures, as OCI says them, by what a program's header says (PE format, Microsoft: "Machine Types"). */
const ARCHITECTURES: ReadonlyMap<number, string> = new Map([
  [0x8664, 'amd64'],
  [0x014c, '386'],
  [0xaa64, 'arm64'],
  [0x01c2, 'arm'],
  [0x01c4, 'arm'],
  [0x5064, 'riscv64'],
  [0x6264, 'loong64'],
]);

/** undefined for one that nobody here knows. */
export function architectureOfMachine(machine: number): string | undefined {
  return ARCHITECTURES.get(machine);
}
