import type { UkiLayout } from './uki-layout.js';

/** What of a stub's header says where further sections can go (PE format, Microsoft; all figures in bytes). */
export type StubHeader = {
  /** In the file: of its COFF header, and of its table of sections. */
  readonly coff: number;
  readonly table: number;
  /** By what addresses and offsets in the file are rounded up. */
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  /** Where what is not header begins: up to there the table may grow. */
  readonly room: number;
  readonly sections: readonly StubSection[];
  /** As the header has them; what it says of code and of data only informs. */
  readonly codeSize: number;
  readonly dataSize: number;
  readonly imageSize: number;
};

/** `size` in memory, `stored` in the file. */
export type StubSection = {
  readonly name: string;
  readonly size: number;
  readonly address: number;
  readonly stored: number;
  readonly offset: number;
};

export type ReadStubHeader = { readonly kind: 'stub'; readonly header: StubHeader } | RefusedStub;

/** What is wrong with a stub, or why it cannot take what is wanted. */
export type RefusedStub = { readonly kind: 'refused'; readonly reason: string };

export const SECTION_HEADER_BYTES = 40;
/** From the COFF header, signature included, to the optional one, and where in that its fields are: for 32 and 64 bits the same. */
const OPTIONAL = 24;
const [CODE, DATA, SECTION_ALIGNMENT, FILE_ALIGNMENT] = [OPTIONAL + 4, OPTIONAL + 8, OPTIONAL + 32, OPTIONAL + 36];
const [IMAGE, HEADERS, CHECKSUM] = [OPTIONAL + 56, OPTIONAL + 60, OPTIONAL + 64];
/** Before the optional header. */
const [COUNT, SYMBOLS, SYMBOL_COUNT, OPTIONAL_BYTES, CHARACTERISTICS] = [6, 12, 16, 20, 22];
const MOST_ALIGNMENT = 0x20_0000;
/** IMAGE_FILE_LOCAL_SYMS_STRIPPED. */
const NO_SYMBOLS = 0x0008;
/** IMAGE_SCN_MEM_READ with IMAGE_SCN_CNT_INITIALIZED_DATA, or with IMAGE_SCN_CNT_CODE. */
const [READABLE_DATA, READABLE_CODE] = [0x4000_0040, 0x4000_0020];

/** Pure. `bytes`: the whole stub, of which `readPe` says that it is a program. */
export function readStubHeader(bytes: Buffer): ReadStubHeader {
  const coff = bytes.readUInt32LE(0x3c);
  const table = coff + OPTIONAL + bytes.readUInt16LE(coff + OPTIONAL_BYTES);
  if (table < coff + CHECKSUM + 4) return refused('its header has no place for what it is to say');
  const sections = sectionsOf(bytes, table, bytes.readUInt16LE(coff + COUNT));
  const sectionAlignment = bytes.readUInt32LE(coff + SECTION_ALIGNMENT);
  const fileAlignment = bytes.readUInt32LE(coff + FILE_ALIGNMENT);
  if (![sectionAlignment, fileAlignment].every(isAlignment))
    return refused(`its sections are aligned to ${sectionAlignment} and ${fileAlignment} bytes`);
  const inFile = sections.filter(({ stored }) => stored > 0);
  if (inFile.some(({ offset }) => offset % fileAlignment !== 0))
    return refused('a section of it is not where its header says that sections begin');
  if (inFile.some(({ offset, stored }) => offset + stored > up(bytes.length, fileAlignment)))
    return refused('a section of it ends behind its end');
  const header = {
    ...{ coff, table, sectionAlignment, fileAlignment, sections },
    // What fills the header up belongs to it.
    room: Math.min(
      up(bytes.readUInt32LE(coff + HEADERS), fileAlignment),
      bytes.length,
      ...inFile.map(({ offset }) => offset),
    ),
    codeSize: bytes.readUInt32LE(coff + CODE),
    dataSize: bytes.readUInt32LE(coff + DATA),
    imageSize: bytes.readUInt32LE(coff + IMAGE),
  };
  return { kind: 'stub', header };
}

/**
 * Pure: the stub as a UKI begins with it, up to the first of its own sections. What follows a stub's last section goes, such as a
 * table of symbols: a gap between sections would be signed by some and not by others.
 */
export function stubWithSections(bytes: Buffer, header: StubHeader, layout: UkiLayout): Buffer {
  const { coff, table, sections, fileAlignment } = header;
  const stub = Buffer.alloc(stubEnd(header));
  bytes.copy(stub, 0, 0, Math.min(bytes.length, stub.length));
  for (const [position, { stored }] of sections.entries())
    stub.writeUInt32LE(up(stored, fileAlignment), table + position * SECTION_HEADER_BYTES + 16);
  stub.writeUInt16LE(sections.length + layout.sections.length, coff + COUNT);
  stub.writeUInt32LE(0, coff + SYMBOLS);
  stub.writeUInt32LE(0, coff + SYMBOL_COUNT);
  stub.writeUInt16LE(stub.readUInt16LE(coff + CHARACTERISTICS) | NO_SYMBOLS, coff + CHARACTERISTICS);
  stub.writeUInt32LE(layout.codeSize, coff + CODE);
  stub.writeUInt32LE(layout.dataSize, coff + DATA);
  stub.writeUInt32LE(layout.imageSize, coff + IMAGE);
  stub.writeUInt32LE(header.room, coff + HEADERS);
  // There is none: it would no longer be right.
  stub.writeUInt32LE(0, coff + CHECKSUM);
  for (const [position, section] of layout.sections.entries())
    writeSection(stub, table + (sections.length + position) * SECTION_HEADER_BYTES, section);
  return stub;
}

/** Where what is stored of a stub ends. */
export function stubEnd({ sections, room, fileAlignment }: StubHeader): number {
  const ends = sections.filter(({ stored }) => stored > 0).map(({ offset, stored }) => offset + stored);
  return up(Math.max(room, ...ends), fileAlignment);
}

export function refused(reason: string): RefusedStub {
  return { kind: 'refused', reason };
}

/** The next multiple. */
export function up(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function sectionsOf(bytes: Buffer, table: number, count: number): readonly StubSection[] {
  return Array.from({ length: count }, (_, position) => {
    const at = table + position * SECTION_HEADER_BYTES;
    return {
      name: bytes.toString('latin1', at, at + 8).replace(/\0+$/, ''),
      size: bytes.readUInt32LE(at + 8),
      address: bytes.readUInt32LE(at + 12),
      stored: bytes.readUInt32LE(at + 16),
      offset: bytes.readUInt32LE(at + 20),
    };
  });
}

function writeSection(stub: Buffer, at: number, section: UkiLayout['sections'][number]): void {
  stub.fill(0, at, at + SECTION_HEADER_BYTES);
  stub.write(section.name, at, 8, 'latin1');
  stub.writeUInt32LE(section.size, at + 8);
  stub.writeUInt32LE(section.address, at + 12);
  stub.writeUInt32LE(section.stored, at + 16);
  stub.writeUInt32LE(section.offset, at + 20);
  stub.writeUInt32LE(section.isCode ? READABLE_CODE : READABLE_DATA, at + 36);
}

function isAlignment(bytes: number): boolean {
  return bytes > 0 && bytes <= MOST_ALIGNMENT && (bytes & (bytes - 1)) === 0;
}
