import { expect, it } from 'vitest';
import { senseOfClock } from '../../src/boot/clock-sense.js';

const NOW = Date.UTC(2026, 10, 28);
const DAY = 86_400_000;

it('takes a clock for set that is not before its state, less a day', () => {
  for (const newest of [0, NOW, NOW + DAY]) expect(senseOfClock({ now: NOW, newest })).toEqual({ kind: 'set' });
});

it('says what it says where that cannot be', () => {
  expect(senseOfClock({ now: 30_000, newest: 0 })).toEqual({
    kind: 'unset',
    reason: 'the clock of this server is not set: it says 1970-01-01T00:00:30.000Z',
  });
  expect(senseOfClock({ now: NOW, newest: NOW + DAY + 1 })).toMatchObject({
    reason:
      'the clock of this server is behind its state: it says 2026-11-28T00:00:00.000Z, and the state is of 2026-11-29T00:00:00.001Z',
  });
});
