import { formatBytes, harmless } from '../format.js';
import type { KernelFacts, KernelKind } from '../image/kernel-kind.js';
import type { FilePart } from '../image/range-reader.js';
import { type ReadUki, type Uki, type UkiProfile, unfilledIn } from '../image/uki.js';

const KERNEL_KINDS: Readonly<Record<KernelKind, string>> = {
  bzimage: 'a bzImage',
  image: 'an Image',
  zboot: 'packed as a program of UEFI (zboot)',
  gzip: 'packed by gzip, which iPXE unpacks for arm64 and riscv64',
  efi: 'a program of UEFI, and no kernel by itself',
  unknown: 'of no kind that is known here',
};

/** What a kernel is, for people. */
export function kernelLine({ kind, architecture, hasEfiStub }: KernelFacts): string {
  const whose = architecture === undefined ? [] : [`for ${architecture}`];
  const stub = kind === 'bzimage' || kind === 'image' ? [hasEfiStub ? 'with an EFI stub' : 'without an EFI stub'] : [];
  return [KERNEL_KINDS[kind], ...whose, ...stub].join(', ');
}

/** What a UKI holds, in lines for people. */
export function ukiLines(read: ReadUki): readonly string[] {
  if (read.kind === 'refused') return refusedLines(read);
  const { uki } = read;
  return [aboutUki(uki), aboutSigning(uki), ...uki.profiles.flatMap((profile) => profileLines(profile))];
}

/** What is a program of UEFI all the same, firmware may start. */
function refusedLines({ reason, isProgram, isSigned }: Extract<ReadUki, { kind: 'refused' }>): readonly string[] {
  if (isProgram === false) return [`it can be neither opened nor started: ${reason}`];
  const signing = isSigned === undefined ? [] : [aboutSigning({ isSigned })];
  return [`it cannot be opened: ${reason}`, 'firmware of UEFI may start it, as it is', ...signing];
}

function aboutUki({ architecture, osName, uname }: Uki): string {
  const named = osName === undefined ? [] : [harmless(osName)];
  const kernel = uname === undefined ? [] : [`kernel ${harmless(uname)}`];
  return [...named, ...kernel, architecture].join(', ');
}

/** By whom it is signed is not looked at: whom it trusts, only the machine knows. */
function aboutSigning({ isSigned }: Pick<Uki, 'isSigned'>): string {
  return isSigned
    ? 'signed: Secure Boot starts it, as it is, on machines that trust who signed it'
    : 'not signed: a machine whose Secure Boot is on does not start it';
}

function profileLines(profile: UkiProfile): readonly string[] {
  const { id, title, linux, initrds, commandLine, dtb } = profile;
  const name = title ?? id;
  const parts = [
    `kernel ${formatBytes(linux.length)}`,
    initrds.length === 0 ? 'no initramfs' : `initramfs ${formatBytes(sum(initrds))}`,
    ...(dtb === undefined ? [] : [`device tree ${formatBytes(dtb.length)}`]),
  ];
  return [
    `${name === undefined ? '' : `${harmless(name)}: `}${parts.join(', ')}`,
    commandLine === undefined ? 'no command line of its own' : `cmdline ${harmless(commandLine)}`,
    ...unfilledIn(profile).map((name) => `        {${name}} is not filled where firmware starts it`),
  ];
}

function sum(parts: readonly FilePart[]): number {
  return parts.reduce((bytes, { length }) => bytes + length, 0);
}
