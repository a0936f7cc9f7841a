import { expect, it } from 'vitest';
import { MeetingTurns } from '../../src/booter/meeting-turns.js';
import { settled } from '../fixtures/waiting.js';

/** Work that ends when it is let go, and what has begun. */
function site() {
  const turns = new MeetingTurns();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const take = (name: string, about: readonly string[]) =>
    turns.take(about, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
    });
  const end = (name: string) => {
    ends.get(name)?.();
    return settled();
  };
  return { turns, begun, take, end };
}

it('lets work about other things go on beside it', async () => {
  const { begun, take } = site();
  void take('a', ['1']);
  void take('b', ['2', '3']);
  await settled();
  expect(begun).toEqual(['a', 'b']);
});

it('does what is about the same thing one after the other, also over what waits between', async () => {
  const { turns, begun, take, end } = site();
  const all = [take('a', ['1', '2']), take('b', ['2']), take('c', ['1'])];
  await settled();
  expect(begun).toEqual(['a']);
  await end('a');
  // What they are about may have become one.
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  await end('c');
  await Promise.all(all);
  await settled();
  expect(turns.size).toBe(0);
});

it('goes on after work that fails, and tells that to whoever took the turn', async () => {
  const turns = new MeetingTurns();
  const failed = turns.take(['1'], () => Promise.reject(new Error('no')));
  const next = turns.take(['1'], async () => 5);
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe(5);
});
