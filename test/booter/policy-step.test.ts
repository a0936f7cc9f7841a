import { describe, expect, it } from 'vitest';
import { ALWAYS } from '../../src/boot/policy.js';
import { withDone } from '../../src/boot/standing.js';
import { parseMac } from '../../src/net/mac.js';
import { assignment, facts, MAC, machine, OTHER_MAC, UUID } from '../fixtures/mappings.js';
import { MemoryStandings } from '../fixtures/policies.js';
import { DONE, HERE, ONCE, policySite, WHOSE } from '../fixtures/policy-site.js';

const HOUR = 3_600_000;

describe('once', () => {
  it('installs, until the machine is done, whatever it is called then', async () => {
    const { script, standings, events, booter } = policySite(ONCE);
    expect(await script()).toContain('Bootlayer: node-01 boots registry.lab:5000/os/debian:12');
    await standings.change(WHOSE, (standing) => ({ ...standing, done: DONE }));
    const local = await script();
    expect(local).toContain('echo Bootlayer: node-01 boots its local disk: it is done since 1970-01-01');
    expect(local).toMatch(
      /\nsanboot --no-describe --drive 0x80 \|\|\niseq \$\{platform\} pcbios && exit 0 \|\| exit 1\n$/,
    );
    expect(local).not.toContain('sleep');
    expect(events.at(-1)).toMatchObject({ event: 'script.local', machine: 'node-01', assignment: 'all', why: 'done' });
    booter.remap({
      machines: [machine({ name: 'renamed' })],
      assignments: [assignment({ policy: ONCE })],
      defaults: { kernelArgs: {} },
    });
    expect(await script()).toContain('Bootlayer: renamed boots its local disk');
  });

  it('installs anew in another boot, by which it is done again', async () => {
    const { script, standings, clock, journal } = policySite(ONCE);
    await standings.change(WHOSE, (standing) => ({ ...standing, done: DONE }));
    await script();
    const before = journal.last('node-01')?.boot.id;
    clock.milliseconds += 1_000;
    const at = clock.now();
    await standings.change(WHOSE, (standing) => ({ ...standing, reprovision: { at, wishedAt: at } }));
    expect(await script()).toContain('node-01 boots registry');
    const boot = journal.last('node-01')?.boot;
    expect(boot?.id).not.toBe(before);
    expect(boot?.beganAt).toBeGreaterThanOrEqual(at);
  });

  it('counts for a machine that has just been given a name', async () => {
    const { booter, script, fetchAll, journal } = policySite(ALWAYS);
    booter.remap({ machines: [], assignments: [assignment()], defaults: { kernelArgs: {} } });
    await script();
    booter.remap({ machines: [machine()], assignments: [assignment()], defaults: { kernelArgs: {} } });
    await script();
    fetchAll();
    expect(journal.last('node-01')?.boot.attemptedAt).toBeDefined();
  });

  it('leaves UEFI to its own boot order', async () => {
    const { script, standings } = policySite(ONCE);
    await standings.change(WHOSE, (standing) => ({ ...standing, done: DONE }));
    const local = await script({ platform: 'efi' });
    expect(local).not.toContain('sanboot');
    expect(local.endsWith(' exit 1\n')).toBe(true);
  });

  it.each<[string, Partial<MemoryStandings>]>([
    ['the state was lost or replaced', { doubtedSince: 5 }],
    ['its row was damaged', { unreadable: [{ id: 'x', keys: [`mac ${MAC}`] }] }],
  ])('never installs when %s: it waits, and goes to its local disk', async (_name, state) => {
    const { script, named } = policySite(ONCE, { store: Object.assign(new MemoryStandings(), state) });
    expect(await script()).toContain('waits (1 of 60): whether it is done is not known');
    expect(await script({ attempt: '60' })).toContain('boots its local disk: whether it is done is not known');
    expect(named('script.sent')).toEqual([]);
  });

  it('never installs whom an entry that is out of force is for: it waits, and goes to its local disk', async () => {
    const { script, named, booter } = policySite(ONCE);
    const reason = 'the assignment mine of the API is out of force: name: taken';
    const mine = assignment({ name: 'mine', match: { mac: [MAC] }, outOfForce: reason });
    const mapping = {
      machines: [machine()],
      assignments: [assignment({ policy: ONCE })],
      defaults: { kernelArgs: {} },
    };
    booter.remap({ ...mapping, outOfForce: { machines: [], assignments: [mine] } });
    // It is led here, and nothing is fetched for it beforehand.
    expect(booter.dhcp.invite(facts()).kind).toBe('open');
    expect(booter.dhcp.invite(facts({ macs: [OTHER_MAC] })).kind).toBe('sure');
    expect(await script()).toContain(`waits (1 of 60): ${reason}`);
    // Its image may be what is wrong.
    expect(named('script.waiting')).toEqual([expect.not.objectContaining({ image: expect.anything() as unknown })]);
    expect(await script({ attempt: '60' })).toContain(`boots its local disk: ${reason}`);
    const record = { machine: machine({ name: 'old', labels: { role: 'db' } }), reason };
    const db = assignment({ name: 'db', match: { labels: { role: ['db'] } } });
    booter.remap({
      ...{ ...mapping, assignments: [...mapping.assignments, db] },
      outOfForce: { machines: [record], assignments: [] },
    });
    expect(await script()).toContain(`waits (1 of 60): ${reason}`);
    expect(named('script.sent')).toEqual([]);
    booter.remap(mapping);
    expect(await script()).toContain('node-01 boots registry');
  });
});

