import { expect, it } from 'vitest';
import { SlowPlaces } from '../../src/catalog/slow-places.js';
import { gate } from '../fixtures/waiting.js';

const [ONE, SAME, OTHER] = ['registry.lab:5000/os', 'registry.lab:5000/tools', 'other.lab/os'];

function setUp() {
  const clock = { now: 0, ticks: () => clock.now };
  return { clock, places: new SlowPlaces(clock) };
}

it('is a registry where somebody waited in vain, with all its images, for a minute', () => {
  const { clock, places } = setUp();
  places.waitedInVain(ONE, 2_000);
  expect([ONE, SAME, OTHER].map((one) => places.isSlow(one))).toEqual([true, true, false]);
  clock.now = 59_999;
  expect(places.isSlow(ONE)).toBe(true);
  clock.now = 60_000;
  expect(places.isSlow(ONE)).toBe(false);
});

it('is none where who waited was in a hurry', () => {
  const { places } = setUp();
  places.waitedInVain(ONE, 999);
  expect(places.isSlow(ONE)).toBe(false);
});

it('has few readings under way, and any number while it is not slow', async () => {
  const { places } = setUp();
  const { passed, open } = gate();
  const readings = Array.from({ length: 4 }, () =>
    places.counted(
      ONE,
      passed.then(() => undefined),
    ),
  );
  expect(places.mayBegin(SAME)).toBe(true);
  places.waitedInVain(ONE, 2_000);
  expect([SAME, OTHER].map((one) => places.mayBegin(one))).toEqual([false, true]);
  open();
  await Promise.all(readings);
  expect([places.isSlow(ONE), places.mayBegin(SAME)]).toEqual([true, true]);
});

it.each([
  ['is slow no more once one of them is quick', 'read', 999, false],
  ['stays slow where one is late', 'read', 1_000, true],
  ['stays slow where one fails', undefined, 10, true],
])('%s', async (_what, value, milliseconds, isSlow) => {
  const { clock, places } = setUp();
  places.waitedInVain(ONE, 2_000);
  const { passed, open } = gate();
  const reading = places.counted(
    SAME,
    passed.then(() => value),
  );
  clock.now = milliseconds;
  open();
  expect(await reading).toBe(value);
  expect(places.isSlow(ONE)).toBe(isSlow);
});
