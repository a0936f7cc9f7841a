import { describe, expect, it } from 'vitest';
import { type Boot, newBoot } from '../../src/boot/boot.js';
import { ALWAYS } from '../../src/boot/policy.js';
import type { BootWithSteps } from '../../src/boot/ports.js';
import { Standings } from '../../src/booter/standings.js';
import { Starts } from '../../src/booter/starts.js';
import { TestClock } from '../fixtures/booter.js';
import { MemoryStandings } from '../fixtures/policies.js';
import { fillDisk, policySite, WHOSE } from '../fixtures/policy-site.js';
import { settled } from '../fixtures/waiting.js';

describe('a machine that is done by its start', () => {
  it('has started, though somebody asks by DHCP in its name meanwhile, which begins another boot', async () => {
    const { script, fetchAll, standings, journal } = policySite({ mode: 'once', doneWhen: 'started' });
    await script();
    const states: (string | undefined)[] = [];
    journal.listen(({ event, boot }) => {
      if (event.event === 'boot.done') states.push(boot?.id, boot?.state);
    });
    const booted = journal.last('node-01')?.boot.id;
    const dhcp = { client: 'pxe', firmware: 'bios', step: 'offer', answer: 'undionly.kpxe' } as const;
    fetchAll(() => journal.sink({ event: 'dhcp.answered', machine: 'node-01', address: '0.0.0.0', ...dhcp } as never));
    await settled();
    expect(journal.last('node-01')?.boot.state).toBe('offered');
    expect(standings.of(WHOSE.keys)?.done).toMatchObject({ by: 'start' });
    expect(states).toEqual([booted, 'done']);
  });

  it('is done by its start, where the assignment says so', async () => {
    const { script, fetchAll, named, standings } = policySite({ mode: 'once', doneWhen: 'started' });
    await script();
    expect(standings.of(WHOSE.keys)).toBeUndefined();
    fetchAll();
    await settled();
    expect(standings.of(WHOSE.keys)?.done).toMatchObject({ by: 'start' });
    expect(named('boot.done')).toMatchObject([{ machine: 'node-01', by: 'start' }]);
    expect(await script()).toContain('boots its local disk');
  });

  const STARTED = { mode: 'once', doneWhen: 'started' } as const;
  const before = {
    id: 'b0',
    machine: 'node-01',
    beganAt: -9,
    lastAt: -5,
    attemptedAt: -8,
    startSentAt: -7,
    state: 'started',
  };
  const follows = (more: object) => {
    const boot = { ...before, isDoneByStart: true, ...more };
    const other = { ...before, id: 'b1', state: 'offered' };
    return { b1: { boot: other, steps: [] }, b0: { boot, steps: [] } } as unknown as Record<string, BootWithSteps>;
  };

  it('is so also where the server ended just then, whatever began by DHCP since', async () => {
    const { script } = policySite(STARTED, { boots: follows({}) });
    expect(await script()).toContain('boots its local disk: it is done');
  });

  it('is so also where somebody has begun any number of boots by DHCP in its name since', async () => {
    const { b0 } = follows({});
    const begun = Array.from({ length: 50 }, (_, nth) => [
      `d${nth}`,
      { boot: { ...before, id: `d${nth}`, state: 'offered' }, steps: [] },
    ]);
    const boots = { ...Object.fromEntries(begun), b0 } as unknown as Record<string, BootWithSteps>;
    expect(await policySite(STARTED, { boots }).script()).toContain('boots its local disk: it is done');
  });

  it('is told to be done in its boot then, so that it stays forgotten when it is forgotten', async () => {
    const boots = follows({});
    const { script, standings, named } = policySite(STARTED, { boots });
    await script();
    expect(named('boot.done')).toEqual([{ event: 'boot.done', machine: 'node-01', boot: 'b0', by: 'start' }]);
    await script();
    expect(named('boot.done')).toHaveLength(1);
    // As the journal has it by what was told.
    Object.assign(boots, { b0: { ...boots['b0'], boot: { ...boots['b0']?.boot, state: 'done' } } });
    await standings.forget(WHOSE);
    expect(await script()).toContain('node-01 boots registry');
  });

  it.each<[string, object]>([
    ['had not all of it', { state: 'fetching' }],
    ['was booted by another policy', { isDoneByStart: undefined }],
    ['is not shown to have fetched it itself', { attemptedAt: undefined }],
  ])('is not where it %s', async (_name, more) => {
    const { script } = policySite(STARTED, { boots: follows(more) });
    expect(await script()).toContain('node-01 boots registry');
  });

  it('is no less so when that cannot be kept at once: it is tried again, and the machine waits', async () => {
    const { script, store, fetchAll, named, journal } = policySite(STARTED);
    await script();
    const makeRoom = fillDisk(store);
    fetchAll();
    await settled();
    expect(named('standing.unsaved')).toHaveLength(1);
    expect(await script()).toContain('waits (1 of 60): the disk of');
    makeRoom();
    expect(await script()).toContain('boots its local disk: it is done');
    expect(named('boot.done')).toMatchObject([{ by: 'start' }]);
    expect(journal.last('node-01')?.boot.state).toBe('local');
  });

  it('is tried again with the next step of its boot', async () => {
    const { script, store, fetchAll, fetchOne, standings } = policySite(STARTED);
    await script();
    const makeRoom = fillDisk(store);
    fetchAll();
    await settled();
    makeRoom();
    fetchOne('initramfs');
    await settled();
    expect(standings.of(WHOSE.keys)?.done).toMatchObject({ by: 'start' });
  });

  it('is kept when the server ends', async () => {
    const { script, store, fetchAll, standings, policies } = policySite(STARTED);
    await script();
    const makeRoom = fillDisk(store);
    fetchAll();
    await settled();
    makeRoom();
    await policies.step.end();
    expect(standings.of(WHOSE.keys)?.done).toMatchObject({ by: 'start' });
  });

  it('is not done by what was wished for that boot alone', async () => {
    const { script, fetchAll, standings } = policySite(STARTED);
    await script();
    const next = { id: 'n1', image: 'registry.lab:5000/os/rescue:1', wishedAt: 1 };
    await standings.change(WHOSE, (standing) => ({ ...standing, next }));
    await script();
    fetchAll();
    await settled();
    expect(standings.of(WHOSE.keys)).toEqual({ machine: 'node-01' });
  });

  it('is told to be in its boot', async () => {
    const once = policySite(STARTED);
    await once.script();
    expect(once.journal.last('node-01')?.boot.isDoneByStart).toBe(true);
    const always = policySite(ALWAYS);
    await always.script();
    expect(always.journal.last('node-01')?.boot.isDoneByStart).toBeUndefined();
  });
});

it('is done by its start, however many others get meanwhile by which they are not done', async () => {
  const standings = new Standings({ store: new MemoryStandings(), newId: () => 'id' });
  const starts = new Starts({
    standings,
    boots: { findBoots: async () => [] },
    records: { recall: () => Promise.resolve() },
    events: () => undefined,
    clock: new TestClock(),
  });
  const boot: Boot = { ...newBoot('b', 'node-01', 1), state: 'started', attemptedAt: 2, startSentAt: 3 };
  starts.gave(boot, WHOSE);
  for (let other = 0; other < 25_000; other += 1) starts.gave(newBoot(`o${other}`, 'x', 1), undefined);
  starts.told(boot);
  await settled();
  expect(standings.of(WHOSE.keys)?.done).toMatchObject({ by: 'start' });
});
