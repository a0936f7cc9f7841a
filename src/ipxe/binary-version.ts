/** SBAT's line for iPXE, which signed builds carry (shim: SBAT.md): `ipxe,1,iPXE,snponly.efi,1.21.1+git...,https://ipxe.org`. */
const BY_SBAT = /ipxe,\d+,iPXE,[^,\n]{1,64},([\w.+() -]{1,64}),/;
/** As iPXE's build makes it of its tag (iPXE: src/Makefile), ended by the NUL of a C string. */
const BY_BUILD = /(?<![\w.+-])(\d\.\d{1,3}\.\d{1,3}\+[\w.+ ()-]{0,58})\0/;

/** `1.21.1+git20250501.dad20602+dfsg-1`: which iPXE a program is; undefined where it is packed, as BIOS programs are, or none. Pure. */
export function versionIn(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  return (BY_SBAT.exec(text)?.[1] ?? BY_BUILD.exec(text)?.[1])?.trim();
}

/** The last Debian release's, of 2019: no HTTPS, and slow over TFTP. */
export function isOldVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < 1 || (major === 1 && minor < 20);
}
