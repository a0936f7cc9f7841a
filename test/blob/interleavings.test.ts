import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlobCache } from '../../src/blob/blob-cache.js';
import type { BlobReader } from '../../src/blob/blob-reader.js';
import type { BlobSource, BlobStore } from '../../src/blob/blob-store.js';
import { DiskBlobStore } from '../../src/blob/disk-blob-store.js';
import { HOLD_BACK_BYTES } from '../../src/blob/fill.js';
import { readPartName } from '../../src/blob/layout.js';
import { MemoryBlobStore } from '../../src/blob/memory-blob-store.js';
import { BootlayerError } from '../../src/errors.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { temporaryFolder } from '../fixtures/folder.js';

/**
 * The promise of the cache, for any blob, any fault of the source, any chunks, any readers and any order in which they
 * get their turn: a reader that finishes has read exactly the blob, and nobody ever has the end of a wrong one.
 */
describe('readers and a download in any order', () => {
  it('in memory', async () => {
    await prove(async () => new MemoryBlobStore(), 300);
  });

  it('on disk', async () => {
    const all = await temporaryFolder();
    let folder = '';
    let runs = 0;
    const open = () => {
      runs += 1;
      folder = join(all, String(runs));
      return DiskBlobStore.open(folder);
    };
    const left = async () => [
      ...(await readdir(join(folder, 'ingest'))),
      ...(await readdir(join(folder, 'blobs/sha256'))),
    ];
    await prove(open, 60, left);
  });
});

const KIB = 1024;

type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'flipped'; readonly at: number }
  | { readonly kind: 'short'; readonly by: number }
  | { readonly kind: 'long'; readonly by: number }
  /** The source fails when it has given so much. */
  | { readonly kind: 'broken'; readonly after: number };

type Habit = {
  /**
   * `part` waits for the whole and reads from `from` on, `peek` tries to read the last byte again and again, `leave`
   * hangs up at `from`.
   */
  readonly kind: 'follow' | 'part' | 'peek' | 'leave';
  readonly from: number;
  /** How much is read at once. */
  readonly step: number;
  /** How many turns pass before it comes. */
  readonly late: number;
};

type Story = {
  readonly size: number;
  readonly fault: Fault;
  readonly chunks: readonly number[];
  readonly readers: readonly Habit[];
};

type Result = {
  readonly habit: Habit;
  readonly from: number;
  readonly read: Buffer;
  readonly end: 'finished' | 'left' | string;
};

type Turn = () => Promise<unknown>;

async function prove(
  open: () => Promise<BlobStore>,
  numRuns: number,
  left: () => Promise<readonly string[]> = async () => [],
): Promise<void> {
  const seen = { finished: 0, refused: 0 };
  const property = fc.asyncProperty(fc.scheduler(), story(), async (scheduler, told) => {
    const store = await open();
    const turn = () => scheduler.schedule(Promise.resolve());
    const results = await scheduler.waitFor(play(store, told, turn));
    judge(told, results);
    const { digest, size } = blobOf(told.size).descriptor;
    expect(await store.list()).toEqual(told.fault.kind === 'none' ? [{ digest, size }] : []);
    await store.delete(digest);
    // A download that broke is gone on with the next time; nothing else leaves anything.
    const mayLeave = told.fault.kind === 'broken' || told.fault.kind === 'short' ? digest : undefined;
    const others = (await left()).filter((name) => mayLeave === undefined || readPartName(name)?.digest !== mayLeave);
    expect(others).toEqual([]);
    if (mayLeave !== undefined) await store.deletePart(mayLeave);
    for (const { end } of results) {
      if (end === 'finished') seen.finished += 1;
      else if (end !== 'left') seen.refused += 1;
    }
  });
  await fc.assert(property, { numRuns });
  // Both halves of the promise were put to the test.
  expect(seen.finished).toBeGreaterThan(numRuns / 10);
  expect(seen.refused).toBeGreaterThan(numRuns / 10);
}

function story(): fc.Arbitrary<Story> {
  const size = fc.oneof(
    fc.nat(3),
    fc.integer({ min: HOLD_BACK_BYTES - 2, max: HOLD_BACK_BYTES + 2 }),
    fc.integer({ min: 100 * KIB, max: 600 * KIB }),
    fc.constantFrom(256 * KIB, 512 * KIB),
  );
  return size.chain((bytes) =>
    fc.record({
      size: fc.constant(bytes),
      fault: faultOf(bytes),
      chunks: fc.array(fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 10 * KIB, max: 300 * KIB })), {
        maxLength: 12,
      }),
      readers: fc.array(habitOf(bytes), { minLength: 1, maxLength: 5 }),
    }),
  );
}

function faultOf(size: number): fc.Arbitrary<Fault> {
  const none = fc.constant<Fault>({ kind: 'none' });
  // Nobody is asked for nothing.
  if (size === 0) return none;
  const long = fc.record({ kind: fc.constant('long' as const), by: fc.integer({ min: 1, max: 300 * KIB }) });
  const broken = fc.record({ kind: fc.constant('broken' as const), after: fc.nat(size - 1) });
  const flipped = fc.record({ kind: fc.constant('flipped' as const), at: fc.nat(size - 1) });
  const short = fc.record({ kind: fc.constant('short' as const), by: fc.integer({ min: 1, max: size }) });
  return fc.oneof({ weight: 3, arbitrary: none }, long, broken, flipped, short);
}

