import { type ContentsRole, eachContents, readLayer } from '../image/contents.js';
import type { ImageContents } from '../image/image.js';
import { DiskSource } from './disk-source.js';

/** What the files of an image are by how they begin. Throws USAGE where one cannot be read. */
export function contentsOfFiles(
  files: Readonly<Partial<Record<ContentsRole, string | undefined>>>,
): Promise<ImageContents> {
  return eachContents(async (role) => {
    const file = files[role];
    return file === undefined ? undefined : readFile(role, file);
  });
}

async function readFile(role: ContentsRole, file: string): Promise<ImageContents> {
  const source = await DiskSource.open(file, role);
  try {
    return await readLayer(role, source);
  } finally {
    await source.close();
  }
}
