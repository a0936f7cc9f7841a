import { expect, it } from 'vitest';
import { Turns } from '../src/turns.js';

it('does one after the other, in the order in which they come, whatever fails', async () => {
  const turns = new Turns({ what: 'changes', most: 1_000 });
  const steps: string[] = [];
  const work = (name: string, waits: number) => async () => {
    steps.push(`${name} begins`);
    for (let turn = 0; turn < waits; turn += 1) await Promise.resolve();
    steps.push(`${name} ends`);
    if (name === 'b') throw new Error('b failed');
    return name;
  };
  const results = await Promise.allSettled([
    turns.take(work('a', 9)),
    turns.take(work('b', 3)),
    turns.take(work('c', 0)),
  ]);
  expect(steps).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  expect(results.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    ...['a', 'Error: b failed', 'c'],
  ]);
});

it('refuses more than a thousand that wait', async () => {
  const turns = new Turns({ what: 'changes', most: 1_000 });
  let end = (): void => undefined;
  const first = turns.take(() => new Promise<void>((resolve) => (end = resolve)));
  const others = Array.from({ length: 999 }, () => turns.take(async () => undefined));
  await expect(turns.take(async () => undefined)).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: '1000 changes wait already',
    remedy: 'try again in a second, one after the other',
  });
  end();
  await Promise.all([first, ...others]);
  await turns.take(async () => undefined);
});
