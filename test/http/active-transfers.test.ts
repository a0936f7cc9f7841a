import { expect, it } from 'vitest';
import { ActiveTransfers } from '../../src/http/active-transfers.js';

it('is idle when the last transfer ended, well or not', async () => {
  const transfers = new ActiveTransfers();
  await transfers.idle();
  const ends: (() => void)[] = [];
  const one = transfers.track(() => new Promise<void>((resolve) => ends.push(resolve)));
  const other = transfers.track(
    () => new Promise<void>((_resolve, reject) => ends.push(() => reject(new Error('cut')))),
  );
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
