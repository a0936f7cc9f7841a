import { describe, expect, it } from 'vitest';
import { ofBoot } from '../../src/booter/capabilities.js';
import { BootlayerError } from '../../src/errors.js';
import { NO_DOCUMENTS } from '../../src/provision/documents.js';
import { bytesOf, textIn } from '../../src/provision/file-text.js';
import { documentsOf } from '../fixtures/document-files.js';
import { assignment, machine } from '../fixtures/mappings.js';
import { resolvedImage } from '../fixtures/plans.js';
import { expectOneForEachBoot, MemoryCapabilities } from '../fixtures/policies.js';
import { DOCUMENT, ELSEWHERE, HERE, HOUR, IGNITION, MOVED, provision, provisioning } from '../fixtures/provisioning.js';

const superseded = ({ kept }: MemoryCapabilities) =>
  [...kept.values()].map(({ handsOut }) => handsOut?.isSuperseded === true);

describe('Provisioning', () => {
  it('hands a machine what its script leads it to, as often as it asks', async () => {
    const { script, capability, hand, events, journal } = provisioning();
    expect(await script()).toContain(
      ' ignition.firstboot=1 ignition.platform.id=metal ignition.config.url=http://10.0.2.2:8080/provision/',
    );
    const given = await capability();
    for (let times = 0; times < 3; times += 1) expect(await hand(given)).toEqual(DOCUMENT);
    const told = { event: 'provision.sent', machine: 'node-01', address: HERE, document: 'config.ign', bytes: 32 };
    expect(events.filter(({ event }) => event === 'provision.sent')).toEqual([told, told, told]);
    expect(journal.last('node-01')?.boot.steps).toBeGreaterThan(3);
  });

  it('gives each boot one of its own, of which nothing is kept as it is', async () => {
    await expectOneForEachBoot(provisioning());
  });

  it('gives nobody one who is not shown to be the machine, and does not boot it without', async () => {
    const { script, events } = provisioning();
    const answer = await script(ELSEWHERE);
    expect(answer).toContain('nothing to boot for node-01');
    expect(answer).toContain('its configuration is for node-01 alone: the card at 192.168.77.21 is');
    expect(answer).not.toContain('/provision/');
    expect(events.filter(({ event }) => event === 'identity.mismatch')).toHaveLength(1);
  });

  it('hands nothing to another address than it was given to', async () => {
    const { capability, hand, refusals, events } = provisioning();
    const given = await capability();
    expect(await hand(given, { address: ELSEWHERE })).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['foreign']);
    expect(events.find(({ event }) => event === 'provision.refused')).toEqual({
      ...{ event: 'provision.refused', address: ELSEWHERE, document: 'config.ign', why: 'foreign' },
      reason: `it was given to node-01 at ${HERE}, and no card of that is known there`,
    });
    expect(await hand(given)).toEqual(DOCUMENT);
  });

  it('hands it to the machine where its system has another address, as its card shows', async () => {
    const { capability, hand, refusals } = provisioning();
    const given = await capability();
    expect(await hand(given, { address: MOVED })).toEqual(DOCUMENT);
    expect(await hand(given, { address: '10.9.9.9' })).toEqual({ kind: 'none' });
    const open = provisioning({ verify: false });
    expect(await open.hand(await open.capability(), { address: MOVED })).toEqual({ kind: 'none' });
    expect([...refusals(), ...open.refusals()]).toEqual(['foreign', 'foreign']);
  });

  it('hands nothing out when its time is over, whatever is asked then', async () => {
    const { capability, hand, clock, refusals } = provisioning({ said: provision({ life: 60_000 }) });
    const given = await capability();
    clock.milliseconds += 60_000;
    expect(await hand(given)).toEqual({ kind: 'none' });
    expect(await hand(given, { path: 'x' })).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['expired', 'expired']);
  });

  it('gives another one when half of its time is over, and the first one lasts as long as it was to', async () => {
    const { capability, hand, clock } = provisioning({ said: provision({ life: 200_000 }) });
    const first = await capability();
    clock.milliseconds += 110_000;
    const second = await capability();
    expect(second).not.toBe(first);
    expect(await hand(first)).toEqual(DOCUMENT);
    clock.milliseconds += 100_000;
    expect(await hand(first)).toEqual({ kind: 'none' });
    expect(await hand(second)).toEqual(DOCUMENT);
  });

  it('hands nothing out when the machine has begun another boot', async () => {
    const { capability, hand, clock, refusals } = provisioning();
    const first = await capability();
    clock.milliseconds += 10 * 60_000;
    await capability();
    expect(await hand(first)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['superseded']);
  });

  it.each([
    ['its local disk', { machines: [machine()], assignments: [assignment({ boot: 'local', provision: provision() })] }],
    ['nothing, since it is assigned to nothing', { machines: [machine()], assignments: [] }],
  ])('hands nothing out when the machine has begun another boot, and is told %s', async (_what, mapping) => {
    const store = new MemoryCapabilities();
    const { script, capability, hand, booter, clock, refusals } = provisioning({ store });
    const given = await capability();
    booter.remap({ ...mapping, defaults: { kernelArgs: {} } });
    expect(await script()).not.toContain('boots registry');
    clock.milliseconds += 150_000;
    await script(ELSEWHERE);
    expect(refusals()).toEqual([]);
    expect(superseded(store)).toEqual([false]);
    await script();
    expect(superseded(store)).toEqual([true]);
    expect(await hand(given)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['superseded']);
    expect(await provisioning({ store }).hand(given)).toEqual({ kind: 'none' });
  });

  it('hands nothing out when the machine has begun another boot, by a wish of which nothing is handed out', async () => {
    const store = new MemoryCapabilities();
    const { script, capability, hand, booter, clock, standings, refusals } = provisioning({ store });
    const given = await capability();
    const next = { id: 'wish', image: 'registry.lab:5000/os/rescue:1', wishedAt: 0 };
    await standings.change({ machine: 'node-01', keys: ['name node-01'] }, (before) => ({ ...before, next }));
    booter.remap({ machines: [machine()], assignments: [assignment()], defaults: { kernelArgs: {} } });
    clock.milliseconds += 150_000;
    expect(await script()).toContain('node-01 boots ');
    expect(await hand(given)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['superseded']);
  });

  it('ends nothing that a machine was handed by what others ask in its name', async () => {
    const { script, capability, hand, clock, journal } = provisioning();
    const given = await capability();
    const began = journal.last('node-01')?.boot.id;
    clock.milliseconds += 150_000;
    await script(ELSEWHERE);
    const asked = {
      machine: 'node-01',
      address: '0.0.0.0',
      step: 'offer',
      client: 'BIOS by PXE',
      firmware: 'bios',
    } as const;
    clock.milliseconds += 150_000;
    journal.sink({ event: 'dhcp.answered', ...asked, answer: 'loader' });
    expect(journal.last('node-01')?.boot.id).not.toBe(began);
    expect(await hand(given)).toEqual(DOCUMENT);
  });

  it('boots no machine of whose boot before it cannot be kept that it is over, and does when it can', async () => {
    const store = new MemoryCapabilities();
    const { script, clock } = provisioning({ store });
    await script();
    const { supersede } = store;
    store.supersede = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
    clock.milliseconds += 150_000;
    expect(await script()).toContain('waits (1 of 60)');
    store.supersede = supersede;
    expect(await script()).toContain('node-01 boots ');
    expect(superseded(store)).toEqual([true, false]);
  });

  it('hands nothing out by what is written out too late, when the machine has begun another boot', async () => {
    const store = new MemoryCapabilities();
    const { booter, policies, journal } = provisioning({ store });
    const boot = journal.open('node-01');
    await policies.capabilities.begun({ machine: 'node-01', id: 'next' });
    const subject = booter.named('node-01') ?? expect.unreachable();
    const whose = { subject, assignment: assignment(), image: resolvedImage() };
    await booter.provisioning.capability(whose, provision(), ofBoot(subject, boot));
    expect(superseded(store)).toEqual([true]);
  });

  it('hands nothing out when the boot is done', async () => {
    const { script, capability, hand, booter, refusals } = provisioning({
      said: provision({ documents: [{ ...IGNITION, isTemplate: true }] }),
      files: { '/etc/worker.ign': '{"ignition":{"version":"3.4.0"},"done":"{{ done.url }}"}' },
    });
    const given = await capability();
    const handed = await hand(given);
    const text = handed.kind === 'document' ? (textIn(handed.document.bytes) ?? '') : '';
    const done = /\/boot\/done\/([\w-]{43})"/.exec(text)?.[1] ?? '';
    expect(await booter.doneReports.report(done, HERE)).toBe(true);
    expect(await hand(given)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['done']);
    expect(await script()).not.toContain(done);
  });

  it('hands each document out once where that is said, and to one of those who ask at the same time', async () => {
    const files = { ...IGNITION, key: 'files.x', path: 'files/x' };
    const { capability, hand, refusals } = provisioning({
      said: provision({ isOnce: true, documents: [IGNITION, files] }),
    });
    const given = await capability();
    expect(await hand(given, { isHead: true })).toEqual(DOCUMENT);
    const raced = await Promise.all(Array.from({ length: 8 }, () => hand(given)));
    expect(raced.filter(({ kind }) => kind === 'document')).toHaveLength(1);
    expect(refusals()).toEqual(Array(7).fill('spent'));
    expect((await hand(given, { path: 'files/x' })).kind).toBe('document');
  });

  it('hands out once anew to a machine that was reset, and nothing any more by what it had before', async () => {
    const { capability, hand, clock, journal, refusals } = provisioning({ said: provision({ isOnce: true }) });
    const given = await capability();
    expect(await hand(given)).toEqual(DOCUMENT);
    const began = journal.last('node-01')?.boot.id;
    clock.milliseconds += 30_000;
    expect(await hand(given)).toEqual({ kind: 'none' });
    const next = await capability();
    expect(journal.last('node-01')?.boot.id).not.toBe(began);
    expect(await hand(given)).toEqual({ kind: 'none' });
    expect(await hand(next)).toEqual(DOCUMENT);
    expect(await hand(next)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['spent', 'superseded', 'spent']);
  });

  it('ends with its life while the clock is not set, and lasts when it is; over a restart, until it is done', async () => {
    const store = new MemoryCapabilities();
    const { capability, hand, clock, refusals } = provisioning({ store, isClockSet: false });
    const given = await capability();
    clock.setBy = Date.UTC(2026, 10, 28);
    clock.milliseconds += HOUR - 1;
    expect(await hand(given)).toEqual(DOCUMENT);
    clock.milliseconds += 1;
    expect(await hand(given)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['expired']);
    expect(await provisioning({ store, isClockSet: false }).hand(given)).toEqual(DOCUMENT);
  });

  it('knows nothing by a capability that reports boots as done, and reports nothing by one of its own', async () => {
    const { script, capability, hand, booter, refusals, standings } = provisioning({ append: 'done={done.url}' });
    const given = await capability();
    const done = /\/boot\/done\/([\w-]{43})/.exec(await script())?.[1] ?? expect.unreachable('nothing reports it');
    expect(await hand(done)).toEqual({ kind: 'none' });
    expect(await booter.doneReports.report(given, HERE)).toBe(false);
    expect(standings.size).toBe(0);
    expect(await hand('x'.repeat(43))).toEqual({ kind: 'none' });
    expect(await hand('../../etc/passwd')).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it('lasts over a restart', async () => {
    const store = new MemoryCapabilities();
    const given = await provisioning({ store }).capability();
    expect(await provisioning({ store }).hand(given)).toEqual(DOCUMENT);
  });

  it('hands out what its assignment says now, and nothing where that says nothing any more', async () => {
    const { capability, hand, booter, refusals } = provisioning();
    const given = await capability();
    booter.redocument(documentsOf({ '/etc/worker.ign': 'new' }));
    expect(await hand(given)).toMatchObject({ document: { bytes: bytesOf('new') } });
    booter.remap({ machines: [machine()], assignments: [assignment()], defaults: { kernelArgs: {} } });
    expect(await hand(given)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['changed']);
  });

  it('writes a document by one mapping, whatever comes into force meanwhile', async () => {
    const { capability, hand, booter, store } = provisioning({
      said: provision({ documents: [{ ...IGNITION, isTemplate: true }] }),
      files: { '/etc/worker.ign': '{"ignition":{"version":"3.4.0"},"done":"{{ done.url }}"}' },
    });
    const given = await capability();
    const save = store.saveCapability.bind(store);
    store.saveCapability = (kept) => {
      booter.redocument(NO_DOCUMENTS);
      return save(kept);
    };
    expect(await hand(given)).toMatchObject({ kind: 'document' });
    expect(await hand(given)).toEqual({ kind: 'broken' });
  });

  it('boots no machine whose configuration cannot be written', async () => {
    const { script, booter } = provisioning();
    booter.redocument(NO_DOCUMENTS);
    expect(await script()).toContain('provision.ignition: /etc/worker.ign is not read');
  });

  it('has nothing of other names, but for what cloud-init asks for in any case', async () => {
    const seed = { ...IGNITION, key: 'cloudInit.userData', path: 'seed/user-data' };
    const { capability, hand, refusals, events } = provisioning({
      said: provision({ kinds: ['cloudInit'], documents: [seed] }),
    });
    const given = await capability();
    for (const path of ['seed/vendor-data', 'seed/network-config'])
      expect(await hand(given, { path })).toMatchObject({ kind: 'document', document: { bytes: bytesOf('') } });
    expect(await hand(given, { path: 'seed/meta-data' })).toMatchObject({
      document: { bytes: bytesOf('instance-id: "node-01"\nlocal-hostname: "node-01"\n') },
    });
    for (const path of ['config.ign', '../etc/passwd', ''])
      expect(await hand(given, { path })).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['absent', 'absent', 'absent']);
    expect(events).toContainEqual(
      expect.objectContaining({
        reason: 'its assignment has no such document: it hands out seed/user-data, seed/meta-data',
      }),
    );
  });

  it('hands each document out once in a boot, by whichever of its capabilities', async () => {
    const once = { said: provision({ isOnce: true, isByAddress: true, life: 200_000 }) };
    const { capability, hand, clock, refusals } = provisioning(once);
    const first = await capability();
    clock.milliseconds += 110_000;
    const second = await capability();
    expect(second).not.toBe(first);
    expect(await hand(first)).toEqual(DOCUMENT);
    expect(await hand(second)).toEqual({ kind: 'none' });
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['spent', 'spent']);
    const other = provisioning(once);
    const [here, moved] = [await other.capability(), await other.capability(MOVED)];
    const raced = await Promise.all([other.hand(here), other.hand(moved, { address: MOVED })]);
    expect(raced.filter(({ kind }) => kind === 'document')).toHaveLength(1);
  });

  it('does not listen for a while to whoever guesses', async () => {
    const { hand, capability, clock, events, refusals } = provisioning();
    const given = await capability();
    const guess = (address: string) => hand('y'.repeat(43), { address });
    for (let tries = 0; tries < 200; tries += 1) await guess(ELSEWHERE);
    expect(refusals().length).toBeLessThan(30);
    expect(await guess(ELSEWHERE)).toEqual({ kind: 'flooding' });
    expect(events.filter(({ event }) => event === 'provision.flooded')).toEqual([
      { event: 'provision.flooded', address: ELSEWHERE },
    ]);
    expect(await hand(given)).toEqual(DOCUMENT);
    for (let tries = 0; tries < 200; tries += 1) await guess(HERE);
    expect(await hand(given)).toEqual(DOCUMENT);
    clock.milliseconds += 6_000;
    expect(await guess(ELSEWHERE)).toEqual({ kind: 'none' });
  });

  it('tells now and then of whoever asks again and again for what is over, and listens on', async () => {
    const { capability, hand, clock, events, refusals } = provisioning({ said: provision({ life: 60_000 }) });
    const given = await capability();
    clock.milliseconds += 60_000;
    for (let times = 0; times < 200; times += 1) expect(await hand(given)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(Array(20).fill('expired'));
    expect(events.filter(({ event }) => event === 'provision.flooded')).toEqual([]);
    clock.milliseconds += 20_000;
    await hand(given);
    expect(refusals()).toHaveLength(21);
  });

  it('lets the machine wait while no capability can be kept', async () => {
    const store = new MemoryCapabilities();
    const { script } = provisioning({ store });
    store.saveCapability = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
    expect(await script()).toContain('waits (1 of 60)');
  });

  it('asks nobody to be shown where that is turned off', async () => {
    const { capability, hand } = provisioning({ verify: false });
    expect(await hand(await capability('10.9.9.9'), { address: '10.9.9.9' })).toEqual(DOCUMENT);
  });
});
