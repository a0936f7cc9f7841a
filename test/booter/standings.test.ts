import { describe, expect, it } from 'vitest';
import { isDone } from '../../src/boot/standing.js';
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
    for (const key of one.keys) expect(known.of([key])).toMatchObject({ machine: 'node-01', done: DONE });
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
  expect(standings.of(other.keys)?.done).toEqual({ ...DONE, as: 'node-01' });
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

describe('of a state in doubt', () => {
  const unreadable = (keys: readonly string[]) => ({ unreadable: [{ id: 'damaged', keys }] });
  const damaged = (keys: readonly string[]) =>
    Standings.open({ store: Object.assign(new MemoryStandings(), unreadable(keys)), newId: () => 'id' });
  const other = { machine: 'node-02', keys: ['name node-02', 'mac 2'] };
  const stranger = { machine: '3', keys: ['mac 3'] };

  it('doubts whose rows were damaged, until it is trusted', async () => {
    const known = await damaged(['mac 1', 'name node-01']);
    expect([known.doubt(one), known.doubt(other), known.isDoubted]).toEqual([{ kind: 'damaged' }, undefined, true]);
    expect(known.doubt(stranger)).toBeUndefined();
    await known.trust();
    expect([known.doubt(one), known.isDoubted]).toEqual([undefined, false]);
  });

  it("doubts all strangers for a stranger's row, since what that one reported is lost, and all for one of nobody", async () => {
    const known = await damaged(['mac 1']);
    expect([known.doubt(stranger), known.doubt(other)]).toEqual([{ kind: 'damaged' }, undefined]);
    expect((await damaged([])).doubt(other)).toEqual({ kind: 'damaged' });
  });

  it('goes on doubting a machine of which only something else is changed, also after a restart', async () => {
    const store = Object.assign(new MemoryStandings(), unreadable(['mac 1', 'name node-01']));
    const known = await Standings.open({ store, newId: () => 'id' });
    await known.change(one, (standing) => ({ ...standing, releasedAt: 5 }));
    store.unreadable = [];
    const again = await Standings.open({ store, newId: () => 'id' });
    for (const state of [known, again]) expect([state.doubt(one)?.kind, state.isDoubted]).toEqual(['damaged', true]);
    await again.change(one, (standing) => ({ ...standing, reprovision: { at: 6, wishedAt: 6 } }));
    expect(again.doubt(one)).toBeUndefined();
    await known.change(one, done);
    expect(known.doubt(one)).toBeUndefined();
  });

  it('forgets also what nobody can read', async () => {
    const known = await damaged(['mac 1', 'name node-01']);
    expect(await known.forget(other)).toBe(false);
    expect(await known.forget(one)).toBe(true);
    expect([known.doubt(one), known.isDoubted]).toEqual([undefined, false]);
  });

  it('says since when it is there in place of another', async () => {
    const store = Object.assign(new MemoryStandings(), { doubtedSince: 7 });
    expect((await Standings.open({ store, newId: () => 'id' })).doubt(one)).toEqual({ kind: 'since', at: 7 });
  });
});

it('goes on knowing a machine by all that it was known by, whoever reports by less', async () => {
  const { standings, again } = site();
  await standings.change(one, (standing) => (standing.done === undefined ? { ...standing, releasedAt: 1 } : standing));
  await standings.change({ machine: 'mac 1', keys: ['mac 1'] }, done);
  for (const known of [standings, await again()]) {
    expect(known.of(one.keys)).toEqual({ machine: 'node-01', releasedAt: 1, done: DONE });
  }
});

