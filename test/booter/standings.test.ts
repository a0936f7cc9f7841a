import { expect, it } from 'vitest';
import { Standings } from '../../src/booter/standings.js';
import { BootlayerError } from '../../src/errors.js';
import { MemoryStandings } from '../fixtures/policies.js';

const DONE = { at: 1, by: 'report' } as const;
const done = <T extends object>(standing: T) => ({ ...standing, done: DONE });
const one = { machine: 'node-01', keys: ['name node-01', 'mac 1', 'uuid 1'] };

function site(store = new MemoryStandings()) {
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  return { store, standings: new Standings({ store, newId }), again: () => Standings.open({ store, newId }) };
}

it('finds a machine by any of its keys, also after a restart', async () => {
  const { standings, again } = site();
  await standings.change(one, done);
  for (const known of [standings, await again()]) {
    for (const key of one.keys) expect(known.of([key])).toEqual({ machine: 'node-01', done: DONE });
    expect(known.of(['mac 2'])).toBeUndefined();
  }
});

it('writes nothing for a change that is none', async () => {
  const { standings, store } = site();
  await standings.change(one, (standing) => standing);
  expect(store.kept.size).toBe(0);
});

it('takes a machine for done that has a card of one that is, and leaves that one alone', async () => {
  const { standings, again } = site();
  await standings.change(one, done);
  const other = { machine: 'node-02', keys: ['name node-02', 'mac 1'] };
  expect(standings.of(other.keys)?.done).toEqual(DONE);
  await standings.change(other, ({ done: _done, ...standing }) => standing);
  for (const known of [standings, await again()]) {
    expect(known.of(other.keys)?.done).toBeUndefined();
    expect(known.of(['name node-01', 'uuid 1'])?.done).toEqual(DONE);
  }
});

it('changes nothing that cannot be kept', async () => {
  const store = new MemoryStandings();
  const { standings } = site(store);
  store.saveStanding = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
  await expect(standings.change(one, done)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(standings.of(one.keys)).toBeUndefined();
});

it('makes changes of one machine one after the other', async () => {
  const { standings } = site();
  const count = () =>
    standings.change(one, (standing) => ({ ...standing, releasedAt: (standing.releasedAt ?? 0) + 1 }));
  await Promise.all(Array.from({ length: 20 }, count));
  expect(standings.of(one.keys)?.releasedAt).toBe(20);
});

it('doubts what it is told to doubt, until it is trusted', async () => {
  const store = Object.assign(new MemoryStandings(), { unreadable: ['mac 1'] });
  const known = await Standings.open({ store, newId: () => 'id' });
  expect([known.doubtedSince(one.keys), known.doubtedSince(['mac 2']), known.isDoubted]).toEqual([0, undefined, true]);
  await known.trust();
  expect([known.doubtedSince(one.keys), known.isDoubted]).toEqual([undefined, false]);
});

it('goes on knowing a machine by all that it was known by, whoever reports by less', async () => {
  const { standings, again } = site();
  await standings.change(one, (standing) => (standing.done === undefined ? { ...standing, releasedAt: 1 } : standing));
  await standings.change({ machine: 'mac 1', keys: ['mac 1'] }, done);
  for (const known of [standings, await again()]) {
    expect(known.of(['name node-01'])).toEqual({ machine: 'node-01', releasedAt: 1, done: DONE });
  }
});
