import { expect, it } from 'vitest';
import { CRASHED, onceMoreAfter } from './iso.js';

it('does a thing once more after the failure that is known of it, and after no other', async () => {
  const crash = new Error('xorriso\nUNIX-SIGNAL:  SIGSEGV  errno= 0');
  const tries = async (...answers: (Error | string)[]) => {
    let begun = 0;
    const doing = async () => {
      const answer = answers[begun++];
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const ended = await onceMoreAfter(CRASHED, doing).catch((error: unknown) => error);
    return [ended, begun];
  };
  expect(await tries('made')).toEqual(['made', 1]);
  expect(await tries(crash, 'made')).toEqual(['made', 2]);
  expect(await tries(crash, crash, 'made')).toEqual([crash, 2]);
  const other = new Error('no space left');
  expect(await tries(other, 'made')).toEqual([other, 1]);
});
