import { expect, it } from 'vitest';
import { testBooter } from '../fixtures/booter.js';
import { assignment, facts, MAC, OTHER_MAC } from '../fixtures/mappings.js';
import { MemoryEnrolments, neighbours } from '../fixtures/policies.js';

const HERE = '192.168.77.20';
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios', serial: '7XK2', product: 'R640' };

function site(enrols = true, store = new MemoryEnrolments()) {
  const made = testBooter({
    ...{ machines: [], assignments: [], neighbours: neighbours({ [HERE]: MAC }) },
    policies: { enrolments: store, enrolled: [...store.kept.values()], enrols: () => enrols },
  });
  return { ...made, store };
}

it('keeps a machine waiting that nothing matches, and records what it reports', async () => {
  const { booter, store, events } = site();
  expect(booter.dhcp.invite(facts())).toMatchObject({ kind: 'unknown' });
  const script = await booter.script(QUERY, HERE);
  expect(script).toContain(`${MAC} waits (1 of 360): no assignment matches this machine`);
  expect(script).toContain('sleep 10');
  expect(script).toContain('&attempt=2');
  expect(store.kept.get(MAC)?.facts).toMatchObject({ macs: [MAC], serial: '7XK2', product: 'R640' });
  await booter.script(QUERY, HERE);
  expect(events.filter(({ event }) => event === 'machine.enrolled')).toEqual([
    {
      event: 'machine.enrolled',
      machine: MAC,
      address: HERE,
      facts: `${MAC}, R640, serial 7XK2, amd64 bios, at ${HERE}`,
    },
  ]);
});

it('lets it go after an hour', async () => {
  const { booter } = site();
  const script = await booter.script({ ...QUERY, attempt: '360' }, HERE);
  expect(script).toContain('Going on to the next boot device');
});

it('boots it when it is assigned, and forgets that it was not', async () => {
  const { booter, store } = site();
  await booter.script(QUERY, HERE);
  booter.remap({ machines: [], assignments: [assignment()], defaults: { kernelArgs: {} } });
  expect(await booter.script(QUERY, HERE)).toContain(`${MAC} boots registry`);
  expect(store.kept.size).toBe(0);
});

it('refuses it where unknown machines are ignored', async () => {
  const { booter, store } = site(false);
  expect(booter.dhcp.invite(facts())).toMatchObject({ kind: 'unmapped' });
  expect(await booter.script(QUERY, HERE)).toContain('nothing to boot');
  expect(store.kept.size).toBe(0);
});

it('writes a bounded number of machines that somebody makes up', async () => {
  const { booter, store } = site();
  for (let number = 0; number < 1_000; number += 1) {
    const mac = `52:54:00:00:${String(number % 100).padStart(2, '0')}:${String(Math.floor(number / 100)).padStart(2, '0')}`;
    await booter.script({ ...QUERY, mac }, number < 500 ? HERE : `10.0.${number % 50}.1`);
  }
  expect(store.kept.size).toBe(300);
  expect([...store.kept.values()].filter(({ facts: { sourceAddress } }) => sourceAddress === HERE)).toHaveLength(30);
});

it('forgets one that got its assignment while the server did not run', async () => {
  const { store } = site();
  const before = site(true, store);
  await before.booter.script(QUERY, HERE);
  const { booter } = site(true, store);
  booter.remap({ machines: [], assignments: [assignment()], defaults: { kernelArgs: {} } });
  await booter.script(QUERY, HERE);
  expect(store.kept.size).toBe(0);
});

it('lists one again at once that an operator forgot', async () => {
  const { booter, store, policies, events } = site();
  await booter.script(QUERY, HERE);
  expect([await policies.enrolments.forget(MAC), await policies.enrolments.forget(MAC)]).toEqual([true, false]);
  await booter.script(QUERY, HERE);
  expect([...store.kept.keys()]).toEqual([MAC]);
  expect(events.filter(({ event }) => event === 'machine.enrolled')).toHaveLength(2);
});

it('records whether it is shown to be itself, and lets nobody else change what it said', async () => {
  const { booter, store, clock } = site();
  await booter.script({ ...QUERY, serial: 'made up' }, '192.168.77.66');
  expect(store.kept.get(MAC)).toMatchObject({ isShown: false, facts: { serial: 'made up' } });
  await booter.script(QUERY, HERE);
  expect(store.kept.get(MAC)).toMatchObject({ isShown: true, facts: { serial: '7XK2' } });
  clock.milliseconds += 600_000;
  await booter.script({ ...QUERY, serial: 'made up' }, '192.168.77.66');
  expect(store.kept.get(MAC)).toMatchObject({ isShown: true, lastAt: 0, facts: { serial: '7XK2' } });
});

it('writes one that is shown to be itself however many others are made up', async () => {
  const { booter, store } = site();
  for (let number = 0; number < 400; number += 1) {
    const mac = `52:54:00:01:0${Math.floor(number / 100)}:${String(number % 100).padStart(2, '0')}`;
    await booter.script({ ...QUERY, mac }, `10.0.0.${number % 100}`);
  }
  expect(store.kept.size).toBe(300);
  await booter.script(QUERY, HERE);
  expect(store.kept.has(MAC)).toBe(true);
});

it('keeps those that were there first when a flood has filled the list, and tells it once', async () => {
  const store = new MemoryEnrolments();
  const one = { facts: facts(), firstAt: -1_000, lastAt: 0, isShown: false };
  for (let number = 0; number < 10_000; number += 1) {
    const name = `made-up-${number}`;
    store.kept.set(name, { ...one, name, firstAt: number });
  }
  store.kept.set('really there', { ...one, name: 'really there' });
  store.kept.delete('made-up-0');
  const { booter, events } = site(true, store);
  await booter.script({ ...QUERY, mac: OTHER_MAC }, '192.168.77.66');
  await booter.script({ ...QUERY, mac: '52:54:00:00:00:77' }, '192.168.77.67');
  expect(store.kept.has(OTHER_MAC)).toBe(false);
  expect(events.filter(({ event }) => event === 'enrolment.refused')).toEqual([
    { event: 'enrolment.refused', machine: OTHER_MAC, address: '192.168.77.66', listed: 10_000 },
  ]);
  await booter.script(QUERY, HERE);
  expect(store.kept.get(MAC)?.isShown).toBe(true);
  expect([store.kept.size, store.kept.has('really there'), store.kept.has('made-up-9999')]).toEqual([
    10_000,
    true,
    false,
  ]);
});

it('makes room when those are forgotten that do not ask any more', async () => {
  const { booter, policies, store, clock } = site();
  await booter.script(QUERY, HERE);
  clock.milliseconds += 8 * 86_400_000;
  expect(await policies.enrolments.prune()).toBe(1);
  expect([store.kept.size, policies.enrolments.size]).toEqual([0, 0]);
});
