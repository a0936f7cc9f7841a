import type { FileHandle } from 'node:fs/promises';
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { blobRanges, type RangeSource } from '../../src/catalog/blob-ranges.js';
import { type Iso, readIso } from '../../src/image/iso.js';
import type { OpenedIso } from '../../src/image/iso-opening.js';
import type { RangeReader } from '../../src/image/range-reader.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import { digestOf } from '../../src/oci/digest.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { HUGE_ISO_FILES, HUGE_ROOT_BYTES, hugeIso } from '../fixtures/huge-iso.js';
import { isoImage, NO_ROCK_RIDGE } from '../setup/iso.js';

/** What an image holds is known by little of it, however large it is. */

const [KIB, MIB, GIB] = [1024, 1024 ** 2, 1024 ** 3];

type Counted = { asked: number; bytes: number };

/** What the program holds at most, as it is after each read. */
class Watermark {
  readonly #before = Watermark.#now();
  #most = 0;

  static #now(): number {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  }

  look(): void {
    this.#most = Math.max(this.#most, Watermark.#now() - this.#before);
  }

  get grown(): number {
    return this.#most;
  }
}

function counted(file: FileHandle, size: number, onRead: () => void = () => undefined) {
  const count: Counted = { asked: 0, bytes: 0 };
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    count.asked += 1;
    count.bytes += bytesRead;
    onRead();
    return buffer.subarray(0, bytesRead);
  };
  return { file: { size, read } satisfies RangeReader, count };
}

/** As a registry gives it from anywhere, in pieces as they come by a network. */
function sourceOf(file: FileHandle, size: number): { readonly source: RangeSource; readonly count: Counted } {
  const count: Counted = { asked: 0, bytes: 0 };
  async function* pieces(from: number) {
    for (let at = from; at < size; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16 * KIB), 0, 16 * KIB, at);
      count.bytes += bytesRead;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
  const fetchBlob: RangeSource['fetchBlob'] = async (_descriptor, _signal, from = 0) => {
    count.asked += 1;
    return pieces(from);
  };
  return { source: { name: 'registry.lab:5000/os', fetchBlob }, count };
}

function described(size: number): Descriptor {
  return { mediaType: 'application/octet-stream', digest: digestOf(Buffer.from('an ISO')), size };
}

async function opened(file: RangeReader): Promise<Iso & { readonly opening: OpenedIso }> {
  const read = await readIso(file);
  if (read.kind === 'iso' && read.iso.opening.kind === 'opened') return { ...read.iso, opening: read.iso.opening };
  throw new Error(`it is not opened: ${JSON.stringify(read)}`);
}

describe('an ISO of more than 8 GiB', () => {
  let [folder, file, size] = ['', undefined as FileHandle | undefined, 0];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootlayer-huge-iso-'));
    const path = await hugeIso(folder);
    file = await open(path);
    const stats = await stat(path);
    size = stats.size;
    expect(stats.blocks * 512).toBeLessThan(32 * MIB);
  });
  afterAll(async () => {
    await file?.close();
    await rm(folder, { recursive: true, force: true });
  });
  const image = () => file ?? expect.unreachable();

  it('is opened by a dozen reads of its file, and no more memory than they take', async () => {
    const watermark = new Watermark();
    const { file: reader, count } = counted(image(), size, () => watermark.look());
    const { opening } = await opened(reader);
    const { kernel, initrds, root } = opening;
    expect(size).toBeGreaterThan(8 * GIB);
    for (const [{ path, part }, contents] of [
      [kernel, HUGE_ISO_FILES['live/vmlinuz']],
      [initrds[0] ?? expect.unreachable(), HUGE_ISO_FILES['live/initrd.img']],
    ] as const) {
      expect([path, part.offset > 4 * GIB, part.length]).toEqual([path, true, contents.length]);
      const { buffer } = await image().read(Buffer.alloc(part.length), 0, part.length, part.offset);
      expect([path, buffer.equals(contents)]).toEqual([path, true]);
    }
    expect(root).toMatchObject({ path: '/live/filesystem.squashfs', part: { length: HUGE_ROOT_BYTES } });
    expect(count.asked).toBeLessThan(16);
    expect(count.bytes).toBeLessThan(64 * KIB);
    expect(watermark.grown).toBeLessThan(1.5 * MIB);
  });

  it('is opened by four requests to its registry', async () => {
    const { source, count } = sourceOf(image(), size);
    const { opening } = await opened(blobRanges(source, described(size)));
    expect(opening).toEqual((await opened(counted(image(), size).file)).opening);
    expect(count.asked).toBeLessThan(5);
    expect(count.bytes).toBeLessThan(512 * KIB);
  });
});

/** As a DVD of packages has them in a folder: here in that of the kernel. */
const PACKAGES = Array.from({ length: 5_000 }, (_, number) => `live/package-${number}_1.2.3-4+deb13u1_amd64.deb`);

it.each([
  ['Rock Ridge', []],
  ['Joliet', NO_ROCK_RIDGE],
])('a folder of 5,000 files is read once, and by one request to a registry, by %s', async (_what, before) => {
  const many = Object.fromEntries(PACKAGES.map((path) => [path, '']));
  const bytes = await isoImage({ files: { ...many, ...HUGE_ISO_FILES }, before });
  const path = join(await temporaryFolder(), 'image.iso');
  await writeFile(path, bytes);
  const file = await open(path);
  onTestFinished(() => file.close());
  const { file: reader, count } = counted(file, bytes.length);
  const { opening } = await opened(reader);
  const { source, count: ofSource } = sourceOf(file, bytes.length);
  expect((await opened(blobRanges(source, described(bytes.length)))).opening).toEqual(opening);
  // As of the other image, but for the bytes of the folder.
  expect(count.asked).toBeLessThan(16);
  expect(count.bytes).toBeLessThan(MIB);
  expect(ofSource.asked).toBeLessThan(6);
  expect(ofSource.bytes).toBeLessThan(1.5 * MIB);
});
