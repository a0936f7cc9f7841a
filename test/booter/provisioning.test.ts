import { describe, expect, it } from 'vitest';
import type { ProvisionRequest } from '../../src/booter/provisioning.js';
import { BootlayerError } from '../../src/errors.js';
import { NO_DOCUMENTS } from '../../src/provision/documents.js';
import { bytesOf, textIn } from '../../src/provision/file-text.js';
import { SINGLE_DOCUMENTS } from '../../src/provision/kinds.js';
import type { DocumentSource, Provision } from '../../src/provision/provision.js';
import { testBooter } from '../fixtures/booter.js';
import { documentsOf } from '../fixtures/document-files.js';
import { assignment, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';
import { MemoryCapabilities, neighbours } from '../fixtures/policies.js';

const [HERE, ELSEWHERE, MOVED] = ['192.168.77.20', '192.168.77.21', '192.168.77.22'];
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios' };
const CONFIG = '{"ignition":{"version":"3.4.0"}}';
const IGNITION = {
  ...SINGLE_DOCUMENTS.ignition,
  key: 'ignition',
  ...{ file: '/etc/worker.ign', isTemplate: false },
} as const satisfies DocumentSource;
const HOUR = 3_600_000;

function provision(more: Partial<Provision> = {}): Provision {
  return {
    kinds: ['ignition'],
    documents: [IGNITION],
    secrets: {},
    life: HOUR,
    isOnce: false,
    isByAddress: false,
    ...more,
  };
}

function site({ said = provision(), append = '', store = new MemoryCapabilities(), files = {}, verify = true } = {}) {
  const made = testBooter({
    machines: [machine({ labels: { rack: 'r1' } })],
    assignments: [assignment({ provision: said, kernelArgs: append === '' ? [] : [{ append: [append] }] })],
    neighbours: neighbours({ [HERE]: MAC, [MOVED]: MAC, [ELSEWHERE]: OTHER_MAC }),
    documents: documentsOf({ '/etc/worker.ign': CONFIG, ...files }),
    policies: { capabilities: store, identity: () => ({ verify, trustedRelays: [] }) },
  });
  const script = (address = HERE) => made.booter.script(QUERY, address);
  const capability = async (address = HERE) => /\/provision\/([\w-]{43})\//.exec(await script(address))?.[1] ?? '';
  const hand = (word: string, more: Partial<ProvisionRequest> = {}) =>
    made.booter.provisioning.hand({ capability: word, path: 'config.ign', address: HERE, isHead: false, ...more });
  const refusals = () => made.events.flatMap((event) => (event.event === 'provision.refused' ? [event.why] : []));
  return { ...made, store, script, capability, hand, refusals };
}

const DOCUMENT = {
  kind: 'document',
  document: { path: 'config.ign', contentType: 'application/json', bytes: bytesOf(CONFIG) },
};

describe('Provisioning', () => {
  it('hands a machine what its script leads it to, as often as it asks', async () => {
    const { script, capability, hand, events, journal } = site();
    expect(await script()).toContain(
      ' ignition.firstboot=1 ignition.platform.id=metal ignition.config.url=http://10.0.2.2:8080/provision/',
    );
    const word = await capability();
    for (let times = 0; times < 3; times += 1) expect(await hand(word)).toEqual(DOCUMENT);
    const told = { event: 'provision.sent', machine: 'node-01', address: HERE, document: 'config.ign', bytes: 32 };
    expect(events.filter(({ event }) => event === 'provision.sent')).toEqual([told, told, told]);
    expect(journal.last('node-01')?.boot.steps).toBeGreaterThan(3);
  });

  it('gives each boot one of its own, of which nothing is kept as it is', async () => {
    const { capability, store, clock } = site();
    const first = await capability();
    expect(await capability()).toBe(first);
    clock.milliseconds += 10 * 60_000;
    expect(await capability()).not.toBe(first);
    expect(JSON.stringify([...store.kept.values()])).not.toContain(first);
  });

  it('gives nobody one who is not shown to be the machine, and does not boot it without', async () => {
    const { script, events } = site();
    const answer = await script(ELSEWHERE);
    expect(answer).toContain('nothing to boot for node-01');
    expect(answer).toContain('its configuration is for node-01 alone: the card at 192.168.77.21 is');
    expect(answer).not.toContain('/provision/');
    expect(events.filter(({ event }) => event === 'identity.mismatch')).toHaveLength(1);
  });

  it('hands nothing to another address than it was given to', async () => {
    const { capability, hand, refusals, events } = site();
    const word = await capability();
    expect(await hand(word, { address: ELSEWHERE })).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['foreign']);
    expect(events.find(({ event }) => event === 'provision.refused')).toEqual({
      ...{ event: 'provision.refused', address: ELSEWHERE, document: 'config.ign', why: 'foreign' },
      reason: `it was given to node-01 at ${HERE}, and no card of that is known there`,
    });
    expect(await hand(word)).toEqual(DOCUMENT);
  });

  it('hands it to the machine where its system has another address, as its card shows', async () => {
    const { capability, hand, refusals } = site();
    const word = await capability();
    expect(await hand(word, { address: MOVED })).toEqual(DOCUMENT);
    expect(await hand(word, { address: '10.9.9.9' })).toEqual({ kind: 'none' });
    const open = site({ verify: false });
    expect(await open.hand(await open.capability(), { address: MOVED })).toEqual({ kind: 'none' });
    expect([...refusals(), ...open.refusals()]).toEqual(['foreign', 'foreign']);
  });

  it('hands nothing out when its time is over, whatever is asked then', async () => {
    const { capability, hand, clock, refusals } = site({ said: provision({ life: 60_000 }) });
    const word = await capability();
    clock.milliseconds += 60_000;
    expect(await hand(word)).toEqual({ kind: 'none' });
    expect(await hand(word, { path: 'x' })).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['expired', 'expired']);
  });

  it('gives another one when half of its time is over, and the first one lasts as long as it was to', async () => {
    const { capability, hand, clock } = site({ said: provision({ life: 200_000 }) });
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
    const { capability, hand, clock, refusals } = site();
    const first = await capability();
    clock.milliseconds += 10 * 60_000;
    await capability();
    expect(await hand(first)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['superseded']);
  });

  it('hands nothing out when the boot is done', async () => {
    const { script, capability, hand, booter, refusals } = site({
      said: provision({ documents: [{ ...IGNITION, isTemplate: true }] }),
      files: { '/etc/worker.ign': '{"ignition":{"version":"3.4.0"},"done":"{{ done.url }}"}' },
    });
    const word = await capability();
    const handed = await hand(word);
    const text = handed.kind === 'document' ? (textIn(handed.document.bytes) ?? '') : '';
    const done = /\/boot\/done\/([\w-]{43})"/.exec(text)?.[1] ?? '';
    expect(await booter.doneReports.report(done, HERE)).toBe(true);
    expect(await hand(word)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['done']);
    expect(await script()).not.toContain(done);
  });

  it('hands each document out once where that is said, and to one of those who ask at the same time', async () => {
    const files = { ...IGNITION, key: 'files.x', path: 'files/x' };
    const { capability, hand, refusals } = site({ said: provision({ isOnce: true, documents: [IGNITION, files] }) });
    const word = await capability();
    expect(await hand(word, { isHead: true })).toEqual(DOCUMENT);
    const raced = await Promise.all(Array.from({ length: 8 }, () => hand(word)));
    expect(raced.filter(({ kind }) => kind === 'document')).toHaveLength(1);
    expect(refusals()).toEqual(Array(7).fill('spent'));
    expect((await hand(word, { path: 'files/x' })).kind).toBe('document');
  });

  it('knows nothing by a word that reports boots as done, and reports nothing by one of its own', async () => {
    const { script, capability, hand, booter, refusals, standings } = site({ append: 'done={done.url}' });
    const word = await capability();
    const done = /\/boot\/done\/([\w-]{43})/.exec(await script())?.[1] ?? expect.unreachable('nothing reports it');
    expect(await hand(done)).toEqual({ kind: 'none' });
    expect(await booter.doneReports.report(word, HERE)).toBe(false);
    expect(standings.size).toBe(0);
    expect(await hand('x'.repeat(43))).toEqual({ kind: 'none' });
    expect(await hand('../../etc/passwd')).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['unknown', 'unknown', 'unknown']);
  });

  it('lasts over a restart', async () => {
    const store = new MemoryCapabilities();
    const word = await site({ store }).capability();
    expect(await site({ store }).hand(word)).toEqual(DOCUMENT);
  });

  it('hands out what its assignment says now, and nothing where that says nothing any more', async () => {
    const { capability, hand, booter, refusals } = site();
    const word = await capability();
    booter.redocument(documentsOf({ '/etc/worker.ign': 'new' }));
    expect(await hand(word)).toMatchObject({ document: { bytes: bytesOf('new') } });
    booter.remap({ machines: [machine()], assignments: [assignment()], defaults: { kernelArgs: {} } });
    expect(await hand(word)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['changed']);
  });

  it('writes a document by one mapping, whatever comes into force meanwhile', async () => {
    const { capability, hand, booter, store } = site({
      said: provision({ documents: [{ ...IGNITION, isTemplate: true }] }),
      files: { '/etc/worker.ign': '{"ignition":{"version":"3.4.0"},"done":"{{ done.url }}"}' },
    });
    const word = await capability();
    const save = store.saveCapability.bind(store);
    store.saveCapability = (kept) => {
      booter.redocument(NO_DOCUMENTS);
      return save(kept);
    };
    expect(await hand(word)).toMatchObject({ kind: 'document' });
    expect(await hand(word)).toEqual({ kind: 'broken' });
  });

  it('boots no machine whose configuration cannot be written', async () => {
    const { script, booter } = site();
    booter.redocument(NO_DOCUMENTS);
    expect(await script()).toContain('provision.ignition: /etc/worker.ign is not read');
  });

  it('has nothing of other names, but for what cloud-init asks for in any case', async () => {
    const seed = { ...IGNITION, key: 'cloudInit.userData', path: 'seed/user-data' };
    const { capability, hand, refusals } = site({ said: provision({ kinds: ['cloudInit'], documents: [seed] }) });
    const word = await capability();
    for (const path of ['seed/vendor-data', 'seed/network-config'])
      expect(await hand(word, { path })).toMatchObject({ kind: 'document', document: { bytes: bytesOf('') } });
    expect(await hand(word, { path: 'seed/meta-data' })).toMatchObject({
      document: { bytes: bytesOf('instance-id: "node-01"\nlocal-hostname: "node-01"\n') },
    });
    for (const path of ['config.ign', '../etc/passwd', ''])
      expect(await hand(word, { path })).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['absent', 'absent', 'absent']);
  });

  it('knows by its address a machine that has just booted there, where that is said', async () => {
    const { script, hand, clock, refusals, events } = site({ said: provision({ isByAddress: true, isOnce: true }) });
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

  it('hands each document out once in a boot, by whichever of its words', async () => {
    const once = { said: provision({ isOnce: true, isByAddress: true, life: 200_000 }) };
    const { capability, hand, clock, refusals } = site(once);
    const first = await capability();
    expect(await hand(first)).toEqual(DOCUMENT);
    clock.milliseconds += 110_000;
    const second = await capability();
    expect(second).not.toBe(first);
    expect(await hand(second)).toEqual({ kind: 'none' });
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(['spent', 'spent']);
    const other = site(once);
    const [here, moved] = [await other.capability(), await other.capability(MOVED)];
    const raced = await Promise.all([other.hand(here), other.hand(moved, { address: MOVED })]);
    expect(raced.filter(({ kind }) => kind === 'document')).toHaveLength(1);
  });

  it('hands nothing out by the address for a boot that anybody may have begun in the name of the machine', async () => {
    const { script, hand, booter, clock, journal, events, standings } = site({
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
    const { script, hand, clock, journal } = site({ said: provision({ isByAddress: true, isOnce: true }) });
    await script();
    expect(await hand('self')).toEqual(DOCUMENT);
    const began = journal.last('node-01')?.boot.id;
    clock.milliseconds += 150_000;
    expect(await script(ELSEWHERE)).toContain('nothing to boot for node-01');
    expect(journal.last('node-01')?.boot.id).not.toBe(began);
    expect(await hand('self')).toEqual({ kind: 'none' });
    const other = site({ said: provision({ isByAddress: true }) });
    await other.script();
    other.clock.milliseconds += 150_000;
    await other.script(ELSEWHERE);
    expect(await other.hand('self')).toEqual(DOCUMENT);
  });

  it('knows nobody by the address where that is not said', async () => {
    const { script, hand, events } = site();
    await script();
    expect(await hand('self')).toEqual({ kind: 'none' });
    expect(events.at(-1)).toMatchObject({
      reason: 'byAddress is not set in provision where node-01 is assigned',
    });
  });

  it('does not listen for a while to whoever guesses', async () => {
    const { hand, capability, clock, events, refusals } = site();
    const word = await capability();
    const guess = (address: string) => hand('y'.repeat(43), { address });
    for (let tries = 0; tries < 200; tries += 1) await guess(ELSEWHERE);
    expect(refusals().length).toBeLessThan(30);
    expect(await guess(ELSEWHERE)).toEqual({ kind: 'flooding' });
    expect(events.filter(({ event }) => event === 'provision.flooded')).toEqual([
      { event: 'provision.flooded', address: ELSEWHERE },
    ]);
    expect(await hand(word)).toEqual(DOCUMENT);
    for (let tries = 0; tries < 200; tries += 1) await guess(HERE);
    expect(await hand(word)).toEqual(DOCUMENT);
    clock.milliseconds += 6_000;
    expect(await guess(ELSEWHERE)).toEqual({ kind: 'none' });
  });

  it('tells now and then of whoever asks again and again for what is over, and listens on', async () => {
    const { capability, hand, clock, events, refusals } = site({ said: provision({ life: 60_000 }) });
    const word = await capability();
    clock.milliseconds += 60_000;
    for (let times = 0; times < 200; times += 1) expect(await hand(word)).toEqual({ kind: 'none' });
    expect(refusals()).toEqual(Array(20).fill('expired'));
    expect(events.filter(({ event }) => event === 'provision.flooded')).toEqual([]);
    clock.milliseconds += 20_000;
    await hand(word);
    expect(refusals()).toHaveLength(21);
  });

  it('lets the machine wait while no capability can be kept', async () => {
    const store = new MemoryCapabilities();
    const { script } = site({ store });
    store.saveCapability = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
    expect(await script()).toContain('waits (1 of 60)');
  });

  it('asks nobody to be shown where that is turned off', async () => {
    const { capability, hand } = site({ verify: false });
    expect(await hand(await capability('10.9.9.9'), { address: '10.9.9.9' })).toEqual(DOCUMENT);
  });
});
