import { describe, expect, it } from 'vitest';
import { DOCUMENT, ELSEWHERE, HERE, HOUR, IGNITION, provision, provisioning } from '../fixtures/provisioning.js';

describe('ProvisionByAddress', () => {
  it('knows by its address a machine that has just booted there, where that is said', async () => {
    const { script, hand, clock, refusals, events } = provisioning({
      said: provision({ isByAddress: true, isOnce: true }),
    });
    expect(await hand('self')).toEqual({ kind: 'none' });
    await script();
    expect(await hand('self', { address: ELSEWHERE })).toEqual({ kind: 'none' });
    expect(await hand('self')).toEqual(DOCUMENT);
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['unknown', 'unknown', 'spent']);
    clock.milliseconds += 10 * 60_000 - 1;
    await script();
    expect(await hand('self')).toEqual(DOCUMENT);
    clock.milliseconds += HOUR;
    expect(await hand('self')).toEqual({ kind: 'none' });
    const reasons = events.flatMap((event) => (event.event === 'provision.refused' ? [event.reason] : []));
    expect(reasons[0]).toBe('no machine that is known has just booted there');
  });

  it('hands nothing out by the address for a boot that anybody may have begun in the name of the machine', async () => {
    const { script, hand, booter, clock, journal, events, standings } = provisioning({
      said: provision({ isByAddress: true, documents: [{ ...IGNITION, isTemplate: true }] }),
      files: { '/etc/worker.ign': '{"ignition":{"version":"3.4.0"},"done":"{{ done.url }}"}' },
    });
    await script();
    const handed = await hand('self');
    const text = handed.kind === 'document' ? handed.document.text : '';
    const began = journal.last('node-01')?.boot.id;
    clock.milliseconds += 1_000;
    const done = /\/boot\/done\/([\w-]{43})"/.exec(text)?.[1] ?? '';
    expect(await booter.doneReports.report(done, HERE)).toBe(true);
    expect(standings.size).toBe(1);
    clock.milliseconds += 150_000;
    const local = { machine: 'node-01', address: HERE, assignment: 'all', why: 'done', reason: 'done' } as const;
    journal.sink({ event: 'script.local', ...local });
    expect(journal.last('node-01')?.boot.id).not.toBe(began);
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(events.at(-1)).toMatchObject({ event: 'provision.refused', why: 'done' });
  });

  it('hands out by the address what the boot under way is to have, whoever asks in its name', async () => {
    const { script, hand, clock, journal } = provisioning({ said: provision({ isByAddress: true, isOnce: true }) });
    await script();
    expect(await hand('self')).toEqual(DOCUMENT);
    const began = journal.last('node-01')?.boot.id;
    clock.milliseconds += 150_000;
    expect(await script(ELSEWHERE)).toContain('nothing to boot for node-01');
    expect(journal.last('node-01')?.boot.id).not.toBe(began);
    expect(await hand('self')).toEqual({ kind: 'none' });
    const other = provisioning({ said: provision({ isByAddress: true }) });
    await other.script();
    other.clock.milliseconds += 150_000;
    await other.script(ELSEWHERE);
    expect(await other.hand('self')).toEqual(DOCUMENT);
  });

  it('knows nobody by the address where that is not said', async () => {
    const { script, hand, events } = provisioning();
    await script();
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(events.at(-1)).toMatchObject({
      reason: 'byAddress is not set in provision where node-01 is assigned',
    });
  });
});
