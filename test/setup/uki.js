/**
 * A unified kernel image: systemd's EFI stub with what is to be booted as further sections of the same program
 * (Unified Kernel Image specification, uapi-group.org; PE format, Microsoft).
 * @typedef {{ name: string, contents: Uint8Array }} Section `name`: of at most eight bytes, `.linux`
 * @typedef {ReturnType<typeof readHeaders>} Headers
 */

const PE32_PLUS = 0x20b;
const SECTION_HEADER = 40;
/** Initialized data that may be read (IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ). */
const READABLE_DATA = 0x40000040;
/** UEFI protects memory by pages, whatever the stub was linked for. */
const PAGE = 0x1000;

/** @param {Uint8Array} stub @param {readonly Section[]} sections @returns {Buffer} */
export function uki(stub, sections) {
  const headers = readHeaders(Buffer.from(stub));
  const { sectionAlignment, fileAlignment } = headers;
  const room = Math.min(headers.size, ...headers.sections.map(({ offset }) => offset).filter((offset) => offset > 0));
  const all = headers.sections.length + sections.length;
  if (headers.table + all * SECTION_HEADER > room)
    throw new Error(`the stub has no room for the headers of ${sections.length} more sections`);
  const program = padded(stub, fileAlignment);
  const contents = sections.map((section) => padded(section.contents, fileAlignment));
  let end = Math.max(...headers.sections.map((one) => one.address + one.size));
  let offset = program.length;
  for (const [position, section] of sections.entries()) {
    const address = up(end, Math.max(sectionAlignment, PAGE));
    const stored = contents[position]?.length ?? 0;
    const at = headers.table + (headers.sections.length + position) * SECTION_HEADER;
    writeSection(program, at, { name: section.name, address, size: section.contents.length, offset, stored });
    offset += stored;
    end = address + section.contents.length;
  }
  const imageSize = up(end, sectionAlignment);
  writeHeaders(program, headers, { sections: all, imageSize, data: headers.data + offset - program.length });
  return Buffer.concat([program, ...contents]);
}

/** What of a PE file's headers matters here. Exported for its test. @param {Buffer} bytes */
export function readHeaders(bytes) {
  const start = bytes.readUInt32LE(0x3c);
  if (bytes.toString('latin1', start, start + 4) !== 'PE\0\0') throw new Error('this is no PE file');
  const optional = start + 24;
  if (bytes.readUInt16LE(optional) !== PE32_PLUS) throw new Error('this is no PE32+ file');
  const table = optional + bytes.readUInt16LE(start + 20);
  const sections = Array.from({ length: bytes.readUInt16LE(start + 6) }, (_, index) => {
    const at = table + index * SECTION_HEADER;
    return {
      name: bytes.toString('latin1', at, at + 8).replace(/\0+$/, ''),
      size: bytes.readUInt32LE(at + 8),
      address: bytes.readUInt32LE(at + 12),
      stored: bytes.readUInt32LE(at + 16),
      offset: bytes.readUInt32LE(at + 20),
    };
  });
  return {
    ...{ start, optional, table, sections },
    machine: bytes.readUInt16LE(start + 4),
    data: bytes.readUInt32LE(optional + 8),
    sectionAlignment: bytes.readUInt32LE(optional + 32),
    fileAlignment: bytes.readUInt32LE(optional + 36),
    imageSize: bytes.readUInt32LE(optional + 56),
    size: bytes.readUInt32LE(optional + 60),
  };
}

/** @param {Buffer} bytes @param {Headers} headers @param {{ sections: number, imageSize: number, data: number }} changed */
function writeHeaders(bytes, { start, optional }, { sections, imageSize, data }) {
  bytes.writeUInt16LE(sections, start + 6);
  bytes.writeUInt32LE(data, optional + 8);
  bytes.writeUInt32LE(imageSize, optional + 56);
  // The checksum is no longer right, and 0 says that there is none.
  bytes.writeUInt32LE(0, optional + 64);
}

/** @param {Buffer} bytes @param {number} at @param {Headers['sections'][number]} section */
function writeSection(bytes, at, { name, size, address, stored, offset }) {
  bytes.fill(0, at, at + SECTION_HEADER);
  bytes.write(name, at, 8, 'latin1');
  bytes.writeUInt32LE(size, at + 8);
  bytes.writeUInt32LE(address, at + 12);
  bytes.writeUInt32LE(stored, at + 16);
  bytes.writeUInt32LE(offset, at + 20);
  bytes.writeUInt32LE(READABLE_DATA, at + 36);
}

/** @param {Uint8Array} bytes @param {number} alignment */
function padded(bytes, alignment) {
  return Buffer.concat([bytes, Buffer.alloc(up(bytes.length, alignment) - bytes.length)]);
}

/** @param {number} value @param {number} alignment */
function up(value, alignment) {
  return Math.ceil(value / alignment) * alignment;
}
