import { describe, expect, it } from 'vitest';
import { bytesOf, textIn } from '../../src/provision/file-text.js';
import { assignment, facts, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { DOCUMENT, ELSEWHERE, HERE, HOUR, IGNITION, provision, provisioning } from '../fixtures/provisioning.js';

/** A UKI whose bytes are there. */
const AT_ONCE = {
  open: async () => ({
    size: 4,
    available: async () => 1,
    read: async (target: Uint8Array) => target.fill(0).length,
    whole: async () => undefined,
    close: async () => undefined,
  }),
  prefetch: () => undefined,
};

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
    const text = handed.kind === 'document' ? (textIn(handed.document.bytes) ?? '') : '';
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

  it('hands each document out once to a machine whose firmware has started a UKI, whoever else is told to start it', async () => {
    const files = [{ ...IGNITION, key: 'files.x' }];
    const { booter, hand, refusals, clock, journal } = provisioning({
      said: provision({ kinds: ['files'], documents: files, isByAddress: true, isOnce: true }),
      more: { image: resolvedImage(['uki'], { commandLine: '' }), blobs: AT_ONCE },
    });
    const start = (sourceAddress: string) =>
      booter.firmware.file(facts({ architecture: 'amd64', firmware: ['uefi-http'], sourceAddress }), { isHead: false });
    expect((await start(HERE)).kind).toBe('uki');
    expect(await hand('self')).toEqual(DOCUMENT);
    const began = journal.last('node-01')?.boot.id;
    clock.milliseconds += 20_000;
    expect((await start(ELSEWHERE)).kind).toBe('uki');
    expect(journal.last('node-01')?.boot).toMatchObject({ state: 'planned' });
    expect(journal.last('node-01')?.boot.id).not.toBe(began);
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['spent']);
    clock.milliseconds += 20_000;
    expect((await start(HERE)).kind).toBe('uki');
    expect(await hand('self')).toEqual(DOCUMENT);
  });

  it('hands nothing out by the address when the machine has begun another boot, and is told its local disk', async () => {
    const said = provision({ isByAddress: true });
    const { script, hand, booter, clock, refusals } = provisioning({ said });
    await script();
    const local = [assignment({ boot: 'local', provision: said })];
    booter.remap({ machines: [machine()], assignments: local, defaults: { kernelArgs: {} } });
    clock.milliseconds += 150_000;
    await script();
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['superseded']);
  });

  it('writes the same digest into what is handed out by the address and by a capability', async () => {
    const template = { ...IGNITION, isTemplate: true };
    const { capability, hand } = provisioning({
      said: provision({ documents: [template], isByAddress: true }),
      files: { '/etc/worker.ign': '{"ignition":{"version":"3.4.0"},"digest":"{{ image.digest }}"}' },
    });
    const given = await capability();
    const text = `{"ignition":{"version":"3.4.0"},"digest":"${resolvedImage().digest}"}`;
    const bytes = bytesOf(text);
    expect([await hand(given), await hand('self')]).toMatchObject([{ document: { bytes } }, { document: { bytes } }]);
  });

  it('lasts for its life by the address, whoever sets the clock meanwhile', async () => {
    const { script, hand, clock } = provisioning({ said: provision({ isByAddress: true, life: 60_000 }) });
    await script();
    clock.setBy = -600_000;
    expect(await hand('self')).toEqual(DOCUMENT);
    clock.milliseconds += 60_000;
    expect(await hand('self')).toEqual({ kind: 'none' });
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