describe('hold', () => {
  it('sends the machine to its local disk, with time to read why', async () => {
    const local = await policySite({ mode: 'hold', doneWhen: 'reported' }).script();
    expect(local).toContain('boots its local disk: its assignment holds it');
    expect(local).toContain('sleep 20');
  });
});

describe('maxAttempts', () => {
  const limited = { ...ALWAYS, limit: { maxAttempts: 2, window: HOUR } };

  it('holds the machine when it was booted as often, and tells so', async () => {
    const { script, fetchAll, named, clock, standings } = policySite(limited);
    for (let boot = 0; boot < 2; boot += 1) {
      clock.milliseconds += 60_000;
      expect(await script()).toContain('node-01 boots registry');
      // Asked again in the same boot: that is no other attempt.
      expect(await script()).toContain('node-01 boots registry');
      fetchAll();
    }
    const held = await script();
    expect(held).toContain('it was booted 2 times within 1 h');
    expect(await script()).toBe(held);
    expect(named('boot.held')).toMatchObject([{ machine: 'node-01', assignment: 'all' }]);
    await standings.change(WHOSE, (standing) => ({ ...standing, releasedAt: clock.now() }));
    expect(await script()).toContain('node-01 boots registry');
    expect(named('boot.held')).toHaveLength(1);
  });

  it('counts nothing that somebody else fetches', async () => {
    const { script, fetchAll, journal } = policySite(ALWAYS, { card: OTHER_MAC });
    await script();
    fetchAll();
    expect(journal.last('node-01')?.boot).toMatchObject({ state: 'started' });
    expect(journal.last('node-01')?.boot.attemptedAt).toBeUndefined();
  });
});

describe('who asks', () => {
  it('boots always, and tells of another card that asks in its name', async () => {
    const { script, named } = policySite(ALWAYS, { card: OTHER_MAC });
    expect(await script()).toContain('node-01 boots registry');
    await script();
    expect(named('identity.mismatch')).toMatchObject([
      {
        machine: 'node-01',
        address: HERE,
        reason: `the card at ${HERE} is ${OTHER_MAC}: if node-01 has that one too, add it to its mac`,
      },
    ]);
  });

  it('does not mind where nobody knows who is there, unless it matters', async () => {
    const elsewhere = '10.9.9.9';
    const always = policySite(ALWAYS);
    expect(await always.script({}, elsewhere)).toContain('node-01 boots registry');
    expect(always.named('identity.mismatch')).toEqual([]);
    const once = policySite(ONCE);
    const local = await once.script({}, elsewhere);
    expect(local).toContain(`no network of this host has ${elsewhere}`);
    expect(local).toContain('exit');
    expect(once.named('identity.mismatch')).toHaveLength(1);
    expect(once.named('script.sent')).toEqual([]);
  });
});

