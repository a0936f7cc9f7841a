import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BootlayerError, systemErrorCode } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { Digest } from '../oci/digest.js';
import type { BlobStore, ByteReader, Ingest, StoredBlob } from './blob-store.js';
import { DiskIngest } from './disk-ingest.js';
import { diskProblem } from './disk-problem.js';
import { DiskReader } from './disk-reader.js';
import {
  BLOBS,
  blobPath,
  digestOfFile,
  INDEX_CONTENTS,
  INDEX_FILE,
  INGEST,
  ingestPath,
  LAYOUT_CONTENTS,
  LAYOUT_FILE,
} from './layout.js';

/** Blobs as files in an OCI image layout. Only one server uses the folder (the state beside it is locked). */
export class DiskBlobStore implements BlobStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder when it is missing and removes what a crash left half received. Throws DATA_UNUSABLE, DISK_FULL. */
  static async open(folder: string): Promise<DiskBlobStore> {
    try {
      await mkdir(join(folder, BLOBS), { recursive: true });
      await rm(join(folder, INGEST), { recursive: true, force: true });
      await mkdir(join(folder, INGEST));
      await writeWhenMissing(join(folder, LAYOUT_FILE), LAYOUT_CONTENTS);
      await writeWhenMissing(join(folder, INDEX_FILE), INDEX_CONTENTS);
      await proveWritable(join(folder, BLOBS));
    } catch (cause) {
      throw diskProblem(folder, cause);
    }
    return new DiskBlobStore(folder);
  }

  async open(descriptor: Descriptor): Promise<ByteReader | undefined> {
    const path = join(this.#folder, blobPath(descriptor.digest));
    const reader = await this.#openFile(path);
    if (reader === undefined || reader.size === descriptor.size) return reader;
    await reader.close();
    return this.#wrongSize(path, descriptor, reader.size);
  }

  ingest(descriptor: Descriptor): Promise<Ingest> {
    const part = join(this.#folder, ingestPath(descriptor.digest, randomBytes(6).toString('hex')));
    return DiskIngest.create(descriptor, part, join(this.#folder, blobPath(descriptor.digest)));
  }

  list(): Promise<readonly StoredBlob[]> {
    return listBlobs(this.#folder);
  }

  async delete(digest: Digest): Promise<boolean> {
    try {
      await unlink(join(this.#folder, blobPath(digest)));
      return true;
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return false;
      throw diskProblem(this.#folder, cause);
    }
  }

  async #openFile(path: string): Promise<DiskReader | undefined> {
    try {
      return await DiskReader.open(path);
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return undefined;
      throw diskProblem(path, cause);
    }
  }

  /** Either the descriptor lies, or somebody damaged the file: then it goes, and is fetched again. */
  async #wrongSize(path: string, { digest, size }: Descriptor, actual: number): Promise<undefined> {
    if ((await hashFile(path)) === digest) {
      throw new BootlayerError('DIGEST_MISMATCH', `${digest} has ${actual} bytes, and ${size} were promised`, {
        remedy: 'the manifest that names it is wrong: push the image again',
      });
    }
    await this.delete(digest);
    return undefined;
  }
}

/** What a cache folder holds, without touching it: a server may be using it. Throws DATA_UNUSABLE. */
export async function listBlobs(folder: string): Promise<readonly StoredBlob[]> {
  const blobs: StoredBlob[] = [];
  for (const name of await namesIn(join(folder, BLOBS))) {
    const digest = digestOfFile(name);
    const found = digest === undefined ? undefined : await stat(join(folder, BLOBS, name)).catch(() => undefined);
    if (digest !== undefined && found?.isFile() === true) blobs.push({ digest, size: found.size });
  }
  return blobs;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return [];
    throw diskProblem(folder, cause);
  }
}

async function writeWhenMissing(path: string, contents: string): Promise<void> {
  const there = await readFile(path, 'utf8').catch(() => undefined);
  if (there === undefined || there === '') await writeFile(path, contents);
}

/** A folder may look fine and be on a disk mounted read-only. */
async function proveWritable(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${randomBytes(6).toString('hex')}`);
  await writeFile(probe, 'probe');
  await unlink(probe);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Uint8Array);
  } finally {
    await file.close();
  }
  return `sha256:${hash.digest('hex')}`;
}
