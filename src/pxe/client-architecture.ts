import type { Firmware } from '../machine/facts.js';

/** A value of DHCP option 93. */
export type ClientArchitecture = {
  readonly code: number;
  readonly name: string;
  /** How it boots, and for which processor (Go's name): missing where nothing of ours could be started. */
  readonly firmware?: Firmware;
  readonly architecture?: string;
};

/**
 * IANA "Processor Architecture Types" (RFC 5970 and later). The x86 of a BIOS says nothing of the processor: iPXE tells later
 * whether it is 64 bits wide. RFC 4578 took 9 for x64, and firmware of that reading is about (erratum of 2016).
 */
const ARCHITECTURES: readonly ClientArchitecture[] = [
  { code: 0, name: 'x86 BIOS', firmware: 'bios' },
  { code: 1, name: 'NEC PC98' },
  { code: 2, name: 'Itanium' },
  { code: 3, name: 'DEC Alpha' },
  { code: 4, name: 'Arc x86' },
  { code: 5, name: 'Intel Lean Client' },
  { code: 6, name: 'x86 UEFI', firmware: 'uefi', architecture: '386' },
  { code: 7, name: 'x64 UEFI', firmware: 'uefi', architecture: 'amd64' },
  { code: 8, name: 'EFI Xscale' },
  { code: 9, name: 'EBC, taken for x64 UEFI', firmware: 'uefi', architecture: 'amd64' },
  { code: 10, name: 'ARM 32-bit UEFI', firmware: 'uefi', architecture: 'arm' },
  { code: 11, name: 'ARM 64-bit UEFI', firmware: 'uefi', architecture: 'arm64' },
  { code: 12, name: 'PowerPC Open Firmware' },
  { code: 13, name: 'PowerPC ePAPR' },
  { code: 14, name: 'PowerPC OPAL v3' },
  { code: 15, name: 'x86 UEFI HTTP', firmware: 'uefi-http', architecture: '386' },
  { code: 16, name: 'x64 UEFI HTTP', firmware: 'uefi-http', architecture: 'amd64' },
  { code: 17, name: 'EBC HTTP, taken for x64 UEFI', firmware: 'uefi-http', architecture: 'amd64' },
  { code: 18, name: 'ARM 32-bit UEFI HTTP', firmware: 'uefi-http', architecture: 'arm' },
  { code: 19, name: 'ARM 64-bit UEFI HTTP', firmware: 'uefi-http', architecture: 'arm64' },
  { code: 20, name: 'x86 BIOS HTTP' },
  { code: 21, name: 'ARM 32-bit U-Boot', firmware: 'uefi', architecture: 'arm' },
  { code: 22, name: 'ARM 64-bit U-Boot', firmware: 'uefi', architecture: 'arm64' },
  { code: 23, name: 'ARM 32-bit U-Boot HTTP' },
  { code: 24, name: 'ARM 64-bit U-Boot HTTP' },
  { code: 25, name: 'RISC-V 32-bit UEFI', firmware: 'uefi' },
  { code: 26, name: 'RISC-V 32-bit UEFI HTTP', firmware: 'uefi-http' },
  { code: 27, name: 'RISC-V 64-bit UEFI', firmware: 'uefi', architecture: 'riscv64' },
  { code: 28, name: 'RISC-V 64-bit UEFI HTTP', firmware: 'uefi-http', architecture: 'riscv64' },
  { code: 29, name: 'RISC-V 128-bit UEFI', firmware: 'uefi' },
  { code: 30, name: 'RISC-V 128-bit UEFI HTTP', firmware: 'uefi-http' },
  { code: 31, name: 's390 basic' },
  { code: 32, name: 's390 extended', architecture: 's390x' },
  { code: 33, name: 'MIPS 32-bit UEFI', firmware: 'uefi' },
  { code: 34, name: 'MIPS 64-bit UEFI', firmware: 'uefi' },
  { code: 35, name: 'Sunway 32-bit UEFI', firmware: 'uefi' },
  { code: 36, name: 'Sunway 64-bit UEFI', firmware: 'uefi' },
  { code: 37, name: 'LoongArch 32-bit UEFI', firmware: 'uefi' },
  { code: 38, name: 'LoongArch 32-bit UEFI HTTP', firmware: 'uefi-http' },
  { code: 39, name: 'LoongArch 64-bit UEFI', firmware: 'uefi', architecture: 'loong64' },
  { code: 40, name: 'LoongArch 64-bit UEFI HTTP', firmware: 'uefi-http', architecture: 'loong64' },
  { code: 41, name: 'ARM rpiboot', architecture: 'arm64' },
];

const BY_CODE: ReadonlyMap<number, ClientArchitecture> = new Map(ARCHITECTURES.map((one) => [one.code, one]));

export const RPIBOOT = 41;

/** The first that is known of what a client says it is, of which firmware lists several; undefined when none is. */
export function firstKnown(codes: readonly number[]): ClientArchitecture | undefined {
  for (const code of codes) {
    const known = BY_CODE.get(code);
    if (known !== undefined) return known;
  }
  return undefined;
}
