import type { Kysely } from 'kysely';
import type { ResolutionKey, ResolutionStore } from '../boot/ports.js';
import type { ImageWish, ResolvedImage } from '../image/image.js';
import { isoFilesName } from '../image/iso-files.js';
import { isDigest } from '../oci/digest.js';
import type { Schema } from './schema.js';
import { storedContents } from './stored-contents.js';
import type { WriteBatches } from './write-batches.js';

/** The last good resolution of each reference, architecture, variant, and wish of what its ISO starts, in SQL. */
export class SqlResolutionStore implements ResolutionStore {
  readonly #database: Kysely<Schema>;
  readonly #writes: WriteBatches;

  constructor(database: Kysely<Schema>, writes: WriteBatches) {
    this.#database = database;
    this.#writes = writes;
  }

  saveResolution(key: ResolutionKey, image: ResolvedImage, now: number): Promise<void> {
    const { isoFiles: _inKey, ...stored } = image;
    const found = { resolved_at: now, image: JSON.stringify(stored satisfies StoredImage) };
    return this.#writes.add(async (transaction) => {
      await transaction
        .insertInto('resolutions')
        .values({ ...columnsOf(key), ...found })
        .onConflict((conflict) => conflict.columns(KEY).doUpdateSet(found))
        .execute();
    });
  }

  async findResolution(key: ResolutionKey): Promise<ResolvedImage | undefined> {
    const { reference, os, architecture, variant, iso_files } = columnsOf(key);
    const row = await this.#database
      .selectFrom('resolutions')
      .select('image')
      .where('reference', '=', reference)
      .where('os', '=', os)
      .where('architecture', '=', architecture)
      .where('variant', '=', variant)
      .where('iso_files', '=', iso_files)
      .executeTakeFirst();
    return row === undefined ? undefined : readImage(row.image, key.wish);
  }

  async findArchitectures(reference: string): Promise<readonly string[]> {
    const rows = await this.#database
      .selectFrom('resolutions')
      .select('architecture')
      .distinct()
      .where('reference', '=', reference)
      .where('os', '=', 'linux')
      .orderBy('architecture')
      .execute();
    return rows.map(({ architecture }) => architecture);
  }
}

/** What is to be started of its ISO is a part of its key. */
type StoredImage = Omit<ResolvedImage, 'isoFiles'>;

const KEY = ['reference', 'os', 'architecture', 'variant', 'iso_files'] as const;

function columnsOf({ reference, wish }: ResolutionKey) {
  const { os, architecture, variant, isoFiles } = wish;
  return { reference, os, architecture, variant, iso_files: isoFilesName(isoFiles) };
}

/** We wrote it; a row that somebody changed is as good as missing. */
function readImage(text: string, { isoFiles }: Pick<ImageWish, 'isoFiles'>): ResolvedImage | undefined {
  try {
    const { contents: said, ...stored } = JSON.parse(text) as StoredImage;
    const image = { ...stored, ...(isoFiles !== undefined && { isoFiles }) };
    if (!isDigest(image.manifestDigest) || !Array.isArray(image.artifacts)) return undefined;
    const contents = storedContents(said);
    return contents === undefined ? image : { ...image, contents };
  } catch {
    return undefined;
  }
}
