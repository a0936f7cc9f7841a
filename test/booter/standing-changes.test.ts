import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/boot/policy.js';
import { StandingChanges } from '../../src/booter/standing-changes.js';
import { parseMac } from '../../src/net/mac.js';
import { assignment, mac, machine } from '../fixtures/mappings.js';
import { MemoryStandings } from '../fixtures/policies.js';
import { HERE, ONCE, policySite } from '../fixtures/policy-site.js';

const [FIRST, SECOND, MOVED] = [mac('52:54:00:00:01:01'), mac('52:54:00:00:01:02'), mac('52:54:00:00:01:03')];
const IMAGE = 'registry.lab:5000/os/rescue:1';

type State = { readonly policy?: Policy; readonly doubtedSince?: number };

/** Machines by their names, each with its cards, which an operator changes. */
function site(first: Readonly<Record<string, readonly string[]>>, { policy = ONCE, doubtedSince }: State = {}) {
  const store = Object.assign(new MemoryStandings(), { doubtedSince });
  const made = policySite(policy, { machines: records(first), store });
  const { booter, standings, events, clock, here, policies } = made;
  const changes = new StandingChanges({
    ...{ standings, clock, attempts: policies.attempts },
    events: (event) => void events.push(event),
    newId: () => `wish-${clock.milliseconds}`,
    wished: () => undefined,
  });
  const subject = (name: string) => {
    const found = booter.named(name);
    if (found === undefined) throw new RangeError(name);
    return found;
  };
  const script = (card: string) => {
    here.card = parseMac(card) ?? here.card;
    return booter.script({ mac: card, buildarch: 'x86_64', platform: 'pcbios' }, HERE);
  };
  const remap = (cards: Readonly<Record<string, readonly string[]>>) =>
    booter.remap({
      machines: records(cards),
      assignments: [assignment({ policy: ONCE })],
      defaults: { kernelArgs: {} },
    });
  const done = async (name: string) => {
    clock.milliseconds += 1_000;
    await changes.change(subject(name), { done: true });
    clock.milliseconds += 1_000;
  };
  const change: (name: string, what: Parameters<typeof changes.change>[1]) => Promise<unknown> = (name, what) =>
    changes.change(subject(name), what);
  const reprovision = (name: string) => change(name, { reprovision: { at: clock.now() } });
  return { ...made, changes, subject, script, remap, done, change, reprovision };
}

function records(cards: Readonly<Record<string, readonly string[]>>) {
  return Object.entries(cards).map(([name, macs]) =>
    machine({ name, macs: macs.flatMap((card) => parseMac(card) ?? []) }),
  );
}

const INSTALLED = 'boots registry';

describe('what an operator says of a machine', () => {
  it('is said of no other that has got one of its cards', async () => {
    const { done, remap, reprovision, script } = site({ 'web-01': [FIRST], 'web-02': [SECOND, MOVED] });
    for (const name of ['web-01', 'web-02']) await done(name);
    remap({ 'web-01': [FIRST, MOVED], 'web-02': [SECOND] });
    await reprovision('web-02');
    for (const card of [FIRST, MOVED]) expect(await script(card)).toContain('web-01 boots its local disk: it is done');
    expect(await script(SECOND)).toContain(`web-02 ${INSTALLED}`);
  });

  it('is said of no stranger that has got one of its cards', async () => {
    const { done, remap, reprovision, script } = site({ 'web-02': [SECOND, MOVED] });
    await done('web-02');
    remap({ 'web-02': [SECOND] });
    await reprovision('web-02');
    expect(await script(MOVED)).toContain('boots its local disk: it is done');
  });

  const renamed = async () => {
    const made = site({ 'web-03': [FIRST] });
    await made.done('web-03');
    made.remap({ 'db-03': [FIRST], 'web-03': [SECOND] });
    return made;
  };

  it('is said of no other that was called so before', async () => {
    const { reprovision, script } = await renamed();
    // Wrong, and the safe side.
    expect(await script(SECOND)).toContain('web-03 boots its local disk');
    await reprovision('web-03');
    expect(await script(FIRST)).toMatch(/db-03 boots its local disk: it is done since \S+, as web-03/);
    expect(await script(SECOND)).toContain(`web-03 ${INSTALLED}`);
  });

  it('gives the next boot to no other that was called so before', async () => {
    const { change, script, standings } = await renamed();
    await change('web-03', { next: { image: IMAGE } });
    expect(await script(FIRST)).toContain('db-03 boots its local disk: it is done');
    expect(await script(SECOND)).toContain(`web-03 ${INSTALLED}`);
    expect([...standings.wishes()]).toHaveLength(1);
  });

  it('is not heard before by one that was called so before it was split', async () => {
    const made = site({ 'web-03': [FIRST] });
    await made.done('web-03');
    await made.reprovision('web-03');
    await made.change('web-03', { next: { image: IMAGE } });
    made.remap({ 'db-03': [FIRST], 'web-03': [SECOND] });
    expect(await made.script(FIRST)).toMatch(/db-03 boots its local disk: it is done since \S+, as web-03/);
    const keys = ['name db-03', `mac ${FIRST}`];
    expect(made.standings.of(keys)).toEqual({
      machine: 'web-03',
      done: { at: 1_000, by: 'operator', as: 'web-03' },
    });
  });

  it('is forgotten of it alone', async () => {
    const { changes, subject, script } = await renamed();
    expect(await changes.forget(subject('web-03'))).toBe(true);
    expect(await script(FIRST)).toContain('db-03 boots its local disk: it is done');
    expect(await script(SECOND)).toContain(`web-03 ${INSTALLED}`);
  });

  it('leaves another its own where it is forgotten of one that has got its card', async () => {
    const { done, remap, changes, subject, script, reprovision } = site({ a: [FIRST, MOVED], b: [SECOND] });
    await done('a');
    await reprovision('a');
    remap({ a: [FIRST], b: [SECOND, MOVED] });
    expect(await changes.forget(subject('b'))).toBe(true);
    expect(await script(SECOND)).toContain(`b ${INSTALLED}`);
    expect(await script(FIRST)).toContain(`a ${INSTALLED}`);
  });
});

