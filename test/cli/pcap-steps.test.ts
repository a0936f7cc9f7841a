import { expect, it } from 'vitest';
import { note, StepLog } from '../../src/cli/pcap-steps.js';

it('notes few things of one line, however many follow from it', () => {
  const step = new StepLog().add({ at: 0, who: 'a', what: 'asks' });
  for (let at = 0; at < 1_000; at += 1) note(step, `10.0.${at >> 8}.${at & 255} says that nobody listens there`);
  expect(step.notes).toHaveLength(32);
});