describe('DHCP', () => {
  const http = facts({ firmware: ['uefi-http'], sourceAddress: '0.0.0.0' });

  it('foresees what becomes of a machine', async () => {
    const { booter, standings } = policySite(ONCE);
    expect(booter.dhcp.invite(http)).toMatchObject({ kind: 'sure' });
    await standings.change(WHOSE, (standing) => ({ ...standing, done: DONE }));
    expect(booter.dhcp.invite(http)).toMatchObject({
      kind: 'local',
      reason: expect.stringContaining('it is done') as string,
    });
    await standings.change(WHOSE, ({ done: _done, ...standing }) => standing);
    expect(booter.dhcp.invite(http)).toMatchObject({ kind: 'sure' });
  });

  it('foresees that a stranger is done as another card of it', async () => {
    const { booter, standings } = policySite(ONCE, { machines: [] });
    await standings.change({ machine: OTHER_MAC, keys: [`mac ${OTHER_MAC}`], also: [`uuid ${UUID}`] }, done);
    const reason = expect.stringContaining(`, as ${OTHER_MAC}`) as string;
    expect(booter.dhcp.invite({ ...http, uuid: UUID })).toMatchObject({ kind: 'local', reason });
    expect(booter.dhcp.invite(http)).toMatchObject({ kind: 'sure' });
  });
});

const done = <T extends object>(standing: T) => ({ ...standing, done: DONE });