function habitOf(size: number): fc.Arbitrary<Habit> {
  return fc.record({
    kind: fc.constantFrom('follow', 'part', 'peek', 'leave'),
    from: fc.nat(size),
    step: fc.integer({ min: 40 * KIB, max: 400 * KIB }),
    late: fc.nat(8),
  });
}

async function play(store: BlobStore, told: Story, turn: Turn): Promise<Result[]> {
  const { descriptor } = blobOf(told.size);
  const source = sourceOf(told, turn);
  const wait = async () => undefined;
  const cache = new BlobCache({ store, events: () => undefined, clock: { now: () => 0 }, wait });
  const last: Habit = { kind: 'part', from: 0, step: 400 * KIB, late: 9 };
  const results = await Promise.all(
    [...told.readers, last].map(async (habit) => {
      for (let wait = 0; wait < habit.late; wait += 1) await turn();
      return read(await cache.open(descriptor, [source]), habit, turn);
    }),
  );
  await cache.close();
  return results;
}

function sourceOf({ size, fault, chunks }: Story, turn: Turn): BlobSource {
  const bytes = sentBytes(blobOf(size).bytes, fault);
  async function* all(from: number): AsyncIterable<Uint8Array> {
    let at = from;
    for (const length of chunks) {
      await turn();
      yield bytes.subarray(at, at + length);
      at = Math.min(bytes.length, at + length);
    }
    await turn();
    yield bytes.subarray(at);
    await turn();
    if (fault.kind === 'broken') throw new BootlayerError('REGISTRY_UNREACHABLE', 'the connection broke');
  }
  return { name: 'registry.example', fetch: async (_descriptor, _signal, from) => all(from) };
}

function sentBytes(bytes: Buffer, fault: Fault): Buffer {
  switch (fault.kind) {
    case 'none':
      return bytes;
    case 'flipped':
      return damaged(bytes, fault.at);
    case 'short':
      return bytes.subarray(0, bytes.length - fault.by);
    case 'long':
      return Buffer.concat([bytes, Buffer.alloc(fault.by)]);
    case 'broken':
      return bytes.subarray(0, fault.after);
  }
}

async function read(reader: BlobReader, habit: Habit, turn: Turn): Promise<Result> {
  const parts: Buffer[] = [];
  const from = habit.kind === 'peek' ? Math.max(0, reader.size - 1) : habit.kind === 'part' ? habit.from : 0;
  const result = (end: Result['end']): Result => ({ habit, from, read: Buffer.concat(parts), end });
  try {
    const take = (position: number, length: number) => takePart(reader, parts, { position, length });
    if (habit.kind === 'peek') return result(await peek(() => take(from, 1), turn));
    if (habit.kind === 'part') await reader.whole();
    for (let position = from; ; ) {
      await turn();
      if (habit.kind === 'leave' && position >= habit.from) return result('left');
      const available = await reader.available(position);
      if (available === 0) return result('finished');
      await turn();
      position += await take(position, Math.min(available, habit.step));
    }
  } catch (thrown) {
    return result(BootlayerError.from(thrown).code);
  } finally {
    await reader.close();
  }
}

async function takePart(
  reader: BlobReader,
  parts: Buffer[],
  { position, length }: { readonly position: number; readonly length: number },
): Promise<number> {
  const target = Buffer.alloc(length);
  const count = await reader.read(target, position);
  parts.push(target.subarray(0, count));
  return count;
}

async function peek(take: () => Promise<number>, turn: Turn): Promise<'finished' | 'left'> {
  for (let tries = 0; tries < 20; tries += 1) {
    await turn();
    if ((await take()) > 0) return 'finished';
  }
  return 'left';
}

/** What readers are told of each fault. Too few are not wrong ones. */
const CODES: Readonly<Record<Exclude<Fault['kind'], 'none'>, string>> = {
  flipped: 'DIGEST_MISMATCH',
  short: 'BLOB_UNAVAILABLE',
  long: 'DIGEST_MISMATCH',
  broken: 'REGISTRY_UNREACHABLE',
};

function judge({ size, fault }: Story, results: readonly Result[]): void {
  const { bytes } = blobOf(size);
  for (const { habit, from, read: got, end } of results) {
    if (fault.kind !== 'none') {
      const mayLeave = habit.kind === 'leave' || habit.kind === 'peek';
      expect([CODES[fault.kind], ...(mayLeave ? ['left'] : [])]).toContain(end);
      if (got.length > 0) expect(from + got.length).toBeLessThanOrEqual(size - HOLD_BACK_BYTES);
      continue;
    }
    expect(end === 'finished' || ((habit.kind === 'leave' || habit.kind === 'peek') && end === 'left')).toBe(true);
    const expected = end === 'finished' ? bytes.subarray(from) : bytes.subarray(from, from + got.length);
    expect(got.equals(expected)).toBe(true);
  }
}
