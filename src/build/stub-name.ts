/** As systemd calls architectures, in the names of its stubs, by Go's names. */
const STUB_NAMES: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x64'],
  ['arm64', 'aa64'],
  ['386', 'ia32'],
  ['arm', 'arm'],
  ['riscv64', 'riscv64'],
  ['loong64', 'loongarch64'],
]);

/** `linuxx64.efi.stub`; undefined for an architecture that systemd has no stub for. */
export function stubNameOf(architecture: string): string | undefined {
  const name = STUB_NAMES.get(architecture);
  return name === undefined ? undefined : `linux${name}.efi.stub`;
}

/** Which packages have it. */
export const STUB_PACKAGES = 'systemd-boot-efi (Debian, Ubuntu) or systemd-boot-unsigned (Fedora)';
