import { type IsoEntry, type IsoFolder, readFolder, rootFolder } from './iso-folder.js';
import { IsoListing } from './iso-listing.js';
import type { IsoVolume } from './iso-volume.js';
import type { FilePart, RangeReader } from './range-reader.js';

export type FoundInIso =
  | { readonly kind: 'file'; readonly path: string; readonly part: FilePart }
  | { readonly kind: 'missing' }
  /** It is there, and its bytes are not one part of the image. */
  | { readonly kind: 'refused'; readonly path: string; readonly reason: string };

/** The files of an image, of which only the directories on the way are read, each once. */
export type IsoTree = {
  /** By a path with or without a slash in front. Where there is no such name, case does not count. Throws what the reader throws. */
  find(path: string): Promise<FoundInIso>;
  /** What is in a folder; nothing where there is none. */
  list(path: string): Promise<IsoListing>;
};

/** More links than that lead in a circle. */
const MOST_LINKS = 8;
/** Deeper than any kernel lies. */
const MOST_DEPTH = 32;
/** Of all directories that are on the way, which may lie over one another: those of a DVD have a few kilobytes each. */
const MOST_DIRECTORY_BYTES = 8 * 1024 * 1024;

const NOTHING = new IsoListing([]);

type Found = IsoEntry | undefined;

/** Throws what the reader throws. */
export async function isoTree(file: RangeReader, volume: IsoVolume): Promise<IsoTree> {
  const root = await rootFolder(file, volume);
  const known = new Map<number, IsoListing>();
  let left = MOST_DIRECTORY_BYTES;
  const directories: RangeReader = {
    size: file.size,
    read: (offset, length) => {
      left -= length;
      return file.read(offset, length);
    },
  };

  async function listingOf(part: FilePart): Promise<IsoListing> {
    const before = known.get(part.offset);
    if (before !== undefined) return before;
    const folder: IsoFolder = { part, naming: root.naming };
    const listing = left > 0 ? new IsoListing(await readFolder(directories, folder)) : NOTHING;
    known.set(part.offset, listing);
    return listing;
  }

  async function walk(path: string, links = 0): Promise<Found> {
    const names = namesOf(path);
    if (links > MOST_LINKS || names.length > MOST_DEPTH) return undefined;
    let at: Found = { kind: 'folder', name: '', part: root.part };
    for (const [position, name] of names.entries()) {
      if (at?.kind !== 'folder') return undefined;
      const next: Found = (await listingOf(at.part)).named(name);
      if (next?.kind === 'link') {
        const from = names.slice(0, position).join('/');
        const target = next.target.startsWith('/') ? next.target : `${from}/${next.target}`;
        return walk([target, ...names.slice(position + 1)].join('/'), links + 1);
      }
      at = next;
    }
    return at;
  }

  return {
    find: async (path) => {
      const found = await walk(path);
      const whole = `/${namesOf(path).join('/')}`;
      if (found?.kind === 'file') return { kind: 'file', path: whole, part: found.part };
      return found?.kind === 'refused' ? { kind: 'refused', path: whole, reason: found.reason } : { kind: 'missing' };
    },
    list: async (path) => {
      const found = await walk(path);
      return found?.kind === 'folder' ? await listingOf(found.part) : NOTHING;
    },
  };
}

/** `..` leads no higher than to the root. */
function namesOf(path: string): readonly string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}
