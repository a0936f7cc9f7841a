import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../src/http/buffer-pool.js';

const KIB = 1024;
const never = new AbortController().signal;

describe('BufferPool', () => {
  it('gives few clients large turns and many clients small ones', async () => {
    const pool = new BufferPool();
    const sizes: number[] = [];
    for (let client = 1; client <= 2_000; client += 1) {
      pool.join();
      const buffer = await pool.take(never);
      if ([1, 64, 192, 193, 400, 1_000, 2_000].includes(client)) sizes.push(buffer.length / KIB);
      pool.giveBack(buffer);
    }
    expect(sizes).toEqual([256, 256, 256, 192, 64, 32, 16]);
  });

  it('uses a buffer again', async () => {
    const pool = new BufferPool();
    const first = await pool.take(never);
    pool.giveBack(first);
    expect(await pool.take(never)).toBe(first);
    pool.giveBack(first);
    expect(pool.takeNow()).toBe(first);
  });

  it('never holds more than its limit: whoever comes too late waits in line', async () => {
    const pool = new BufferPool(64 * KIB);
    const taken = await Promise.all([1, 2].map(() => pool.take(never)));
    expect(pool.heldBytes).toBe(64 * KIB);
    const [third, fourth] = [pool.take(never), pool.take(never)];
    expect(pool.pressed).toBe(true);
    expect(pool.takeNow()).toBeUndefined();
    for (const buffer of taken.slice(0, 2)) pool.giveBack(buffer);
    expect([await third, await fourth]).toEqual([taken[0], taken[1]]);
    expect(pool.pressed).toBe(false);
    expect(pool.heldBytes).toBe(64 * KIB);
  });

  it('lets buffers of a size that nobody wants any more make room', async () => {
    const pool = new BufferPool(1024 * KIB);
    const large = await Promise.all([1, 2, 3, 4].map(() => pool.take(never)));
    for (const buffer of large) pool.giveBack(buffer);
    for (let client = 0; client < 32; client += 1) pool.join();
    expect((await pool.take(never)).length).toBe(16 * KIB);
    expect(pool.heldBytes).toBe(16 * KIB);
  });

  it('forgets those who went away while waiting', async () => {
    const pool = new BufferPool(16 * KIB);
    const only = await pool.take(never);
    const gone = new AbortController();
    const waiting = pool.take(gone.signal);
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    pool.giveBack(only);
    expect(await pool.take(never)).toBe(only);
  });
});
