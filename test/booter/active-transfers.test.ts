import { describe, expect, it } from 'vitest';
import { ActiveTransfers } from '../../src/booter/active-transfers.js';
import type { Timely } from '../../src/clock.js';

const PATIENCE = { grace: 30_000, standstill: 10_000 };

/** A clock for which all is late; `onWait` is what happens meanwhile. */
function lateClock(onWait: () => void = () => undefined) {
  const waited: number[] = [];
  const within = async <T>(milliseconds: number, _work: Promise<T>): Promise<Timely<T>> => {
    waited.push(milliseconds);
    onWait();
    return { kind: 'late' };
  };
  return { waited, within };
}

it('is idle when the last transfer ended, well or not', async () => {
  const transfers = new ActiveTransfers();
  await transfers.idle();
  const ends: (() => void)[] = [];
  const sent = () => 0;
  const one = transfers.track({ sent, run: () => new Promise<void>((resolve) => ends.push(resolve)) });
  const other = transfers.track({
    sent,
    run: () => new Promise<void>((_resolve, reject) => ends.push(() => reject(new Error('cut')))),
  });
  let idle = false;
  const waiting = transfers.idle().then(() => {
    idle = true;
  });
  ends[0]?.();
  await one;
  expect([transfers.count, idle]).toEqual([1, false]);
  ends[1]?.();
  await expect(other).rejects.toThrow('cut');
  await waiting;
  expect(transfers.count).toBe(0);
});

describe('an ending server', () => {
  const never = () => new Promise<void>(() => undefined);

  it('waits for nothing when nothing is under way', async () => {
    const clock = lateClock();
    const transfers = new ActiveTransfers();
    await transfers.settled(PATIENCE, { within: async (_, work) => ({ kind: 'done', value: await work }) });
    expect(clock.waited).toEqual([]);
  });

  it('waits for a transfer that moves as long as it may', async () => {
    let bytes = 0;
    const clock = lateClock(() => (bytes += 1));
    const transfers = new ActiveTransfers();
    void transfers.track({ sent: () => bytes, run: never });
    await transfers.settled({ grace: 25_000, standstill: 10_000 }, clock);
    expect(clock.waited).toEqual([10_000, 10_000, 5_000]);
  });

  it('does not wait for those that stand still', async () => {
    const clock = lateClock();
    const transfers = new ActiveTransfers();
    void transfers.track({ sent: () => 5, run: never });
    await transfers.settled(PATIENCE, clock);
    expect(clock.waited).toEqual([10_000]);
  });

  it('takes one that came to its end for movement', async () => {
    const transfers = new ActiveTransfers();
    let end = (): void => undefined;
    const ending = transfers.track({ sent: () => 7, run: () => new Promise<void>((resolve) => (end = resolve)) });
    void transfers.track({ sent: () => 5, run: never });
    let sending = 0;
    void transfers.track({ sent: () => sending, run: never });
    const clock = lateClock(() => {
      end();
      if (clock.waited.length === 1) sending = 1;
    });
    await transfers.settled(PATIENCE, clock);
    await ending;
    expect(clock.waited).toEqual([10_000, 10_000]);
  });
});