describe('a machine that was given another name alone', () => {
  it('keeps what was wished of it, and can be forgotten', async () => {
    const { done, reprovision, remap, script, changes, subject, standings } = site({ old: [FIRST] });
    await done('old');
    await reprovision('old');
    remap({ new: [FIRST] });
    expect(await script(FIRST)).toContain(`new ${INSTALLED}`);
    expect(await changes.forget(subject('new'))).toBe(true);
    expect(standings.of(['name new', `mac ${FIRST}`])).toBeUndefined();
  });

  it('is forgotten with its old name before it has asked', async () => {
    const { done, remap, changes, subject, standings } = site({ old: [FIRST] });
    await done('old');
    remap({ new: [FIRST] });
    expect(await changes.forget(subject('new'))).toBe(true);
    expect(standings.size).toBe(0);
  });
});

it('names what is known of machines by their own names', async () => {
  const { done, remap, standings } = site({ old: [FIRST] });
  await done('old');
  remap({ new: [FIRST] });
  await done('new');
  expect(standings.of(['name new'])).toMatchObject({ machine: 'new', done: { by: 'operator' } });
});

describe('while the state is in doubt, and was written by a clock that was ahead', () => {
  const doubted = () => site({ 'web-01': [FIRST] }, { doubtedSince: 5_000_000 });

  it('counts that a machine is to be installed anew', async () => {
    const { reprovision, script, standings } = doubted();
    expect(await script(FIRST)).toContain('whether it is done is not known');
    await reprovision('web-01');
    expect(await script(FIRST)).toContain(`web-01 ${INSTALLED}`);
    // No time is kept that is ahead, by which the clock would be doubted later.
    expect(standings.newest).toBeLessThan(5_000_000);
  });

  it('counts what it is to boot next', async () => {
    const { change, script } = doubted();
    await change('web-01', { next: { image: IMAGE } });
    expect(await script(FIRST)).toContain(`web-01 ${INSTALLED}`);
  });
});

it('releases a machine also where the clock was ahead when it was booted, and keeps no time by which the clock is doubted', async () => {
  const limit = { maxAttempts: 1, window: 3_600_000 };
  const policy = { mode: 'always', doneWhen: 'reported', limit } as const;
  const { change, script, fetchAll, clock, standings } = site({ 'web-01': [FIRST] }, { policy });
  clock.milliseconds = 900_000_000;
  await script(FIRST);
  fetchAll();
  clock.milliseconds = 1_000;
  const held = async () => (await script(FIRST)).includes('which is all that its policy allows');
  // Another boot than the one that it is in.
  clock.milliseconds += 60_000_000;
  expect(await held()).toBe(true);
  await change('web-01', { release: true });
  expect(await held()).toBe(false);
  expect(standings.newest).toBeLessThan(900_000_000);
});

it('takes a stranger for done by the serial number of a record that is gone', async () => {
  const { done, remap, booter, here } = site({ 'web-01': [] });
  remap({});
  booter.remap({
    machines: [machine({ name: 'web-01', macs: [], serial: 'S7' })],
    assignments: [assignment({ policy: ONCE })],
    defaults: { kernelArgs: {} },
  });
  await done('web-01');
  remap({});
  here.card = FIRST;
  const query = { mac: FIRST, buildarch: 'x86_64', platform: 'pcbios', serial: 'S7' };
  expect(await booter.script(query, HERE)).toMatch(/boots its local disk: it is done since \S+, as web-01/);
});
