import { describe, expect, it } from 'vitest';
import { ALWAYS } from '../../src/boot/policy.js';
import type { BootWithSteps } from '../../src/boot/ports.js';
import type { Standings } from '../../src/booter/standings.js';
import { BootlayerError } from '../../src/errors.js';
import { facts, machine } from '../fixtures/mappings.js';
import { MemoryStandings } from '../fixtures/policies.js';
import { fillDisk, HERE, policySite, QUERY, WHOSE } from '../fixtures/policy-site.js';
import { settled } from '../fixtures/waiting.js';

describe('the next boot', () => {
  const NEXT = { id: 'n1', image: 'registry.lab:5000/os/rescue:1', wishedAt: 1 };
  const wish = (standings: Standings) => standings.change(WHOSE, (standing) => ({ ...standing, next: NEXT }));

  it('is given until it was sent what it starts, and once', async () => {
    const { script, fetchAll, standings, store } = policySite({ mode: 'hold', doneWhen: 'reported' });
    await wish(standings);
    for (let turn = 0; turn < 2; turn += 1) expect(await script()).toContain('boots registry.lab:5000/os/debian:12');
    expect([...store.kept.values()][0]?.standing.next).toMatchObject({ id: 'n1', boot: expect.any(String) as string });
    fetchAll();
    await settled();
    expect(standings.of(WHOSE.keys)?.next).toBeUndefined();
    expect(await script()).toContain('its assignment holds it');
  });

  it('is given again where the boot before came to nothing', async () => {
    const { script, standings, clock } = policySite({ mode: 'hold', doneWhen: 'reported' });
    await wish(standings);
    await script();
    clock.milliseconds += 10 * 60_000;
    expect(await script()).toContain('node-01 boots');
  });

  it('is not given again by a server that ended just when it was sent', async () => {
    const sent = { boot: { attemptedAt: 4, startSentAt: 5 } } as BootWithSteps;
    const { script, standings } = policySite({ mode: 'hold', doneWhen: 'reported' }, { boots: { before: sent } });
    await standings.change(WHOSE, (standing) => ({ ...standing, next: { ...NEXT, boot: 'before' } }));
    expect(await script()).toContain('its assignment holds it');
    expect(standings.of(WHOSE.keys)?.next).toBeUndefined();
  });

  it('needs no assignment, and the machine itself', async () => {
    const { booter, standings, named } = policySite(ALWAYS);
    await wish(standings);
    booter.remap({ machines: [machine()], assignments: [], defaults: { kernelArgs: {} } });
    expect(await booter.script(QUERY, '10.9.9.9')).toContain('no assignment matches this machine');
    expect(await booter.script(QUERY, HERE)).toContain('node-01 boots');
    expect(named('script.sent')).toHaveLength(1);
  });

  it('lets the machine wait while it cannot be kept that it has got it', async () => {
    const store = new MemoryStandings();
    const { script, standings } = policySite(ALWAYS, { store });
    await wish(standings);
    store.saveStanding = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
    expect(await script()).toContain('waits (1 of 60)');
  });

  const HOLD = { mode: 'hold', doneWhen: 'reported' } as const;
  const dropped = { event: 'next.dropped', machine: 'node-01', boot: expect.any(String) as string, image: NEXT.image };

  it.each<[string, (made: ReturnType<typeof policySite>) => void]>([
    ['may have been sent it', () => undefined],
    ['began to be sent it', ({ fetchOne }) => void fetchOne('kernel')],
    [
      'was sent it',
      ({ fetchAll, store }) => {
        store.saveStanding = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
        fetchAll();
      },
    ],
  ])('is not given again to a machine that %s when the server was killed, which is told', async (_name, happens) => {
    const before = policySite(HOLD);
    await wish(before.standings);
    expect(await before.script()).toContain('node-01 boots');
    happens(before);
    await settled();
    const store = new MemoryStandings();
    store.kept = before.store.kept;
    const { booter, script, named } = policySite(HOLD, { store });
    expect(booter.dhcp.invite(facts({ firmware: ['uefi-http'] }))).toMatchObject({ kind: 'local' });
    for (let turn = 0; turn < 2; turn += 1) expect(await script()).toContain('its assignment holds it');
    expect(named('next.dropped')).toEqual([dropped]);
    expect([...store.kept.values()][0]?.standing.next).toBeUndefined();
  });

  it('is given again after a server that ended in peace before the machine began to fetch it', async () => {
    const before = policySite(HOLD);
    await wish(before.standings);
    await before.script();
    await before.policies.step.end();
    expect(before.standings.of(WHOSE.keys)?.next).toEqual(NEXT);
    const after = policySite(HOLD, { store: before.store });
    expect(await after.script()).toContain('node-01 boots');
    after.fetchOne('kernel');
    await after.policies.step.end();
    const last = policySite(HOLD, { store: before.store });
    expect(await last.script()).toContain('its assignment holds it');
    expect(last.named('next.dropped')).toEqual([dropped]);
  });

  it('is not given again where it could not be kept that it was sent', async () => {
    const { script, standings, store, fetchAll, named } = policySite(HOLD);
    await wish(standings);
    await script();
    const makeRoom = fillDisk(store);
    fetchAll();
    await settled();
    expect(named('standing.unsaved')).toHaveLength(1);
    expect(await script()).toContain('waits (1 of 60): the disk of');
    makeRoom();
    expect(await script()).toContain('its assignment holds it');
    expect(named('next.dropped')).toEqual([]);
  });
});