describe('a stranger', () => {
  const THIRD = parseMac('52:54:00:00:00:03') ?? MAC;

  it('is not installed again when it asks by another card, or names its cards in another order', async () => {
    const { script, standings, here, fetchAll } = policySite({ mode: 'once', doneWhen: 'started' }, { machines: [] });
    expect(await script({ mac: [MAC, OTHER_MAC], uuid: UUID })).toContain(`${MAC} boots registry`);
    fetchAll();
    const reason = new RegExp(`${OTHER_MAC} boots its local disk: it is done since .*, as ${MAC}\\b`);
    here.card = OTHER_MAC;
    expect(await script({ mac: [OTHER_MAC, MAC] })).toMatch(reason);
    expect(await script({ mac: OTHER_MAC })).toMatch(reason);
    here.card = THIRD;
    expect(await script({ mac: THIRD, uuid: UUID })).toContain(`, as ${MAC}`);
    expect(await script({ mac: THIRD })).toContain(`${THIRD} boots registry`);
    expect(standings.size).toBe(1);
  });

  it('is known by its other card when its record is gone', async () => {
    const { booter, script, standings, here } = policySite(ONCE);
    // It has reported more than its record says.
    await standings.change(WHOSE, done);
    expect(await script({ mac: [MAC, OTHER_MAC], uuid: UUID })).toContain('it is done since');
    booter.remap({ machines: [], assignments: [assignment({ policy: ONCE })], defaults: { kernelArgs: {} } });
    here.card = OTHER_MAC;
    expect(await script({ mac: OTHER_MAC })).toContain(', as node-01');
    here.card = THIRD;
    expect(await script({ mac: THIRD, uuid: UUID })).toContain(', as node-01');
  });

  it('is installed anew by a wish of its own alone, once', async () => {
    const { script, standings, here, clock, fetchAll } = policySite(
      { mode: 'once', doneWhen: 'started' },
      { machines: [] },
    );
    await script({ mac: [MAC, OTHER_MAC] });
    fetchAll();
    here.card = OTHER_MAC;
    const asks = () => script({ mac: [OTHER_MAC, MAC] });
    expect(await asks()).toContain(`, as ${MAC}`);
    clock.milliseconds += 1_000;
    const at = clock.now();
    const wish = <T extends object>(standing: T) => ({ ...standing, reprovision: { at, wishedAt: at } });
    await standings.change({ machine: MAC, keys: [`mac ${MAC}`] }, wish);
    expect(await asks()).toContain(`, as ${MAC}`);
    await standings.change({ machine: OTHER_MAC, keys: [`mac ${OTHER_MAC}`] }, wish);
    clock.milliseconds += 1_000;
    expect(await asks()).toContain(`${OTHER_MAC} boots registry`);
    fetchAll();
    expect(await asks()).toMatch(/is done since [^,]*$/m);
    here.card = MAC;
    // As the first card it was wished before it was done as the second.
    expect(await script({ mac: [MAC, OTHER_MAC] })).toContain(`, as ${OTHER_MAC}`);
  });

  it('says nothing of others whose cards it claims without having been shown to be itself', async () => {
    const { script, standings, here } = policySite(ONCE, { machines: [] });
    await standings.change({ machine: MAC, keys: [`mac ${MAC}`] }, done);
    here.card = THIRD;
    expect(await script({ mac: [MAC, OTHER_MAC] })).toContain('it is not shown to ask itself');
    here.card = OTHER_MAC;
    expect(await script({ mac: OTHER_MAC })).toContain(`${OTHER_MAC} boots registry`);
  });

  it('is not installed where that it is done could not be kept, which is told once', async () => {
    const { script, standings, here, named, policies, booter } = policySite(ONCE, { machines: [], mostStrangers: 1 });
    expect(await script()).toContain(`${MAC} boots registry`);
    await standings.change({ machine: THIRD, keys: [`mac ${THIRD}`] }, done);
    const subject = booter.named(MAC) ?? expect.fail();
    expect(policies.outlooks.of(subject, booter.mapping).verdict.kind).toBe('unsure');
    // Whoever asks for that has not asked to boot.
    expect(named('standings.full')).toEqual([]);
    for (let turn = 0; turn < 2; turn += 1) expect(await script()).toContain('waits (1 of 60): as many machines');
    expect(named('standings.full')).toEqual([{ event: 'standings.full', standings: 1 }]);
    here.card = THIRD;
    expect(await script({ mac: THIRD })).toContain('it is done since');
    await standings.change({ machine: 'node-03', keys: ['name node-03', `mac ${THIRD}`] }, (one) => ({ ...one }));
    here.card = MAC;
    expect(await script()).toContain(`${MAC} boots registry`);
  });
});

describe('the clock', () => {
  it('is waited for under "once", and once it is set that is over', async () => {
    const { script, here } = policySite(ONCE);
    here.clock = { kind: 'unset', reason: 'the clock of this server is not set: it says 1970' };
    expect(await script()).toContain('waits (1 of 60): the clock of this server is not set: it says 1970');
    here.clock = { kind: 'set' };
    expect(await script()).toContain('node-01 boots registry');
  });

  it('may be set back between the wish for a new installation and its report', async () => {
    const { script, standings, clock, journal } = policySite(ONCE);
    clock.milliseconds = 100_000;
    await standings.change(WHOSE, (one) => ({ ...one, done: DONE, reprovision: { at: 100_000, wishedAt: 100_000 } }));
    expect(await script()).toContain('node-01 boots registry');
    const boot = journal.last('node-01')?.boot.id ?? '';
    expect(standings.of(WHOSE.keys)?.reprovision?.boot).toBe(boot);
    clock.milliseconds = 50_000;
    await standings.change(WHOSE, (one) => withDone(one, { at: 50_000, by: 'report', boot }, 100_000));
    clock.milliseconds = 200_000;
    expect(await script()).toContain('it is done since');
  });
});
