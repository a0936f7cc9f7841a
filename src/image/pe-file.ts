import type { FilePart, RangeReader } from './range-reader.js';

/** A section of a program of UEFI: what of it stands in the file, without what only fills it up. */
export type PeSection = FilePart & { readonly name: string };

/** What the header of a program of UEFI says (PE/COFF, as the UEFI specification has it in 2.1.1). */
export type PeFile = {
  /** As the header has it, `0x8664` for x64. */
  readonly machine: number;
  /** Whether it carries signatures, of whomever: not one of its bytes may change then. */
  readonly isSigned: boolean;
  /** In the order of the table, some perhaps with the same name. */
  readonly sections: readonly PeSection[];
};

export type ReadPe =
  | { readonly kind: 'pe'; readonly file: PeFile }
  /** It is something else: a kernel without a stub, a script, nothing at all. */
  | { readonly kind: 'other' }
  /** It begins as one does, and cannot be one. */
  | { readonly kind: 'broken'; readonly reason: string };

/** What is read at once: where stubs have their headers. */
const FIRST_BYTES = 4_096;
/** Further down no stub has them: what is read of a file that says so is bounded. */
const MOST_HEADER_BYTES = 1024 * 1024;
/** Windows takes no more; a UKI with a hundred profiles has fewer. */
const MOST_SECTIONS = 1_024;
const [MZ_BYTES, COFF_BYTES, SECTION_BYTES] = [64, 24, 40];
/** Where the optional header has the number of data directories, and the directories themselves, by its magic. */
const DIRECTORIES_AT: Readonly<Record<number, number>> = { 267: 92, 523: 108 };
/** Of the attribute certificates, each 8 bytes. */
const CERTIFICATES = 4;

/**
 * Reads the header alone. Whatever a file says of itself, what is read of it is bounded, and no section leads out of it.
 * Throws what the reader throws.
 */
export async function readPe(file: RangeReader): Promise<ReadPe> {
  const first = await file.read(0, Math.min(FIRST_BYTES, file.size));
  if (first.length < 2 || first.toString('latin1', 0, 2) !== 'MZ') return { kind: 'other' };
  if (first.length < MZ_BYTES) return broken('it ends within its first header');
  const at = first.readUInt32LE(0x3c);
  if (at > MOST_HEADER_BYTES) return broken(`its header is to be at ${at}, beyond ${MOST_HEADER_BYTES}`);
  const coff = await through(file, first, { offset: at, length: COFF_BYTES });
  if (coff === undefined) return broken('it ends before its header');
  // A kernel that begins with MZ for the sake of old tools.
  if (coff.toString('latin1', 0, 4) !== 'PE\0\0') return { kind: 'other' };
  const count = coff.readUInt16LE(6);
  const optionalBytes = coff.readUInt16LE(20);
  if (count > MOST_SECTIONS) return broken(`it has ${count} sections, and ${MOST_SECTIONS} are read at most`);
  const length = optionalBytes + count * SECTION_BYTES;
  const rest = await through(file, first, { offset: at + COFF_BYTES, length });
  if (rest === undefined) return broken('it ends within its table of sections');
  const isSigned = hasCertificates(rest.subarray(0, optionalBytes));
  const table = rest.subarray(optionalBytes);
  const sections: PeSection[] = [];
  for (let entry = 0; entry < count; entry += 1) {
    const section = sectionOf(table.subarray(entry * SECTION_BYTES, (entry + 1) * SECTION_BYTES));
    if (section.offset + section.length > file.size)
      return broken(
        `its section ${section.name} ends at ${section.offset + section.length}, and it has ${file.size} bytes`,
      );
    sections.push(section);
  }
  return { kind: 'pe', file: { machine: coff.readUInt16LE(4), isSigned, sections } };
}

/** From what was read already, where it is all there; undefined where the file has no such part. */
async function through(file: RangeReader, first: Buffer, { offset, length }: FilePart): Promise<Buffer | undefined> {
  if (offset + length <= first.length) return first.subarray(offset, offset + length);
  if (offset + length > file.size) return undefined;
  const read = await file.read(offset, length);
  return read.length === length ? read : undefined;
}

function hasCertificates(optional: Buffer): boolean {
  if (optional.length < 2) return false;
  const at = DIRECTORIES_AT[optional.readUInt16LE(0)];
  if (at === undefined || optional.length < at + 4 + (CERTIFICATES + 1) * 8) return false;
  return optional.readUInt32LE(at) > CERTIFICATES && optional.readUInt32LE(at + 4 + CERTIFICATES * 8 + 4) > 0;
}

/** What it takes up in memory leaves out the padding of the file; where that is more, the rest is zeros that the file does not have. */
function sectionOf(entry: Buffer): PeSection {
  const name = entry.toString('latin1', 0, 8);
  const end = name.indexOf('\0');
  const length = Math.min(entry.readUInt32LE(8), entry.readUInt32LE(16));
  // Where there is nothing of it, where that is does not matter.
  const offset = length === 0 ? 0 : entry.readUInt32LE(20);
  return { name: printable(end === -1 ? name : name.slice(0, end)), offset, length };
}

/** It may be shown. */
function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?');
}

function broken(reason: string): ReadPe {
  return { kind: 'broken', reason };
}
