import type { ImageContents } from '../image/image.js';
import { readKernel } from '../image/kernel-kind.js';
import type { RangeReader } from '../image/range-reader.js';
import { readUki } from '../image/uki.js';
import { DiskSource } from './disk-source.js';

/** What the files of an image are by how they begin. Throws USAGE where one cannot be read. */
export async function contentsOfFiles({
  kernel,
  uki,
}: {
  readonly kernel?: string | undefined;
  readonly uki?: string | undefined;
}): Promise<ImageContents> {
  return {
    ...(kernel !== undefined && { kernel: await reading(kernel, 'kernel', readKernel) }),
    ...(uki !== undefined && { uki: await reading(uki, 'uki', readUki) }),
  };
}

async function reading<T>(file: string, what: string, read: (from: RangeReader) => Promise<T>): Promise<T> {
  const source = await DiskSource.open(file, what);
  try {
    return await read(source);
  } finally {
    await source.close();
  }
}
