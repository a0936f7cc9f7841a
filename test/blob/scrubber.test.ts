import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobPath } from '../../src/blob/layout.js';
import { Scrubber } from '../../src/blob/scrubber.js';
import type { BootEvent } from '../../src/boot/event.js';
import { BootlayerError, type ErrorCode } from '../../src/errors.js';
import type { Digest } from '../../src/oci/digest.js';
import { blobOf, damaged } from '../fixtures/blobs.js';
import { emptyStore } from '../fixtures/disk-store.js';

const MIB = 1024 * 1024;
const BLOBS = [blobOf(3 * MIB, 1), blobOf(MIB, 2), blobOf(10, 3)];
const never = new AbortController().signal;

async function stored() {
  const { folder, store } = await emptyStore();
  for (const { bytes, descriptor } of BLOBS) {
    const ingest = await store.ingest(descriptor);
    await ingest.write(bytes);
    await ingest.commit();
    await ingest.close();
  }
  const waits: number[] = [];
  const events: BootEvent[] = [];
  const parts = {
    store,
    events: (event: BootEvent) => void events.push(event),
    wait: async (milliseconds: number) => void waits.push(milliseconds),
    random: () => 0.5,
  };
  return { folder, store, waits, events, parts };
}

describe('Scrubber', () => {
  it('drops what is damaged, says so, and leaves the rest', async () => {
    const { folder, store, events, parts } = await stored();
    const [{ bytes, descriptor }] = BLOBS as [(typeof BLOBS)[number]];
    await writeFile(join(folder, blobPath(descriptor.digest)), damaged(bytes, MIB));
    expect(await new Scrubber(parts).pass(never)).toBe(1);
    expect(events).toEqual([{ event: 'blob.damaged', digest: descriptor.digest, bytes: 3 * MIB }]);
    expect(await store.list()).toHaveLength(2);
    expect(await new Scrubber(parts).pass(never)).toBe(0);
  });

  it('reads 16 MiB a second', async () => {
    const { waits, parts } = await stored();
    await new Scrubber(parts).pass(never);
    const all = BLOBS.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeCloseTo((all / (16 * MIB)) * 1000, 6);
  });

  it('begins anywhere, and reads all', async () => {
    const { store, parts } = await stored();
    const order: string[] = [];
    const watched = {
      holdings: () => store.holdings(),
      recheck: async (digest: string) => {
        order.push(digest);
        return 'intact' as const;
      },
    };
    await new Scrubber({ ...parts, store: watched }).pass(never);
    const held = (await store.list()).map(({ digest }) => digest);
    expect(order).toEqual([...held.slice(1), ...held.slice(0, 1)]);
  });

  it('goes on after one that it may not read, and ends when nothing can be read', async () => {
    const { store, events, parts } = await stored();
    const [first, second] = (await store.list()).map(({ digest }) => digest);
    const failing = (code: ErrorCode) => ({
      holdings: () => store.holdings(),
      recheck: async (digest: Digest) => {
        if (digest === second) throw new BootlayerError(code, 'as told');
        return digest === first ? ('damaged' as const) : ('intact' as const);
      },
    });
    expect(await new Scrubber({ ...parts, store: failing('DATA_UNUSABLE') }).pass(never)).toBe(1);
    expect(events.splice(0).map(({ event }) => event)).toEqual(['blob.unreadable', 'blob.damaged']);
    const nothing = new Scrubber({ ...parts, store: failing('BLOB_UNAVAILABLE') });
    await expect(nothing.pass(never)).rejects.toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    expect(events).toEqual([]);
  });

  it('looks at nothing more when it is to end, whatever is found', async () => {
    const { store, parts } = await stored();
    const ending = new AbortController();
    let looks = 0;
    const recheck = async () => {
      looks += 1;
      ending.abort(new Error('enough'));
      return 'gone' as const;
    };
    const scrubber = new Scrubber({ ...parts, store: { holdings: () => store.holdings(), recheck } });
    await expect(scrubber.pass(ending.signal)).rejects.toThrow('enough');
    expect(looks).toBe(1);
  });

  it('ends in the middle of a blob when it is to', async () => {
    const { waits, parts } = await stored();
    const ending = new AbortController();
    const wait = async (milliseconds: number) => {
      waits.push(milliseconds);
      ending.abort(new Error('enough'));
    };
    await expect(new Scrubber({ ...parts, wait }).pass(ending.signal)).rejects.toThrow('enough');
    expect(waits).toHaveLength(1);
  });
});
