import { expect, it } from 'vitest';
import { testBooter } from '../fixtures/booter.js';
import { assignment, facts, MAC } from '../fixtures/mappings.js';
import { MemoryEnrolments } from '../fixtures/policies.js';

const HERE = '192.168.77.20';
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios', serial: '7XK2', product: 'R640' };

function site(enrols = true) {
  const store = new MemoryEnrolments();
  const made = testBooter({ machines: [], assignments: [], policies: { enrolments: store, enrols: () => enrols } });
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
