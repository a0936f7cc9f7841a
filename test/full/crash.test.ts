import { expect, it } from 'vitest';
import { crash } from '../fixtures/crash-rounds.js';
import { killAtStatement } from '../fixtures/killed-writer.js';

it('has all that it told of, once and whole, however often it is killed', async () => {
  const seed = Date.now() % 1_000_000;
  process.stdout.write(`crash rounds of seed ${seed}\n`);
  await crash({ rounds: 50, seed });
}, 1_800_000);

it('leaves a state that is whole, wherever a writer is killed', async () => {
  let statement = 1;
  while (await killAtStatement(statement)) statement += 1;
  expect(statement).toBeGreaterThan(50);
});