describe('a stranger', () => {
  const first = { machine: '1', keys: ['mac 1'], also: ['mac 2', 'uuid 1'], evidence: ['mac 1', 'mac 2', 'uuid 1'] };
  const byOther = { machine: '2', keys: ['mac 2'], also: ['mac 1'], evidence: ['mac 2', 'mac 1'] };
  const byUuid = { machine: '3', keys: ['mac 3'], also: ['uuid 1'], evidence: ['mac 3', 'uuid 1'] };

  it('is done by whatever it reports of one that is, and changes nothing of that', async () => {
    const { standings, again } = site();
    await standings.change(first, done);
    for (const known of [standings, await again()]) {
      for (const whose of [byOther, byUuid]) {
        expect(known.seen(whose)).toEqual({ machine: whose.machine, done: { ...DONE, as: '1' } });
        expect(known.of(whose.keys)).toBeUndefined();
      }
    }
    await standings.change(byOther, (standing) => ({
      ...standing,
      releasedAt: 5,
      reprovision: { at: 5, wishedAt: 5 },
    }));
    expect(isDone(standings.seen(byOther) ?? { machine: '' }, 5)).toBe(false);
    expect(isDone(standings.seen(byOther) ?? { machine: '' }, 4)).toBe(true);
    expect(standings.seen(first)).toEqual({ machine: '1', done: DONE });
    // It may have been installed twice meanwhile.
    expect(standings.seen(byUuid)?.done).toMatchObject({ as: '1' });
  });

  it('marks no machine with a record as done, whatever it reports', async () => {
    const { standings } = site();
    await standings.change({ ...first, also: ['mac 9', 'uuid 9'] }, done);
    expect(standings.seen({ machine: 'node-09', keys: ['name node-09', 'mac 9', 'uuid 9'] })).toBeUndefined();
  });

  it('is known by what it reports later, too, which makes no change of its own', async () => {
    const { standings, again, store } = site();
    await standings.change({ ...first, also: [] }, done);
    expect(standings.seen(byUuid)).toBeUndefined();
    await standings.change(first, (standing) => standing);
    for (const known of [standings, await again()]) expect(known.seen(byUuid)?.done).toMatchObject(DONE);
    const [kept] = store.kept.values();
    await standings.change(first, (standing) => standing);
    expect([...store.kept.values()]).toEqual([kept]);
    // Of whom nothing is known nothing is kept.
    await standings.change({ machine: '8', keys: ['mac 8'], also: ['mac 9'] }, (standing) => standing);
    expect(standings.size).toBe(1);
  });

  it('reports no more than has room', async () => {
    const { standings, store } = site();
    await standings.change(first, done);
    for (let card = 100; card < 200; card += 1)
      await standings.change({ ...first, also: [`mac ${card}`] }, (standing) => standing);
    expect([...store.kept.values()][0]?.also).toHaveLength(32);
    expect(standings.seen({ machine: 'x', keys: ['mac 199'], evidence: ['mac 199'] })?.done).toMatchObject(DONE);
  });

  it('is one of so many, until it has a record', async () => {
    const { standings } = site();
    await standings.change(first, done);
    await standings.change(byOther, done);
    expect(standings.strangers).toBe(2);
    await standings.change({ machine: 'node-05', keys: ['name node-05', 'mac 1'] }, (standing) => ({ ...standing }));
    expect([standings.strangers, standings.size]).toEqual([1, 2]);
    expect(standings.seen(byUuid)?.done).toMatchObject(DONE);
  });
});

it('makes changes of one machine one after the other, though they know it by different names', async () => {
  const newId = () => 'id';
  const standings = new Standings({ store: new MemoryStandings(), newId, isKnown: () => false });
  const count = (name: string) =>
    standings.change({ machine: name, keys: [`name ${name}`, 'mac 1', 'uuid 1'] }, (standing) => ({
      ...standing,
      releasedAt: (standing.releasedAt ?? 0) + 1,
    }));
  await Promise.all(Array.from({ length: 30 }, (_, turn) => count(turn % 2 === 0 ? 'node-01' : 'other')));
  expect(standings.of(['name other', 'mac 1', 'uuid 1'])?.releasedAt).toBe(30);
});

it('forgets a machine, and nothing else, when an operator says so', async () => {
  const { standings, again } = site();
  await standings.change(one, done);
  await standings.change({ machine: '2', keys: ['mac 2'] }, done);
  expect(await standings.forget({ machine: '2', keys: ['mac 2'] })).toBe(true);
  expect(await standings.forget({ machine: '2', keys: ['mac 2'] })).toBe(false);
  for (const known of [standings, await again()]) {
    expect([known.of(['mac 2']), known.of(one.keys)?.done]).toEqual([undefined, DONE]);
  }
});

it('leaves what was wished of a machine to it, whoever has one of its cards now', async () => {
  const { standings, again } = site();
  const next = { id: 'n', image: 'os:1', wishedAt: 5 };
  await standings.change(one, (standing) => ({ ...standing, done: DONE, next }));
  const other = { machine: 'node-02', keys: ['name node-02', 'mac 1'] };
  expect(standings.of(other.keys)?.next).toBeUndefined();
  await standings.change(other, (standing) => ({ ...standing }));
  for (const known of [standings, await again()]) {
    expect([...known.wishes()]).toMatchObject([{ machine: 'node-01', next }]);
    expect(known.of(['name node-01', 'uuid 1'])?.next).toEqual(next);
    expect(known.of(other.keys)).toEqual({ machine: 'node-02', done: { ...DONE, as: 'node-01' } });
  }
});

it('leaves the other keys of a machine as done as they were, and writes that first', async () => {
  const { standings, store, again } = site();
  await standings.change(one, done);
  const { saveStanding } = store;
  let saved = 0;
  store.saveStanding = async (kept, replaced) => {
    saved += 1;
    if (saved === 2) throw new BootlayerError('DISK_FULL', 'no room');
    await saveStanding.call(store, kept, replaced);
  };
  const less = { machine: 'node-01', keys: ['name node-01', 'mac 1'] };
  const anew = () => standings.change(less, (standing) => ({ ...standing, reprovision: { at: 5, wishedAt: 5 } }));
  await expect(anew()).rejects.toMatchObject({ code: 'DISK_FULL' });
  for (const known of [standings, await again()]) {
    expect(known.of(['uuid 1'])?.done).toEqual({ ...DONE, as: 'node-01' });
    expect(known.of(less.keys)).toEqual({ machine: 'node-01', done: DONE });
  }
  await anew();
  for (const known of [standings, await again()]) {
    expect(known.of(['uuid 1'])).toEqual({ machine: 'node-01', done: { ...DONE, as: 'node-01' } });
    expect(known.of(less.keys)?.reprovision).toBeDefined();
  }
});
