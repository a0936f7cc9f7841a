/**
 * A cpio archive in the "newc" format (Linux: Documentation/driver-api/early-userspace/buffer-format.rst), the same
 * bytes for the same entries.
 * @typedef {{ path: string, kind: 'folder' }
 *   | { path: string, kind: 'file', contents: Uint8Array, mode?: number }
 *   | { path: string, kind: 'link', target: string }
 *   | { path: string, kind: 'device', major: number, minor: number }} Entry
 */

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const S_IFCHR = 0o020000;

/** @param {readonly Entry[]} entries folders before what is in them @returns {Buffer} */
export function cpio(entries) {
  const records = entries.map((entry, index) => record(entry, index + 1));
  return Buffer.concat([...records, trailer()]);
}

/** @param {Entry} entry @param {number} inode */
function record(entry, inode) {
  switch (entry.kind) {
    case 'folder':
      return member({ inode, mode: S_IFDIR | 0o755, path: entry.path });
    case 'file':
      return member({ inode, mode: S_IFREG | (entry.mode ?? 0o644), path: entry.path, contents: entry.contents });
    case 'link':
      return member({ inode, mode: S_IFLNK | 0o777, path: entry.path, contents: Buffer.from(entry.target) });
    case 'device':
      return member({ inode, mode: S_IFCHR | 0o600, path: entry.path, major: entry.major, minor: entry.minor });
  }
}

function trailer() {
  return member({ inode: 0, mode: 0, path: 'TRAILER!!!' });
}

/** @param {{ inode: number, mode: number, path: string, contents?: Uint8Array, major?: number, minor?: number }} fields */
function member({ inode, mode, path, contents = Buffer.alloc(0), major = 0, minor = 0 }) {
  const name = Buffer.from(`${path}\0`);
  const numbers = [inode, mode, 0, 0, 1, 0, contents.length, 0, 0, major, minor, name.length, 0];
  const header = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(contents)]);
}

/** To a multiple of four bytes. @param {Uint8Array} bytes */
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
