import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import { MirrorHealth } from '../../src/oci/mirror-health.js';

const DOWN = new BootlayerError('REGISTRY_UNREACHABLE', 'it hung up');
const MINUTE = 60_000;

function setUp() {
  const clock = { now: 1_000_000 };
  const warnings: string[] = [];
  const health = new MirrorHealth(
    () => clock.now,
    (text) => warnings.push(text),
  );
  const fail = (problem: unknown = DOWN) => health.failed('mirror.lab', 'ghcr.io/os', problem);
  /** For how many minutes it is passed over. */
  const pause = () => {
    const begun = clock.now;
    while (!health.isHealthy('mirror.lab')) clock.now += MINUTE;
    return (clock.now - begun) / MINUTE;
  };
  return { clock, warnings, health, fail, pause };
}

describe('MirrorHealth', () => {
  it('passes over one that failed for a minute, and longer each time up to a quarter of an hour', () => {
    const { fail, pause } = setUp();
    const pauses = Array.from({ length: 6 }, () => {
      fail();
      return pause();
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 16]);
  });

  it('begins anew with one that was well for as long', () => {
    const { clock, fail, pause } = setUp();
    fail();
    pause();
    fail();
    expect(pause()).toBe(2);
    clock.now += 2 * MINUTE + 1;
    fail();
    expect(pause()).toBe(1);
  });

  it('is told of one failure once, however many were waiting', () => {
    const { warnings, fail, pause } = setUp();
    for (let times = 0; times < 5; times += 1) fail();
    expect(pause()).toBe(1);
    expect(warnings).toEqual(['the mirror mirror.lab of ghcr.io/os is passed over for 1 min 00 s: it hung up']);
  });

  it('takes one for well that only does not have something', () => {
    const { health, fail } = setUp();
    fail(new BootlayerError('IMAGE_NOT_FOUND', 'it has no such manifest'));
    expect([health.isHealthy('mirror.lab'), health.isHealthy('other.lab')]).toEqual([true, true]);
  });
});
