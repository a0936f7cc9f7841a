import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { continuedContent } from '../../src/oci/continued-content.js';
import type { Descriptor } from '../../src/oci/descriptor.js';
import { blobOf } from '../fixtures/blobs.js';

const { bytes, descriptor } = blobOf(1_000);
const BROKEN = new BootlayerError('REGISTRY_UNREACHABLE', 'it broke');

/** Gives so many bytes each time, and then breaks or ends. */
function sourceOf(turns: readonly (number | BootlayerError)[], end: 'breaks' | 'ends' = 'breaks') {
  const asked: number[] = [];
  async function* give(from: number, count: number): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(from, from + count);
    if (from + count < bytes.length && end === 'breaks') throw BROKEN;
  }
  const fetchBlob = async (_blob: Descriptor, _signal?: AbortSignal, from = 0) => {
    const turn = turns[asked.length] ?? 0;
    asked.push(from);
    if (typeof turn !== 'number') throw turn;
    return give(from, turn);
  };
  return { source: { name: 'lab/os', fetchBlob }, asked };
}

async function read(source: ReturnType<typeof sourceOf>['source'], signal = new AbortController().signal) {
  const waits: number[] = [];
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  const pieces: Uint8Array[] = [];
  for await (const piece of continuedContent(descriptor, { source, signal, wait })) pieces.push(piece);
  return { whole: Buffer.concat(pieces), waits };
}

describe('continuedContent', () => {
  it.each(['breaks', 'ends'] as const)('goes on where its source %s early', async (end) => {
    const { source, asked } = sourceOf([300, 300, 400], end);
    const { whole, waits } = await read(source);
    expect(whole.equals(bytes)).toBe(true);
    expect([asked, waits]).toEqual([
      [0, 300, 600],
      [1_000, 2_000],
    ]);
  });

  it('gives up at the tenth break', async () => {
    const { source, asked } = sourceOf(Array<number>(20).fill(10));
    await expect(read(source)).rejects.toThrow('it broke');
    expect(asked).toHaveLength(10);
  });

  it('asks a source that has not begun no more than the source does itself', async () => {
    const { source, asked } = sourceOf([BROKEN]);
    await expect(read(source)).rejects.toThrow('it broke');
    expect(asked).toEqual([0]);
  });

  it('takes a no for an answer', async () => {
    const { source, asked } = sourceOf([300, new BootlayerError('IMAGE_NOT_FOUND', 'it is gone')]);
    await expect(read(source)).rejects.toThrow('it is gone');
    expect(asked).toEqual([0, 300]);
  });

  it('ends when it is to', async () => {
    const { source } = sourceOf([300, 300]);
    await expect(read(source, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
