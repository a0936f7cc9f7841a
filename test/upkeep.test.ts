import { describe, expect, it } from 'vitest';
import type { BootEvent } from '../src/boot/event.js';
import { Upkeep, type UpkeepParts } from '../src/upkeep.js';
import { gate, isWaiting, settled } from './fixtures/waiting.js';

const MINUTE = 60_000;
const SOON = 2_000 / MINUTE;
const GIVEN = { missing: [], failed: new Set<string>() };

/** `rested`: the rests of so many minutes are over; answers what was done then. */
function upkeep(more: Partial<UpkeepParts & UpkeepParts['mapped']> = {}) {
  const did: string[] = [];
  const events: BootEvent[] = [];
  const resting: { readonly minutes: number; readonly over: () => void }[] = [];
  const { resolvePlace, places = () => ['registry.lab'], ...others } = more;
  const wait = (milliseconds: number, signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) reject(new Error('ended'));
      signal?.addEventListener('abort', () => reject(new Error('ended')), { once: true });
      resting.push({ minutes: milliseconds / MINUTE, over: resolve });
    });
  const kept = new Upkeep({
    mapped: {
      places,
      resolvePlace: async (place, signal) => {
        did.push('resolve');
        return resolvePlace?.(place, signal) ?? GIVEN;
      },
      fetchAhead: async () => void did.push('fetch ahead'),
      prunePlans: async () => did.push('prune'),
    },
    records: [{ prune: async () => did.push('prune boots') }],
    scrubber: {
      pass: async () => {
        did.push('scrub');
        return 0;
      },
    },
    fetchAhead: async () => undefined,
    prefetches: () => true,
    wait,
    events: (event) => void events.push(event),
    ...others,
  });
  const rested = async (minutes: number) => {
    const over = resting.filter((rest) => rest.minutes === minutes);
    for (const rest of over) resting.splice(resting.indexOf(rest), 1);
    for (const rest of over) rest.over();
    await settled();
    return did.splice(0);
  };
  const begun = async () => {
    kept.start();
    await settled();
    return did.splice(0);
  };
  return { kept, did, begun, rested, events };
}

describe('Upkeep', () => {
  it('does everything at once, and again when it is time', async () => {
    const { kept, begun, rested } = upkeep();
    expect((await begun()).sort()).toEqual(['fetch ahead', 'prune', 'prune boots', 'resolve', 'scrub']);
    expect(await rested(60)).toEqual(['prune', 'prune boots']);
    expect(await rested(6 * 60)).toEqual(['resolve', 'fetch ahead']);
    expect(await rested(24 * 60)).toEqual(['scrub']);
    await kept.stop();
  });

  it('resolves anew soon where something could not be, and ever less often', async () => {
    const { kept, begun, rested } = upkeep({
      resolvePlace: async () => ({ missing: [], failed: new Set(['lab/os:1']) }),
    });
    await begun();
    for (const minutes of [5, 10, 20, 40]) expect(await rested(minutes)).toContain('resolve');
    expect(await rested(60)).toContain('resolve');
    expect(await rested(60)).toContain('resolve');
    await kept.stop();
  });

  it('resolves at once what a changed mapping leads to, and gives up what it was at', async () => {
    const signals: AbortSignal[] = [];
    const { kept, did, begun } = upkeep({
      resolvePlace: async (_place, signal) => {
        signals.push(signal);
        return GIVEN;
      },
    });
    await begun();
    kept.remapped();
    await settled();
    expect(did).toEqual(['resolve', 'fetch ahead']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await kept.stop();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('asks no place again because another one failed, and waits for none', async () => {
    const asked: string[] = [];
    const { kept, did, begun, rested } = upkeep({
      places: () => ['well', 'down', 'stuck'],
      resolvePlace: async (place) => {
        asked.push(place);
        if (place === 'stuck') await new Promise(() => undefined);
        return place === 'down' ? { missing: ['down/os:1'], failed: new Set<string>() } : GIVEN;
      },
    });
    expect((await begun()).filter((what) => what === 'fetch ahead')).toHaveLength(2);
    expect(asked.splice(0)).toEqual(['well', 'down', 'stuck']);
    await rested(5);
    expect(asked.splice(0)).toEqual(['down']);
    await rested(6 * 60);
    expect(asked).toEqual(['well']);
    expect(did).toEqual([]);
    await kept.stop();
  });

  it('downloads nothing ahead where that is not wanted', async () => {
    const { kept, begun } = upkeep({ prefetches: () => false });
    expect((await begun()).sort()).toEqual(['prune', 'prune boots', 'resolve', 'scrub']);
    await kept.stop();
  });

  it('downloads again what a pass found damaged, and asks nobody anew', async () => {
    const { kept, begun } = upkeep({ scrubber: { pass: async () => 1 } });
    const did = await begun();
    expect(did.filter((what) => what === 'fetch ahead')).toHaveLength(2);
    expect(did.filter((what) => what === 'resolve')).toHaveLength(1);
    await kept.stop();
  });

  it('tells of a chore that failed, and tries it again later', async () => {
    const { kept, begun, rested, events } = upkeep({
      scrubber: { pass: async () => Promise.reject(new Error('disk')) },
    });
    await begun();
    const failed = { event: 'upkeep.failed', doing: 'reading the cache again', reason: 'disk' };
    expect(events).toEqual([failed]);
    expect(await rested(60)).toContain('prune');
    expect(events).toEqual([failed, failed]);
    await kept.stop();
  });

  it('has stopped when nothing of it touches the cache any more, and tells of no failure then', async () => {
    const pass = gate();
    const { kept, begun, events } = upkeep({
      scrubber: { pass: () => pass.passed.then(() => Promise.reject(new Error('ended'))) },
    });
    await begun();
    const stopped = kept.stop();
    expect(await isWaiting(stopped)).toBe(true);
    pass.open();
    await stopped;
    expect(events).toEqual([]);
  });

  it('resolves changes that come one by one once for all, and not again where that is done already', async () => {
    const { kept, begun, rested } = upkeep();
    await begun();
    kept.remappedSoon();
    kept.remappedSoon();
    expect(await rested(SOON)).toEqual(['resolve', 'fetch ahead']);
    kept.remappedSoon();
    kept.remapped();
    await settled();
    expect(await rested(SOON)).toEqual(['resolve', 'fetch ahead']);
    kept.remappedSoon();
    expect(await rested(SOON)).toEqual(['resolve', 'fetch ahead']);
  });

  it('does nothing any more once stopped', async () => {
    const { kept, did, begun, rested } = upkeep();
    await begun();
    await kept.stop();
    kept.remapped();
    expect([await rested(60), await rested(360), did]).toEqual([[], [], []]);
  });
});
