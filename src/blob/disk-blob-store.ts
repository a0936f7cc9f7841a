import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { makeFolder } from '../disk-access.js';
import { BootlayerError, systemErrorCode } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { BlobStore, ByteReader, Ingest, StoredBlob, UsedBlob } from './blob-store.js';
import { DiskIngest } from './disk-ingest.js';
import { diskProblem } from './disk-problem.js';
import { DiskReader } from './disk-reader.js';
import { hashOf } from './hash.js';
import {
  BLOBS,
  blobPath,
  digestOfFile,
  digestOfPart,
  INDEX_CONTENTS,
  INDEX_FILE,
  INGEST,
  ingestPath,
  LAYOUT_CONTENTS,
  LAYOUT_FILE,
} from './layout.js';

/** Half a download is worth so much longer than the trouble that ended it. */
const KEPT_MILLISECONDS = 24 * 3_600_000;

/** Blobs as files in an OCI image layout. Only one server uses the folder (the state beside it is locked). */
export class DiskBlobStore implements BlobStore {
  readonly #folder: string;
  /** One at a time: what one finds damaged and removes, another must not remove again when it has just come anew. */
  readonly #judging = pLimit(1);
  /** Since the start; what was used before, the file system knows to the day. */
  readonly #used = new Map<Digest, number>();
  /** Files that were found intact though somebody said they are of another size: they are not hashed again. */
  readonly #intact = new Map<Digest, string>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder when it is missing; what is in `ingest/` and nobody went on with for a day goes. Throws DATA_UNUSABLE, DISK_FULL. */
  static async open(folder: string, now = Date.now()): Promise<DiskBlobStore> {
    try {
      await makeLayout(folder);
      await removeLeftovers(join(folder, INGEST), now);
      await proveWritable(folder);
    } catch (cause) {
      throw diskProblem(folder, cause);
    }
    return new DiskBlobStore(folder);
  }

  async open(descriptor: Descriptor): Promise<ByteReader | undefined> {
    const reader = await this.#openFile(descriptor.digest);
    if (reader === undefined || reader.size === descriptor.size) return reader;
    await reader.close();
    return this.#judging(() => this.#judge(descriptor));
  }

  async ingest(descriptor: Descriptor): Promise<Ingest> {
    try {
      // Somebody may have emptied the folder to make room.
      await makeLayout(this.#folder);
    } catch (cause) {
      throw diskProblem(this.#folder, cause);
    }
    const final = join(this.#folder, blobPath(descriptor.digest));
    for (const left of await this.#leftOf(descriptor.digest)) {
      const resumed = await DiskIngest.resume(descriptor, left, final).catch(() => undefined);
      if (resumed !== undefined) return resumed;
      // What cannot be gone on with is in nobody's way.
      await unlink(left).catch(() => undefined);
    }
    const part = join(this.#folder, ingestPath(descriptor.digest, randomBytes(6).toString('hex')));
    return DiskIngest.create(descriptor, part, final);
  }

  async list(): Promise<readonly StoredBlob[]> {
    return (await this.usage()).map(({ digest, size }) => ({ digest, size }));
  }

  async usage(): Promise<readonly UsedBlob[]> {
    const blobs = await listBlobs(this.#folder);
    return blobs.map((blob) => ({ ...blob, lastUsed: this.#used.get(blob.digest) ?? blob.lastUsed }));
  }

  async delete(digest: Digest): Promise<boolean> {
    this.#used.delete(digest);
    return removeBlob(this.#folder, digest);
  }

  /** Parts of it that were kept; more than one only when somebody put them there. */
  async #leftOf(digest: Digest): Promise<readonly string[]> {
    const names = await namesIn(join(this.#folder, INGEST));
    return names.filter((name) => digestOfPart(name) === digest).map((name) => join(this.#folder, INGEST, name));
  }

  async #openFile(digest: Digest): Promise<DiskReader | undefined> {
    const path = join(this.#folder, blobPath(digest));
    try {
      const reader = await DiskReader.open(path);
      this.#used.set(digest, Date.now());
      return reader;
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return undefined;
      throw diskProblem(path, cause);
    }
  }

  /**
   * A file of the wrong size: either the descriptor lies, or somebody damaged the file; then it goes, to be fetched
   * again. Looks once more, since whoever judged it before may have removed it, and a good one may have come.
   */
  async #judge(descriptor: Descriptor): Promise<ByteReader | undefined> {
    const { digest, size } = descriptor;
    const reader = await this.#openFile(digest);
    if (reader === undefined || reader.size === size) return reader;
    try {
      if (this.#intact.get(digest) !== reader.touch && (await hashOf(reader)) !== digest) {
        await this.delete(digest);
        return undefined;
      }
      this.#intact.set(digest, reader.touch);
    } finally {
      await reader.close();
    }
    throw new BootlayerError('DIGEST_MISMATCH', `${digest} has ${reader.size} bytes, and ${size} were promised`, {
      remedy: 'the manifest that names it is wrong: push the image again',
    });
  }
}

/** What a cache folder holds, without touching it: a server may be using it. Throws DATA_UNUSABLE. */
export async function listBlobs(folder: string): Promise<readonly UsedBlob[]> {
  const blobs: UsedBlob[] = [];
  for (const name of await namesIn(join(folder, BLOBS))) {
    const digest = digestOfFile(name);
    const found = digest === undefined ? undefined : await stat(join(folder, BLOBS, name)).catch(() => undefined);
    if (digest !== undefined && found?.isFile() === true)
      blobs.push({ digest, size: found.size, lastUsed: found.atimeMs });
  }
  return blobs;
}

/** Removes a blob from a cache folder; whether it was there. Whoever reads it goes on reading. Throws DATA_UNUSABLE. */
export async function removeBlob(folder: string, digest: Digest): Promise<boolean> {
  try {
    await unlink(join(folder, blobPath(digest)));
    return true;
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return false;
    throw diskProblem(folder, cause);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return [];
    throw diskProblem(folder, cause);
  }
}

async function makeLayout(folder: string): Promise<void> {
  await makeFolder(join(folder, BLOBS));
  await makeFolder(join(folder, INGEST));
  await writeWhenMissing(join(folder, LAYOUT_FILE), LAYOUT_CONTENTS);
  await writeWhenMissing(join(folder, INDEX_FILE), INDEX_CONTENTS);
}

async function writeWhenMissing(path: string, contents: string): Promise<void> {
  const there = await readFile(path, 'utf8').catch(() => undefined);
  if (there === undefined || there === '') await writeFile(path, contents);
}

/** Only files: nothing of ours is anything else. */
async function removeLeftovers(folder: string, now: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(folder, entry.name);
    const isRecent = (await stat(path)).mtimeMs > now - KEPT_MILLISECONDS;
    if (!isRecent || digestOfPart(entry.name) === undefined) await unlink(path);
  }
}

/** A folder may look fine and be on a disk mounted read-only, or its halves on two disks: does what an ingest does. */
async function proveWritable(folder: string): Promise<void> {
  const name = `.probe-${randomBytes(6).toString('hex')}`;
  const [part, final] = [join(folder, INGEST, name), join(folder, BLOBS, name)];
  await writeFile(part, 'probe');
  await rename(part, final);
  await unlink(final);
}
