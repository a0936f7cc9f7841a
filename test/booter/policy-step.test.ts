import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { ALWAYS, type Policy } from '../../src/boot/policy.js';
import type { BootWithSteps } from '../../src/boot/ports.js';
import { Standings } from '../../src/booter/standings.js';
import { BootlayerError } from '../../src/errors.js';
import { testBooter } from '../fixtures/booter.js';
import { assignment, facts, MAC, machine, OTHER_MAC } from '../fixtures/mappings.js';
import { MemoryStandings, neighbours } from '../fixtures/policies.js';
import { settled } from '../fixtures/waiting.js';

const HERE = '192.168.77.20';
const QUERY = { mac: MAC, buildarch: 'x86_64', platform: 'pcbios' };
const ONCE: Policy = { mode: 'once', doneWhen: 'reported' };
const HOUR = 3_600_000;
const WHOSE = { machine: 'node-01', keys: ['name node-01', `mac ${MAC}`] };
const DONE = { at: 1, by: 'report', boot: 'b' } as const;

type Around = {
  readonly card?: typeof MAC;
  readonly store?: MemoryStandings;
  readonly boots?: Record<string, BootWithSteps>;
};

/** A machine under this policy, whose card answers where it asks from, unless another one does. */
function site(policy: Policy, { card = MAC, store = new MemoryStandings(), boots = {} }: Around = {}) {
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `standing-${ids}`;
  };
  const standings = new Standings(
    { store, newId },
    {
      standings: [...store.kept.values()],
      unreadable: store.unreadable,
      doubtedSince: store.doubtedSince,
    },
  );
  const assignments: Assignment[] = [assignment({ policy })];
  const made = testBooter({
    assignments,
    neighbours: neighbours({ [HERE]: card }),
    policies: {
      standings,
      boots: { findBoot: async (id) => boots[id], findBoots: async () => Object.values(boots).map(({ boot }) => boot) },
    },
  });
  const script = (more: object = {}, address = HERE) => made.booter.script({ ...QUERY, ...more }, address);
  const named = (event: string) => made.events.filter((one) => one.event === event);
  /** It fetches its kernel and initramfs, whole. */
  const fetchAll = (between: () => void = () => undefined) => {
    for (const [role, digest] of [
      ['kernel', made.plans.kernelPlans.at(-1)?.kernel.descriptor.digest],
      ['initramfs', made.plans.kernelPlans.at(-1)?.initramfs.descriptor.digest],
    ] as const) {
      const artifact = { role, descriptor: { mediaType: role, digest: digest ?? 'sha256:', size: 9 }, location: 'x' };
      made.booter.artifactBegun(artifact as never, {
        address: HERE,
        protocol: 'http',
        range: undefined,
        sent: () => 9,
      })({
        kind: 'sent',
        bytes: 9,
      });
      if (role === 'kernel') between();
    }
  };
  return { ...made, store, standings, script, named, fetchAll };
}

describe('once', () => {
  it('installs, until the machine is done, whatever it is called then', async () => {
    const { script, standings, events, booter } = site(ONCE);
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
    const { script, standings, clock, journal } = site(ONCE);
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
    const { booter, script, fetchAll, journal } = site(ALWAYS);
    booter.remap({ machines: [], assignments: [assignment()], defaults: { kernelArgs: {} } });
    await script();
    booter.remap({ machines: [machine()], assignments: [assignment()], defaults: { kernelArgs: {} } });
    await script();
    fetchAll();
    expect(journal.last('node-01')?.boot.attemptedAt).toBeDefined();
  });

  it('leaves UEFI to its own boot order', async () => {
    const { script, standings } = site(ONCE);
    await standings.change(WHOSE, (standing) => ({ ...standing, done: DONE }));
    const local = await script({ platform: 'efi' });
    expect(local).not.toContain('sanboot');
    expect(local.endsWith(' exit 1\n')).toBe(true);
  });

  it.each<[string, Partial<MemoryStandings>]>([
    ['the state was lost or replaced', { doubtedSince: 5 }],
    ['its row was damaged', { unreadable: [`mac ${MAC}`] }],
  ])('never installs when %s: it waits, and goes to its local disk', async (_name, state) => {
    const { script, named } = site(ONCE, { store: Object.assign(new MemoryStandings(), state) });
    expect(await script()).toContain('waits (1 of 60): whether it is done is not known');
    expect(await script({ attempt: '60' })).toContain('boots its local disk: whether it is done is not known');
    expect(named('script.sent')).toEqual([]);
  });

  it('has started, though somebody asks by DHCP in its name meanwhile, which begins another boot', async () => {
    const { script, fetchAll, standings, journal } = site({ mode: 'once', doneWhen: 'started' });
    await script();
    const states: (string | undefined)[] = [];
    journal.listen(({ event, boot }) => {
      if (event.event === 'boot.done') states.push(boot?.id, boot?.state);
    });
    const booted = journal.last('node-01')?.boot.id;
    const dhcp = { client: 'pxe', firmware: 'bios', step: 'offer', answer: 'undionly.kpxe' } as const;
    fetchAll(() => journal.sink({ event: 'dhcp.answered', machine: 'node-01', address: '0.0.0.0', ...dhcp } as never));
    await settled();
    expect(journal.last('node-01')?.boot.state).toBe('offered');
    expect(standings.of(WHOSE.keys)?.done).toMatchObject({ by: 'start' });
    expect(states).toEqual([booted, 'done']);
  });

  it('is done by its start, where the assignment says so', async () => {
    const { script, fetchAll, named, standings } = site({ mode: 'once', doneWhen: 'started' });
    await script();
    expect(standings.of(WHOSE.keys)).toBeUndefined();
    fetchAll();
    await settled();
    expect(standings.of(WHOSE.keys)?.done).toMatchObject({ by: 'start' });
    expect(named('boot.done')).toMatchObject([{ machine: 'node-01', by: 'start' }]);
    expect(await script()).toContain('boots its local disk');
  });
});

