import { describe, expect, it } from 'vitest';
import type { BlobReader } from '../../src/blob/blob-reader.js';
import { KeptReaders } from '../../src/booter/kept-readers.js';

/** `pass` lets the life of what is kept go by. */
function keeping() {
  const timers = new Map<() => void, number>();
  const after = (milliseconds: number, run: () => void) => {
    timers.set(run, milliseconds);
    return () => void timers.delete(run);
  };
  const opened: { closed: number }[] = [];
  const open = async () => {
    const one = { closed: 0 };
    opened.push(one);
    const close = async () => {
      one.closed += 1;
    };
    return { size: opened.length, isStored: true, close } as unknown as BlobReader;
  };
  const readers = new KeptReaders(after);
  const pass = () => {
    for (const run of [...timers.keys()]) run();
  };
  return { readers, open, opened, timers, pass, closed: () => opened.map((one) => one.closed) };
}

describe('readers that are kept', () => {
  it('are opened once, for all that ask within a while, whoever has closed theirs', async () => {
    const { readers, open, closed, timers } = keeping();
    const [one, other] = await Promise.all([readers.of('a', open), readers.of('a', open)]);
    await one.close();
    await one.close();
    await other.close();
    const third = await readers.of('a', open);
    expect([third.size, third.isStored, closed(), [...timers.values()]]).toEqual([1, true, [0], [5_000]]);
    expect((await readers.of('b', open)).size).toBe(2);
  });

  it('are there at once when they are open, for as long as they are given to anybody', async () => {
    const { readers, open, pass } = keeping();
    expect(readers.opened('a')).toBeUndefined();
    const opening = readers.of('a', open);
    expect(readers.opened('a')).toBeUndefined();
    await (await opening).close();
    expect([readers.opened('a')?.size, readers.opened('b')]).toEqual([1, undefined]);
    pass();
    expect(readers.opened('a')).toBeUndefined();
  });

  it('are closed when their time is over and nobody uses them, and opened anew for who asks then', async () => {
    const { readers, open, closed, pass } = keeping();
    const [used, unused] = [await readers.of('a', open), await readers.of('b', open)];
    await unused.close();
    pass();
    await expect.poll(closed).toEqual([0, 1]);
    const next = await readers.of('a', open);
    expect(next.size).toBe(3);
    await used.close();
    expect(closed()).toEqual([1, 1, 0]);
  });

  it('are closed with the server, those in use by who uses them', async () => {
    const { readers, open, closed, timers } = keeping();
    const [used, unused] = [await readers.of('a', open), await readers.of('b', open)];
    await unused.close();
    await readers.close();
    expect([closed(), timers.size]).toEqual([[0, 1], 0]);
    await used.close();
    expect(closed()).toEqual([1, 1]);
  });

  it('are none where they cannot be opened, which is tried anew', async () => {
    const { readers, open, timers } = keeping();
    const failing = async () => Promise.reject(new RangeError('no such blob'));
    const tries = await Promise.allSettled([readers.of('a', failing), readers.of('a', failing)]);
    expect(tries.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(timers.size).toBe(0);
    expect((await readers.of('a', open)).size).toBe(1);
    await readers.close();
  });
});
