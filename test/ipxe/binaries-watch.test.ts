import { expect, it } from 'vitest';
import { BinariesWatch } from '../../src/ipxe/binaries-watch.js';
import { FakeTftpClock } from '../fixtures/tftp-clock.js';
import { settled } from '../fixtures/waiting.js';

/** A watch of a folder that is changed by hand; each look is counted. */
async function watching() {
  const clock = new FakeTftpClock();
  const looks: (() => Promise<ReadonlySet<string>>)[] = [];
  let look = async (): Promise<ReadonlySet<string>> => new Set(['snponly.efi']);
  const available = () => {
    looks.push(look);
    return look();
  };
  const watch = await BinariesWatch.start({ available }, (milliseconds, run) => clock.after(milliseconds, run));
  const holds = (next: typeof look) => {
    look = next;
  };
  const pass = async (milliseconds: number) => {
    clock.pass(milliseconds);
    await settled();
  };
  return { watch, clock, looks, holds, pass };
}

it('knows what there is at once, and what has come or gone within five seconds', async () => {
  const { watch, holds, pass } = await watching();
  expect([...watch.there]).toEqual(['snponly.efi']);
  holds(async () => new Set(['ipxe.efi']));
  await pass(4_999);
  expect([...watch.there]).toEqual(['snponly.efi']);
  await pass(1);
  expect([...watch.there]).toEqual(['ipxe.efi']);
  holds(async () => new Set());
  await pass(5_000);
  expect(watch.there.size).toBe(0);
});

it('takes what it cannot look at for what it was, and looks again', async () => {
  const { watch, holds, pass } = await watching();
  holds(() => Promise.reject(new Error('no')));
  await pass(5_000);
  expect([...watch.there]).toEqual(['snponly.efi']);
  holds(async () => new Set(['ipxe.efi']));
  await pass(5_000);
  expect([...watch.there]).toEqual(['ipxe.efi']);
});

it('looks no more once it is closed, even where a look was under way', async () => {
  const { watch, clock, looks, holds, pass } = await watching();
  let finish: (there: ReadonlySet<string>) => void = () => undefined;
  holds(() => new Promise((resolve) => (finish = resolve)));
  await pass(5_000);
  // The next one waits for the one before.
  expect([looks.length, clock.waiting]).toEqual([2, 0]);
  watch.close();
  finish(new Set());
  await settled();
  expect(clock.waiting).toBe(0);
  const idle = await watching();
  idle.watch.close();
  expect(idle.clock.waiting).toBe(0);
});
