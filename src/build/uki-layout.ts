import { type RefusedStub, refused, SECTION_HEADER_BYTES, type StubHeader, stubEnd, up } from './stub-header.js';

/** What is to be in a UKI. All figures in bytes. */
export type UkiSection = {
  readonly name: SectionName;
  readonly size: number;
  /** What it takes up in memory once it runs, where that is more. */
  readonly memorySize?: number;
};

/**
 * As systemd-stub(7) calls them, and in the order in which they are laid out: the kernel is the last, since an old one is unpacked
 * where it lies, and over what follows it.
 */
export const SECTION_NAMES = [
  '.osrel',
  '.cmdline',
  '.uname',
  '.dtb',
  '.splash',
  '.ucode',
  '.initrd',
  '.linux',
] as const;

export type SectionName = (typeof SECTION_NAMES)[number];

export type PlacedSection = UkiSection & {
  /** In memory, from where the program is loaded. */
  readonly address: number;
  /** In the file, and how much of it with what fills it up. */
  readonly offset: number;
  readonly stored: number;
  readonly isCode: boolean;
};

/** What is added to a stub, and what its header is to say then. */
export type UkiLayout = {
  readonly sections: readonly PlacedSection[];
  readonly fileSize: number;
  readonly imageSize: number;
  readonly codeSize: number;
  readonly dataSize: number;
};

export type LaidOut = { readonly kind: 'layout'; readonly layout: UkiLayout } | RefusedStub;

/** UEFI protects memory by pages, whatever the stub was linked for. */
const PAGE = 4_096;
/** Of every figure in a header. */
const MOST_BYTES = 0xffff_ffff;

/** Pure. Where each section goes (PE format, Microsoft), whatever their order is here. */
export function layoutUki(stub: StubHeader, wanted: readonly UkiSection[]): LaidOut {
  const twice = stub.sections.find(({ name }) => wanted.some((one) => one.name === name));
  if (twice !== undefined) return refused(`it has a section ${twice.name} already`);
  const free = Math.max(0, Math.floor((stub.room - stub.table) / SECTION_HEADER_BYTES) - stub.sections.length);
  if (wanted.length > free)
    return refused(`its header has room for ${free} more sections, and ${wanted.length} are to be added`);
  const inOrder = wanted.toSorted((a, b) => SECTION_NAMES.indexOf(a.name) - SECTION_NAMES.indexOf(b.name));
  const sections = placed(stub, inOrder);
  const sizeOf = (isCode: boolean) =>
    sections.filter((one) => one.isCode === isCode).reduce((sum, { stored }) => sum + stored, 0);
  const memoryEnd = Math.max(stub.imageSize, ...[...stub.sections, ...sections].map(endInMemory));
  const layout = {
    sections,
    fileSize: Math.max(stubEnd(stub), ...sections.map(({ offset, stored }) => offset + stored)),
    imageSize: up(memoryEnd, stub.sectionAlignment),
    codeSize: stub.codeSize + sizeOf(true),
    dataSize: stub.dataSize + sizeOf(false),
  };
  const { fileSize, imageSize, codeSize, dataSize } = layout;
  const most = Math.max(fileSize, imageSize, codeSize, dataSize);
  if (most > MOST_BYTES) return refused(`it would have ${most} bytes, and a program of UEFI has 4 GiB at most`);
  return { kind: 'layout', layout };
}

function placed(stub: StubHeader, sections: readonly UkiSection[]): readonly PlacedSection[] {
  const alignment = Math.max(stub.sectionAlignment, PAGE);
  let end = Math.max(0, ...stub.sections.map(endInMemory));
  let offset = stubEnd(stub);
  return sections.map((section) => {
    const stored = up(section.size, stub.fileAlignment);
    const one = { ...section, address: up(end, alignment), offset, stored, isCode: section.name === '.linux' };
    end = endInMemory(one);
    offset += stored;
    return one;
  });
}

type InMemory = {
  readonly address: number;
  readonly size: number;
  readonly stored: number;
  readonly memorySize?: number;
};

function endInMemory({ address, size, stored, memorySize = 0 }: InMemory): number {
  return address + Math.max(size, stored, memorySize);
}
