/** One of the iPXE programs that firmware loads before anything else. */
export type IpxeBinary = {
  readonly file: string;
  readonly firmware: string;
  /** Client architectures (DHCP option 93, IANA "Processor Architecture Types") that load it. */
  readonly architectures: readonly number[];
  /** Go's name of the processor whose UEFI starts it. */
  readonly uefi?: string;
};

/**
 * What a rack of mixed machines needs; ipxe/README.md has the same table for people. By Debian 13's file names, which an
 * operator's own builds take, too. RFC 4578 took 7 for EBC and 9 for x64, and firmware of both readings is about (erratum
 * of 2016): the x64 program is for both.
 */
export const IPXE_BINARIES: readonly IpxeBinary[] = [
  { file: 'undionly.kpxe', firmware: 'BIOS', architectures: [0] },
  {
    file: 'snponly.efi',
    firmware: "UEFI amd64, by the firmware's driver",
    architectures: [7, 9, 16, 17],
    uefi: 'amd64',
  },
  { file: 'ipxe.efi', firmware: 'UEFI amd64, by drivers of its own', architectures: [7, 9, 16, 17], uefi: 'amd64' },
  { file: 'ipxe-arm64.efi', firmware: 'UEFI arm64', architectures: [11, 19, 22], uefi: 'arm64' },
];

/** What starts the program of that name, wherever it lies: `BIOS`, `UEFI arm64`; undefined where the table does not know it. */
export function platformOfBinary(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const known = IPXE_BINARIES.find(({ file }) => file === name);
  if (known === undefined) return undefined;
  return known.uefi === undefined ? 'BIOS' : `UEFI ${known.uefi}`;
}

/** By the names of the files, those first that are tried first; `architecture`: Go's name. */
export function uefiLoadersFor(architecture: string): readonly string[] {
  return IPXE_BINARIES.filter(({ uefi }) => uefi === architecture).map(({ file }) => file);
}
