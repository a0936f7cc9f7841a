import { expect, it } from 'vitest';
import { Capabilities, type OfBoot } from '../../src/booter/capabilities.js';
import { MemoryCapabilities } from '../fixtures/policies.js';

const of = (boot: string): OfBoot => ({ machine: 'node-01', boot, beganAt: 1, keys: ['name:node-01'], also: [] });

it('forgets what a machine was given in a boot that is over, which counts all the same', async () => {
  const clock = { now: () => 1_000, ticks: () => 5 };
  const capabilities = new Capabilities({
    store: new MemoryCapabilities(),
    clock,
    senseClock: () => ({ kind: 'set' }),
  });
  await capabilities.begun({ id: 'first', machine: 'node-01' });
  const first = await capabilities.of(of('first'));
  expect(await capabilities.of(of('first'))).toBe(first);
  await capabilities.begun({ id: 'second', machine: 'node-01' });
  const second = await capabilities.of(of('second'));
  expect(await capabilities.of(of('second'))).toBe(second);
  // Whoever asks so late gets another; the one from before is as good.
  expect(await capabilities.of(of('first'))).not.toBe(first);
  expect((await capabilities.find(first))?.boot).toBe('first');
});
