import type { Config } from './config/schema.js';
import { IPXE_BINARIES, type IpxeBinary } from './ipxe/binaries.js';
import type { IpxeBinaries } from './ipxe/disk-binaries.js';

/** iPXE binaries that some machines ask for in vain. */
export type MissingIpxe = {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** What it means, and what to do. */
  readonly text: string;
};

type Settings = Pick<Config, 'dhcp' | 'tftp' | 'ipxe'>;

/** undefined where nobody misses any. `architectures`: Go's names of those that machines boot; without them, all that there are. */
export async function findMissingIpxe(
  binaries: Pick<IpxeBinaries, 'missing' | 'folders'>,
  config: Settings,
  architectures?: ReadonlySet<string>,
): Promise<MissingIpxe | undefined> {
  const missing = await binaries.missing();
  const missed = missing.filter(
    (binary) => isMissed(binary, missing, config) && (architectures === undefined || isForOne(binary, architectures)),
  );
  if (missed.length === 0) return undefined;
  const { folders } = binaries;
  const named = missed.map(({ file, firmware }) => `${file} (${firmware})`).join(', ');
  const remedy =
    config.ipxe.binaries !== undefined
      ? `put them there, or run "npm run ipxe -- ${folders.join()}" in a checkout`
      : 'run "npm run ipxe" in a checkout, install Debian 13\'s package ipxe, or set ipxe.binaries to a folder of your own';
  return {
    files: missed.map(({ file }) => file),
    folders,
    text: `no iPXE for some machines: ${named} cannot be read in ${folders.join(', ')}; ${remedy}`,
  };
}

/** Another DHCP server may name any of them. Ours takes the first that is there, and has none by TFTP where that is off. */
function isMissed({ uefi }: IpxeBinary, missing: readonly IpxeBinary[], { dhcp, tftp }: Settings): boolean {
  if (dhcp === undefined) return true;
  if (uefi === undefined) return tftp !== undefined;
  return IPXE_BINARIES.filter((other) => other.uefi === uefi).every((other) => missing.includes(other));
}

/** A BIOS is of x86. */
function isForOne({ uefi }: IpxeBinary, architectures: ReadonlySet<string>): boolean {
  return (uefi === undefined ? ['amd64', '386'] : [uefi]).some((one) => architectures.has(one));
}
