import { expect, it, onTestFinished, vi } from 'vitest';
import { TimedMemory } from '../../src/catalog/timed-memory.js';

function setUp(most = 10) {
  vi.useFakeTimers({ now: 1_000_000_000 });
  const began = Date.now();
  let set = 0;
  const memory = new TimedMemory<string>(most, { now: () => Date.now(), ticks: () => Date.now() - began - set });
  onTestFinished(() => {
    memory.close();
    vi.useRealTimers();
  });
  const setBack = (milliseconds: number) => {
    set -= milliseconds;
    vi.setSystemTime(Date.now() - milliseconds);
  };
  return { memory, setBack };
}

it('forgets after its time, and knows names that objects have', () => {
  const { memory } = setUp();
  memory.set('__proto__', 'kept', 5);
  expect([memory.get('__proto__'), memory.get('constructor')]).toEqual(['kept', undefined]);
  vi.advanceTimersByTime(5_001);
  expect(memory.get('__proto__')).toBeUndefined();
});

it('does not remember what does not fit', () => {
  const { memory } = setUp(1);
  memory.set('one', '1', 5);
  memory.set('two', '2', 5);
  expect([memory.get('one'), memory.get('two')]).toEqual(['1', undefined]);
});

it('forgets all when the time of day was set back, and nothing when it was led', () => {
  const { memory, setBack } = setUp();
  memory.set('one', '1', 60);
  setBack(500);
  expect(memory.get('one')).toBe('1');
  setBack(1_500);
  expect(memory.get('one')).toBeUndefined();
});
