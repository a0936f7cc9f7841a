import { describe, expect, it } from 'vitest';
import type { BlobSource } from '../../src/blob/blob-store.js';
import { Download } from '../../src/blob/download.js';
import { BootlayerError } from '../../src/errors.js';
import { blobOf } from '../fixtures/blobs.js';

const { bytes, descriptor } = blobOf(100);
const BROKEN = new BootlayerError('REGISTRY_UNREACHABLE', 'it hung up');

/** Gives so many bytes each time it is asked, and then breaks, or ends when it is told to. */
function source(name: string, step: number, end: 'break' | 'end' = 'break'): BlobSource & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    name,
    asked,
    fetch: async (_descriptor, _signal, from) => {
      asked.push(from);
      return (async function* () {
        yield bytes.subarray(from, from + step);
        if (end === 'break') throw BROKEN;
      })();
    },
  };
}

async function take(sources: readonly BlobSource[], { from = 0, signal = new AbortController().signal } = {}) {
  const resumed: string[] = [];
  const waited: number[] = [];
  const download = new Download(descriptor, from, {
    sources,
    signal,
    now: () => 0,
    onResume: ({ name }, at, reason) => resumed.push(`${name} ${at} ${reason}`),
    wait: async (milliseconds) => waited.push(milliseconds),
  });
  const pieces: Uint8Array[] = [];
  let problem: unknown;
  try {
    for await (const piece of download.bytes()) pieces.push(piece);
  } catch (thrown) {
    problem = thrown;
  }
  return { received: Buffer.concat(pieces), resumed, waited, problem };
}

describe('Download', () => {
  it('goes on where a source broke, with the next, and all of them again', async () => {
    const [one, other] = [source('one', 40), source('other', 10)];
    const { received, resumed, waited, problem } = await take([one, other]);
    expect([received.equals(bytes), problem]).toEqual([true, undefined]);
    expect([one.asked, other.asked]).toEqual([
      [0, 50],
      [40, 90],
    ]);
    expect(resumed).toEqual(['other 40 it hung up', 'one 50 it hung up', 'other 90 it hung up']);
    expect(waited).toHaveLength(1);
  });

  it('takes an early end for a break', async () => {
    const { received, resumed } = await take([source('one', 60, 'end')]);
    expect(received.equals(bytes)).toBe(true);
    expect(resumed).toEqual([expect.stringContaining('100 bytes were promised, and one ended after 60')]);
  });

  it('begins where it is told to', async () => {
    const one = source('one', 100, 'end');
    expect((await take([one], { from: 30 })).received.equals(bytes.subarray(30))).toBe(true);
    expect((await take([one], { from: 100 })).received).toHaveLength(0);
    expect(one.asked).toEqual([30]);
  });

  it('gives up when nobody brings it further, with the last reason', async () => {
    const { received, problem, waited } = await take([source('one', 0), source('other', 0, 'end')]);
    expect([received.length, waited]).toEqual([0, []]);
    expect(problem).toMatchObject({
      code: 'BLOB_UNAVAILABLE',
      message: expect.stringContaining('other ended after 0') as string,
    });
  });

  it('gives up a source that brings it further for ever', async () => {
    const trickle: BlobSource = {
      name: 'trickle',
      fetch: async () =>
        (async function* () {
          yield bytes.subarray(0, 1);
          throw BROKEN;
        })(),
    };
    expect(await take([trickle])).toMatchObject({ problem: BROKEN, received: { length: 20 } });
  });

  it('ends with its signal, whoever is to come', async () => {
    const ending = new AbortController();
    const other = source('other', 100);
    const one: BlobSource = {
      name: 'one',
      fetch: async () => {
        ending.abort(new Error('enough'));
        throw BROKEN;
      },
    };
    expect((await take([one, other], { signal: ending.signal })).problem).toEqual(new Error('enough'));
    expect(other.asked).toEqual([]);
  });
});