it('is done by its start also where the server ended just then', async () => {
  const before = {
    id: 'b0',
    machine: 'node-01',
    beganAt: -9,
    lastAt: -5,
    attemptedAt: -8,
    state: 'started',
    assignment: 'all',
  };
  const { script } = site(
    { mode: 'once', doneWhen: 'started' },
    { boots: { b0: { boot: before, steps: [] } as unknown as BootWithSteps } },
  );
  expect(await script()).toContain('boots its local disk: it is done');
});

describe('hold', () => {
  it('sends the machine to its local disk, with time to read why', async () => {
    const local = await site({ mode: 'hold', doneWhen: 'reported' }).script();
    expect(local).toContain('boots its local disk: its assignment holds it');
    expect(local).toContain('sleep 20');
  });
});

describe('maxAttempts', () => {
  const limited = { ...ALWAYS, limit: { maxAttempts: 2, window: HOUR } };

  it('holds the machine when it was booted as often, and tells so', async () => {
    const { script, fetchAll, named, clock, standings } = site(limited);
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
    const { script, fetchAll, journal } = site(ALWAYS, { card: OTHER_MAC });
    await script();
    fetchAll();
    expect(journal.last('node-01')?.boot).toMatchObject({ state: 'started' });
    expect(journal.last('node-01')?.boot.attemptedAt).toBeUndefined();
  });
});

describe('who asks', () => {
  it('boots always, and tells of another card that asks in its name', async () => {
    const { script, named } = site(ALWAYS, { card: OTHER_MAC });
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
    const always = site(ALWAYS);
    expect(await always.script({}, elsewhere)).toContain('node-01 boots registry');
    expect(always.named('identity.mismatch')).toEqual([]);
    const once = site(ONCE);
    const local = await once.script({}, elsewhere);
    expect(local).toContain(`no network of this host has ${elsewhere}`);
    expect(local).toContain('exit');
    expect(once.named('identity.mismatch')).toHaveLength(1);
    expect(once.named('script.sent')).toEqual([]);
  });
});

describe('the next boot', () => {
  const NEXT = { id: 'n1', image: 'registry.lab:5000/os/rescue:1', wishedAt: 1 };
  const wish = (standings: Standings) => standings.change(WHOSE, (standing) => ({ ...standing, next: NEXT }));

  it('is given until it was sent what it starts, and once', async () => {
    const { script, fetchAll, standings, store } = site({ mode: 'hold', doneWhen: 'reported' });
    await wish(standings);
    for (let turn = 0; turn < 2; turn += 1) expect(await script()).toContain('boots registry.lab:5000/os/debian:12');
    expect([...store.kept.values()][0]?.standing.next).toMatchObject({ id: 'n1', boot: expect.any(String) as string });
    fetchAll();
    await settled();
    expect(standings.of(WHOSE.keys)?.next).toBeUndefined();
    expect(await script()).toContain('its assignment holds it');
  });

  it('is given again where the boot before came to nothing', async () => {
    const { script, standings, clock } = site({ mode: 'hold', doneWhen: 'reported' });
    await wish(standings);
    await script();
    clock.milliseconds += 10 * 60_000;
    expect(await script()).toContain('node-01 boots');
  });

  it('is not given again by a server that ended just when it was sent', async () => {
    const sent = { boot: { attemptedAt: 4, startSentAt: 5 } } as BootWithSteps;
    const { script, standings } = site({ mode: 'hold', doneWhen: 'reported' }, { boots: { before: sent } });
    await standings.change(WHOSE, (standing) => ({ ...standing, next: { ...NEXT, boot: 'before' } }));
    expect(await script()).toContain('its assignment holds it');
    expect(standings.of(WHOSE.keys)?.next).toBeUndefined();
  });

  it('needs no assignment, and the machine itself', async () => {
    const { booter, standings, named } = site(ALWAYS);
    await wish(standings);
    booter.remap({ machines: [machine()], assignments: [], defaults: { kernelArgs: {} } });
    expect(await booter.script(QUERY, '10.9.9.9')).toContain('no assignment matches this machine');
    expect(await booter.script(QUERY, HERE)).toContain('node-01 boots');
    expect(named('script.sent')).toHaveLength(1);
  });

  it('lets the machine wait while it cannot be kept that it has got it', async () => {
    const store = new MemoryStandings();
    const { script, standings } = site(ALWAYS, { store });
    await wish(standings);
    store.saveStanding = () => Promise.reject(new BootlayerError('DISK_FULL', 'no room'));
    expect(await script()).toContain('waits (1 of 60)');
  });
});

describe('DHCP', () => {
  const http = facts({ firmware: ['uefi-http'], sourceAddress: '0.0.0.0' });

  it('foresees what becomes of a machine', async () => {
    const { booter, standings } = site(ONCE);
    expect(booter.dhcp.invite(http)).toMatchObject({ kind: 'sure' });
    await standings.change(WHOSE, (standing) => ({ ...standing, done: DONE }));
    expect(booter.dhcp.invite(http)).toMatchObject({
      kind: 'local',
      reason: expect.stringContaining('it is done') as string,
    });
    await standings.change(WHOSE, ({ done: _done, ...standing }) => standing);
    expect(booter.dhcp.invite(http)).toMatchObject({ kind: 'sure' });
  });
});
