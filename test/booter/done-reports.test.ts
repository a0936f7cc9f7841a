import { describe, expect, it } from 'vitest';
import { BootlayerError } from '../../src/errors.js';
import type { Machine } from '../../src/machine/machine.js';
import { testBooter } from '../fixtures/booter.js';
import { assignment, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';
import { expectOneForEachBoot, MemoryCapabilities, neighbours } from '../fixtures/policies.js';

const [HERE, ELSEWHERE] = ['192.168.77.20', '192.168.77.21'];
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios' };
const KEYS = ['name node-01', `mac ${MAC}`];
const URL = /done=http:\/\/10\.0\.2\.2:8080\/boot\/done\/(\S+)/;

function site({ store = new MemoryCapabilities() } = {}) {
  const made = testBooter({
    assignments: [
      assignment({
        kernelArgs: [{ append: ['done={done.url}'] }],
        policy: { mode: 'once', doneWhen: 'reported' },
      }),
    ],
    neighbours: neighbours({ [HERE]: MAC, [ELSEWHERE]: OTHER_MAC }),
    policies: { capabilities: store },
  });
  const capability = async () => URL.exec(await made.booter.script(QUERY, HERE))?.[1] ?? '';
  const report = (text: string) => made.booter.doneReports.report(text, HERE);
  return { ...made, store, capability, report };
}

describe('DoneReports', () => {
  it('takes the word of whoever has the capability, as often as it is told', async () => {
    const { capability, report, standings, events, journal } = site();
    const given = await capability();
    expect(given).toMatch(/^[\w-]{43}$/);
    expect(await report(given)).toBe(true);
    const { done } = standings.of(KEYS) ?? {};
    expect(done).toMatchObject({ by: 'report', boot: journal.last('node-01')?.boot.id });
    expect(journal.last('node-01')?.boot.state).toBe('done');
    expect(await report(given)).toBe(true);
    expect(events.filter(({ event }) => event === 'boot.done')).toHaveLength(1);
  });

  it('gives one for each boot, which is not kept as it is', async () => {
    await expectOneForEachBoot(site());
  });

  it.each(['', 'none', 'x'.repeat(43), '../../../etc/passwd', 'x'.repeat(10_000)])(
    'knows no boot of %.20j',
    async (text) => {
      const { report, standings, events } = site();
      expect(await report(text)).toBe(false);
      expect(standings.size).toBe(0);
      expect(events.at(-1)).toEqual({
        event: 'done.refused',
        address: HERE,
        reason: 'there is no such boot, or none any more',
      });
    },
  );

  it('is over some day', async () => {
    const { capability, report, clock } = site();
    const given = await capability();
    clock.milliseconds += 7 * 24 * 3_600_000;
    expect(await report(given)).toBe(false);
  });

  it('says nothing of a new installation that was wished after the boot', async () => {
    const { capability, report, standings, clock, booter } = site();
    const given = await capability();
    await report(given);
    clock.milliseconds += 1_000;
    await standings.change({ machine: 'node-01', keys: KEYS }, (standing) => ({
      ...standing,
      reprovision: { at: clock.now(), wishedAt: clock.now() },
    }));
    await report(given);
    clock.milliseconds += 600_000;
    expect(await booter.script(QUERY, HERE)).toContain('node-01 boots registry');
  });

  it('lets the machine wait while no capability can be kept, and gives another one then', async () => {
    const store = new MemoryCapabilities();
    const { booter } = site({ store });
    const { saveCapability } = store;
    store.saveCapability = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
    expect(await booter.script(QUERY, HERE)).toContain('waits (1 of 60)');
    store.saveCapability = saveCapability;
    expect(await booter.script(QUERY, HERE)).toMatch(URL);
  });
});

it('gives none to somebody who is not shown to be the machine', async () => {
  const { booter, events } = testBooter({
    assignments: [assignment({ kernelArgs: [{ append: ['done={done.url}'] }] })],
    neighbours: neighbours({ [ELSEWHERE]: OTHER_MAC }),
  });
  for (const address of ['10.9.9.9', ELSEWHERE]) {
    expect(await booter.script(QUERY, address)).toContain('done=http://10.0.2.2:8080/boot/done/none');
  }
  expect(events.filter(({ event }) => event === 'identity.mismatch')).toHaveLength(1);
});

it('gives one that lasts while the clock is not set, since it would be over when it is', async () => {
  const store = new MemoryCapabilities();
  const { booter, clock } = testBooter({
    assignments: [assignment({ kernelArgs: [{ append: ['done={done.url}'] }] })],
    neighbours: neighbours({ [HERE]: MAC }),
    policies: { capabilities: store, senseClock: () => ({ kind: 'unset', reason: 'it says 1970' }) },
  });
  const given = URL.exec(await booter.script(QUERY, HERE))?.[1] ?? '';
  clock.setBy = Date.UTC(2026, 10, 28);
  expect(await booter.doneReports.report(given, HERE)).toBe(true);
});

it('keeps what a machine without a record reported, by which it is known as done later', async () => {
  const { booter, standings } = testBooter({
    machines: [],
    assignments: [
      assignment({
        kernelArgs: [{ append: ['done={done.url}'] }],
        policy: { mode: 'once', doneWhen: 'reported' },
      }),
    ],
    neighbours: neighbours({ [HERE]: MAC }),
  });
  const script = await booter.script({ ...QUERY, mac: [MAC, OTHER_MAC] }, HERE);
  await booter.doneReports.report(URL.exec(script)?.[1] ?? '', HERE);
  const other = { machine: OTHER_MAC, keys: [`mac ${OTHER_MAC}`], evidence: [`mac ${OTHER_MAC}`] };
  expect(standings.seen(other)?.done).toMatchObject({ by: 'report', as: MAC });
});

describe('a report of a machine whose record has changed since', () => {
  const POLICY = { mode: 'once', doneWhen: 'reported' } as const;
  const ASSIGNMENTS = [assignment({ kernelArgs: [{ append: ['done={done.url}'] }], policy: POLICY })];
  const booted = async () => {
    const made = testBooter({
      machines: [machine({ macs: [MAC, OTHER_MAC] })],
      assignments: ASSIGNMENTS,
      neighbours: neighbours({ [HERE]: MAC, [ELSEWHERE]: OTHER_MAC }),
    });
    const capability = URL.exec(await made.booter.script(QUERY, HERE))?.[1] ?? '';
    const remap = (...machines: Machine[]) =>
      made.booter.remap({ machines, assignments: ASSIGNMENTS, defaults: { kernelArgs: {} } });
    return { ...made, remap, report: () => made.booter.doneReports.report(capability, HERE) };
  };
  const other = () => machine({ name: 'node-05', macs: [OTHER_MAC] });

  it('says nothing of another that has got its card', async () => {
    const { booter, remap, report, standings } = await booted();
    remap(machine(), other());
    expect(await report()).toBe(true);
    expect(standings.of(KEYS)?.done).toMatchObject({ by: 'report' });
    expect(await booter.script({ ...QUERY, mac: OTHER_MAC }, ELSEWHERE)).toContain('node-05 boots registry');
  });

  it('takes no card back from one of which something is known', async () => {
    const { booter, remap, report, standings } = await booted();
    remap(machine(), other());
    const whose = { machine: 'node-05', keys: ['name node-05', `mac ${OTHER_MAC}`] };
    await standings.change(whose, (standing) => ({ ...standing, releasedAt: 1 }));
    await report();
    expect(standings.of([`mac ${OTHER_MAC}`])).toBeUndefined();
    expect(standings.of(whose.keys)).toEqual({ machine: 'node-05', releasedAt: 1 });
    expect(await booter.script({ ...QUERY, mac: OTHER_MAC }, ELSEWHERE)).toContain('node-05 boots registry');
  });

  it('counts for whoever may be it where it is called otherwise now, and says so', async () => {
    const { booter, remap, report, events } = await booted();
    remap(machine({ name: 'node-02' }), other());
    await report();
    expect(await booter.script(QUERY, HERE)).toMatch(/node-02 boots its local disk: it is done since \S+, as node-01/);
    expect(await booter.script({ ...QUERY, mac: OTHER_MAC }, ELSEWHERE)).toMatch(/node-05 boots .*, as node-01/);
    expect(events.filter(({ event }) => event === 'boot.done')).toHaveLength(1);
  });
});
