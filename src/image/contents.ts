import { type Artifact, artifactOf, type ImageContents, type ResolvedImage } from './image.js';
import { readIso } from './iso.js';
import type { IsoFiles } from './iso-files.js';
import { readKernel } from './kernel-kind.js';
import type { RangeReader } from './range-reader.js';
import { readUki } from './uki.js';

/** Of what is read what it is; of all else its type says enough. */
export const CONTENTS_ROLES = ['kernel', 'uki', 'iso'] as const;
export type ContentsRole = (typeof CONTENTS_ROLES)[number];

/**
 * What that file is by how it begins, and where that leads to. Nothing that it was read out of is kept with it. Throws what the reader
 * throws.
 *
 * @param isoFiles what is to be started of an ISO, where somebody says that
 */
export async function readLayer(role: ContentsRole, file: RangeReader, isoFiles?: IsoFiles): Promise<ImageContents> {
  // A word that was cut out of a text keeps all of the text in memory (V8, sliced strings).
  return structuredClone(await READERS[role](file, isoFiles));
}

type Reader = (file: RangeReader, isoFiles: IsoFiles | undefined) => Promise<ImageContents>;

const READERS: Readonly<Record<ContentsRole, Reader>> = {
  kernel: async (file) => ({ kernel: await readKernel(file) }),
  uki: async (file) => ({ uki: await readUki(file) }),
  iso: async (file, isoFiles) => ({ iso: await readIso(file, isoFiles) }),
};

/** All that is found, each at the same time; what is undefined is left out. Throws what `find` throws. */
export async function eachContents(
  find: (role: ContentsRole) => Promise<ImageContents | undefined>,
): Promise<ImageContents> {
  const found = await Promise.all(CONTENTS_ROLES.map(find));
  return Object.assign({}, ...found) as ImageContents;
}

/** The same of layers that an image has. */
export function layerContents(
  image: Pick<ResolvedImage, 'artifacts'>,
  find: (layer: Artifact, role: ContentsRole) => Promise<ImageContents | undefined>,
): Promise<ImageContents> {
  return eachContents(async (role) => {
    const layer = artifactOf(image, role);
    return layer && find(layer, role);
  });
}

/** What is to be started of that layer of an image. Pure. */
export function isoFilesOf({ isoFiles }: Pick<ResolvedImage, 'isoFiles'>, role: ContentsRole): IsoFiles | undefined {
  return role === 'iso' ? isoFiles : undefined;
}

/** Of them, what is known of one; undefined where nothing is. Pure. */
export function contentsOf(contents: ImageContents, role: ContentsRole): ImageContents | undefined {
  const known = contents[role];
  return known && { [role]: known };
}

/**
 * Whether others than its image may have answered, since it cannot be used. What is no kernel that is known here stands against
 * nothing. Pure.
 */
export function isDoubtful({ uki, iso }: ImageContents): boolean {
  return uki?.kind === 'refused' || iso?.kind === 'refused';
}
