import { it } from 'vitest';
import { crash } from '../fixtures/crash-rounds.js';

it('has all that it told of, once and whole, when it is killed while everything is being written', async () => {
  await crash({ rounds: 3, seed: 7 });
});
