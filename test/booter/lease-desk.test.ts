import { describe, expect, it } from 'vitest';
import { ConflictProbe } from '../../src/booter/conflict-probe.js';
import type { LeaseWish } from '../../src/booter/leases.js';
import type { IpAddress } from '../../src/net/ip.js';
import type { Pinged } from '../../src/net/ping-process.js';
import type { Uuid } from '../../src/net/uuid.js';
import { brief, leaseDesk, recorded } from '../fixtures/lease-desk.js';
import { ip, lease, leaseSubnet, mac, stranger } from '../fixtures/leases.js';
import { neighbours } from '../fixtures/policies.js';

const [FIRST, SECOND] = [ip('192.168.77.100'), ip('192.168.77.101')];
const NODE = recorded('node-01', 9, '192.168.77.20', 'node-01.lab');

describe('an address', () => {
  it('is offered at once, and acknowledged when it is kept', async () => {
    const { discover, select, store, events } = leaseDesk();
    const offered = discover(1);
    expect(offered).toMatchObject({ kind: 'offer', address: FIRST, seconds: 3_600, renewSeconds: 1_800 });
    const acknowledged = select(1, FIRST);
    expect(acknowledged).toBeInstanceOf(Promise);
    expect([store.kept.size, events]).toEqual([0, []]);
    expect(await acknowledged).toMatchObject({ kind: 'ack', address: FIRST, seconds: 3_600, rebindSeconds: 3_150 });
    expect(store.kept.get(FIRST)).toMatchObject({ key: `mac ${mac(1)}`, state: 'bound', until: 3_601_000 });
    const given = { event: 'lease.given', machine: mac(1), mac: mac(1), address: FIRST, seconds: 3_600 };
    expect(events).toEqual([{ ...given, isExtended: false }]);
  });

  it('lasts for as long as leases do, whatever passes meanwhile', async () => {
    let now = 1_000;
    const clock = { now: () => now++, toEpoch: Number, fromEpoch: Number };
    expect(await leaseDesk({ clock }).select(1, FIRST)).toMatchObject({ kind: 'ack', seconds: 3_600 });
  });

  it('is kept in one write with those of others', async () => {
    const { select, store } = leaseDesk({ subnets: [leaseSubnet(['192.168.77.100-192.168.77.199'])] });
    const all = Array.from({ length: 100 }, async (_, number) => select(number, `192.168.77.${100 + number}`));
    await Promise.all(all);
    expect(store.saves).toEqual([100]);
  });

  it('is not acknowledged when it cannot be kept, and is when it can', async () => {
    const { select, store, named } = leaseDesk();
    store.isFull = true;
    expect(await brief(select(1, FIRST))).toBe('silent');
    const about = { machine: mac(1), mac: mac(1), address: FIRST };
    expect([named('lease.unsaved'), named('lease.given')]).toEqual([
      [{ event: 'lease.unsaved', ...about, state: 'bound', reason: 'no room' }],
      [],
    ]);
    store.isFull = false;
    expect(await brief(select(1, FIRST))).toBe(`ack ${FIRST}`);
    expect(store.kept.has(FIRST)).toBe(true);
  });

  it('is that of its record, by any of its facts, with its host name', async () => {
    const { discover, here, desk } = leaseDesk({}, [NODE]);
    expect(await discover(9)).toMatchObject({ kind: 'offer', address: '192.168.77.20', hostname: 'node-01.lab' });
    here.machines = [recorded('node-01', 9, '192.168.77.21')];
    expect(await brief(discover(9))).toBe('offer 192.168.77.21');
    expect(desk.register.at(ip('192.168.77.21'))).toMatchObject({ machine: 'node-01', reservedFor: 'node-01' });
  });

  it('is told to be that of the machine which the records name now', async () => {
    const { select, here, desk } = leaseDesk();
    await select(9, FIRST);
    here.machines = [recorded('node-01', 9, FIRST)];
    expect([desk.register.at(FIRST), desk.register.list({ limit: 1 }).leases[0]]).toMatchObject(
      Array(2).fill({ machine: 'node-01', reservedFor: 'node-01' }),
    );
    here.machines = [];
    for (const key of ['machine', 'reservedFor']) expect(desk.register.at(FIRST)).not.toHaveProperty(key);
    here.machines = [recorded('node-02', 2, FIRST)];
    expect(desk.register.at(FIRST)).toMatchObject({ client: { mac: mac(9) }, reservedFor: 'node-02' });
    here.machines = [recorded('node-02', 2, SECOND)];
    expect([desk.register.at(SECOND), desk.register.reservedFor(SECOND)]).toEqual([undefined, 'node-02']);
  });

  it('is refused, given back and declined, and told of', async () => {
    const { asks, select, named, store } = leaseDesk();
    await select(1, FIRST);
    expect(await asks(2, { kind: 'select', address: FIRST, isOurs: true })).toMatchObject({ kind: 'nak' });
    expect(named('lease.refused')).toMatchObject([
      { machine: mac(2), address: FIRST, reason: expect.any(String) as string },
    ]);
    expect(await brief(asks(1, { kind: 'release', address: FIRST }))).toBe('noted');
    await expect.poll(() => named('lease.released')).toMatchObject([{ machine: mac(1), address: FIRST }]);
    expect(store.kept.get(FIRST)?.state).toBe('released');
    await select(1, FIRST);
    expect(await brief(asks(1, { kind: 'decline', address: FIRST }))).toBe('noted');
    await expect.poll(() => named('lease.declined')).toMatchObject([{ machine: mac(1), seconds: 600 }]);
  });

  it('is told of when what its machine says of it cannot be kept', async () => {
    const { asks, select, named, store } = leaseDesk();
    for (const [kind, state] of [
      ['release', 'released'],
      ['decline', 'declined'],
    ] as const) {
      store.isFull = false;
      await select(1, FIRST);
      store.isFull = true;
      expect(await brief(asks(1, { kind, address: FIRST }))).toBe('noted');
      const about = { machine: mac(1), mac: mac(1), address: FIRST };
      await expect
        .poll(() => named('lease.unsaved').at(-1))
        .toEqual({ event: 'lease.unsaved', ...about, state, reason: 'no room' });
      expect(named(`lease.${state}`)).toEqual([]);
    }
    expect(store.kept.get(FIRST)?.state).toBe('bound');
  });

  it('is left to whoever has it elsewhere', async () => {
    const { asks } = leaseDesk({}, [NODE]);
    expect(await asks(9, { kind: 'inform', address: FIRST })).toMatchObject({
      kind: 'informed',
      hostname: 'node-01.lab',
    });
  });

  it('is told as missing once, until there is one again', async () => {
    const { discover, select, here, events, named } = leaseDesk();
    await Promise.all([select(1, FIRST), select(2, SECOND)]);
    expect([await brief(discover(3)), await brief(discover(4))]).toEqual(['silent', 'silent']);
    const exhausted = { event: 'pool.exhausted', subnet: '192.168.77.0/24', size: 2, whom: 'all' };
    const none = (number: number) => ({
      ...{ event: 'lease.none', machine: mac(number), mac: mac(number), reason: 'no address is left for it' },
    });
    expect(events.slice(2)).toEqual([exhausted, none(3), none(4)]);
    here.now += 3_600_000;
    expect(await brief(discover(3))).toBe(`offer ${FIRST}`);
    expect(await brief(discover(4))).toBe(`offer ${SECOND}`);
    expect(named('pool.regained')).toEqual([{ event: 'pool.regained', subnet: '192.168.77.0/24' }]);
  });

  it('is missing for a machine behind a relay that nobody serves, and told with it', async () => {
    const { desk, events } = leaseDesk();
    const [relay, other] = [ip('10.3.0.1'), ip('10.4.0.1')];
    const discover = { kind: 'discover', client: { mac: mac(1) } } as const;
    await desk.answer({ ...discover, link: [relay], via: { relay, from: relay } });
    const reason = 'no subnet of dhcp.subnets has 10.3.0.1';
    expect(events).toEqual([{ event: 'lease.none', machine: mac(1), mac: mac(1), relay, reason }]);
    // On a network of ours where others give addresses.
    await desk.answer({ ...discover, link: [other] });
    expect(events).toHaveLength(1);
  });

  it('is another than its record has while somebody has that, which is told', async () => {
    const { select, here, named } = leaseDesk();
    await select(1, FIRST);
    here.machines = [recorded('node-02', 2, FIRST)];
    await select(2, SECOND);
    await select(2, SECOND);
    const reason = `another has ${FIRST}`;
    expect(named('lease.elsewhere')).toEqual([
      { event: 'lease.elsewhere', machine: 'node-02', address: SECOND, mac: mac(2), reserved: FIRST, reason },
    ]);
  });

  it('is not given when something breaks', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const { discover, events } = leaseDesk({ mapping: broken });
    expect(await brief(discover(1))).toBe('silent');
    expect(events).toMatchObject([{ event: 'fault', reason: 'broken' }]);
  });
});

describe('whether somebody uses it', () => {
  /** At these addresses somebody answers. */
  function probed(used: readonly string[], machines = [NODE]) {
    const pings: IpAddress[] = [];
    const ping = async (address: IpAddress): Promise<Pinged> => {
      pings.push(address);
      return { kind: used.includes(address) ? 'answered' : 'quiet' };
    };
    const answered = (address: IpAddress) => made.desk.conflict(address);
    const probe = new ConflictProbe({ ping, answered, ticks: () => 0, failed: () => undefined });
    const subnets = [leaseSubnet(['192.168.77.100-192.168.77.109'])];
    const around = neighbours({ [FIRST]: mac(7) });
    const isFree = (address: IpAddress) => probe.isFree(address);
    const made = leaseDesk({ subnets, neighbours: around, isFree }, machines);
    return { ...made, pings };
  }

  it('is asked before strangers are offered it, and another is offered then', async () => {
    const { discover, named, store, pings } = probed([FIRST]);
    expect(await brief(discover(1))).toBe(`offer ${SECOND}`);
    expect(pings).toEqual([FIRST, SECOND]);
    const conflict = { event: 'lease.conflict', address: FIRST, mac: mac(7), seconds: 600 };
    expect(named('lease.conflict')).toEqual([conflict]);
    await expect.poll(() => store.kept.get(FIRST)?.state).toBe('conflict');
    // Known as quiet.
    expect(discover(1)).toMatchObject({ kind: 'offer', address: SECOND });
  });

  it('is told of where what was found cannot be kept', async () => {
    const { discover, named, store, desk } = probed([FIRST]);
    store.isFull = true;
    expect(await brief(discover(1))).toBe(`offer ${SECOND}`);
    const unsaved = { event: 'lease.unsaved', machine: 'somebody', address: FIRST, state: 'conflict' };
    await expect.poll(() => named('lease.unsaved')).toEqual([{ ...unsaved, reason: 'no room' }]);
    expect(desk.register.at(FIRST)).toMatchObject({ state: 'conflict' });
  });

  it('is asked once for a machine that asks again meanwhile', async () => {
    const { discover, pings, named } = probed([FIRST]);
    const answers = await Promise.all([discover(1), discover(1)].map(brief));
    expect(answers).toEqual([`offer ${SECOND}`, `offer ${SECOND}`]);
    expect([pings, named('lease.conflict').length]).toEqual([[FIRST, SECOND], 1]);
  });

  it('is not asked of addresses of records and of those that come back', async () => {
    const { discover, select, pings, here } = probed([]);
    expect(discover(9)).toMatchObject({ kind: 'offer', address: '192.168.77.20' });
    await select(1, FIRST);
    here.now += 7_200_000;
    expect(discover(1)).toMatchObject({ kind: 'offer', address: FIRST });
    expect(pings).toEqual([]);
  });

  it('is asked of those that come back by a copy, for as long as a lease lasts', async () => {
    const known = lease(FIRST, stranger(1), { until: 0 });
    const restored = (isInDoubt: boolean) => {
      const made = probed([FIRST]);
      made.desk.restore({ leases: [known], damaged: [] }, isInDoubt);
      return made;
    };
    const { discover, pings, store } = restored(true);
    expect(await brief(discover(1))).toBe(`offer ${SECOND}`);
    expect(pings).toEqual([FIRST, SECOND]);
    await expect.poll(() => store.kept.get(FIRST)?.state).toBe('conflict');
    expect(await brief(restored(false).discover(1))).toBe(`offer ${FIRST}`);
    const later = restored(true);
    later.here.now += 3_600_000;
    expect([await brief(later.discover(1)), later.pings]).toEqual([`offer ${FIRST}`, []]);
  });

  it('is asked of three others, and then nothing is offered', async () => {
    const { discover, pings } = probed(Array.from({ length: 10 }, (_, number) => `192.168.77.${100 + number}`));
    expect(await brief(discover(1))).toBe('silent');
    expect(pings.length).toBe(4);
  });
});

describe('what is known of addresses', () => {
  it('is what was kept, and of damaged ones that they may be somebody’s', async () => {
    const before = leaseDesk();
    await before.select(1, FIRST);
    const { desk, here, discover } = leaseDesk();
    here.now = 2_000;
    const elsewhere = { ...[...before.store.kept.values()][0], address: ip('10.0.0.1') } as never;
    const { leases } = await before.store.loadLeases();
    expect(desk.restore({ leases: [...leases, elsewhere], damaged: [SECOND] })).toBe(1);
    expect(desk.register.at(FIRST)).toMatchObject({ state: 'bound', client: { mac: mac(1) } });
    expect(desk.register.at(SECOND)).toMatchObject({ state: 'conflict' });
    expect(await brief(discover(2))).toBe('silent');
    here.now += 3_600_000;
    expect(await Promise.all([discover(2), discover(3)].map(brief))).toContain(`offer ${SECOND}`);
  });

  it('is told by the time of day', async () => {
    const { desk, select, here, epoch } = leaseDesk();
    await select(1, FIRST);
    here.now += 1_000;
    expect(desk.register.list({ limit: 9 }).leases).toMatchObject([
      { address: FIRST, since: epoch - 1_000, until: epoch + 3_599_000 },
    ]);
    expect(desk.register.pools()).toMatchObject([{ counts: { size: 2, bound: 1, free: 1 } }]);
  });

  it('shows whose card has it by the word of trusted relays alone, for as long as it has', async () => {
    const trustedRelays = () => [{ address: ip('10.9.0.0'), prefixLength: 24 }];
    const { desk, asks, select, here } = leaseDesk({ trustedRelays });
    const over = (relay: string, from = relay) => ({ via: { relay: ip(relay), from: ip(from) } });
    const take = { kind: 'select', address: ip(FIRST), isOurs: true } as const;
    await select(1, FIRST);
    expect(desk.macAt(FIRST)).toBeUndefined();
    for (const [via, shown] of [
      [over('10.8.0.1'), undefined],
      [over('10.9.0.1', '10.8.0.1'), undefined],
      [over('10.9.0.1'), mac(1)],
      [{}, mac(1)],
    ] as const) {
      await asks(1, { ...take, ...via });
      expect(desk.macAt(FIRST)).toBe(shown);
    }
    expect(['nonsense', '10.0.0.1', `::ffff:${FIRST}`].map((at) => desk.macAt(at))).toEqual([
      undefined,
      undefined,
      mac(1),
    ]);
    here.now += 3_600_000;
    expect(desk.macAt(FIRST)).toBeUndefined();
  });

  it('is told page by page, and in part', async () => {
    const subnets = [
      leaseSubnet(['192.168.77.100-192.168.77.104']),
      leaseSubnet(['10.0.0.9'], { subnet: '10.0.0.0/24' }),
    ];
    const { desk, asks, discover, select, here } = leaseDesk({ subnets }, [recorded('node-01', 9)]);
    desk.restore({ leases: [lease('10.0.0.9', stranger(7))], damaged: [] });
    for (const [number, last] of [
      [1, 103],
      [9, 101],
      [2, 100],
    ] as const)
      await select(number, `192.168.77.${last}`);
    await discover(4);
    const page = (wish: Omit<LeaseWish, 'limit'>, limit = 9) => {
      const { leases, hasMore } = desk.register.list({ limit, ...wish });
      return [...leases.map(({ address }) => address), ...(hasMore ? ['...'] : [])];
    };
    const all = ['10.0.0.9', ...[100, 101, 102, 103].map((last) => `192.168.77.${last}`)];
    expect(page({})).toEqual(all);
    expect(page({}, 5)).toEqual(all);
    expect(page({}, 2)).toEqual([...all.slice(0, 2), '...']);
    expect(page({ after: ip('192.168.77.101') }, 1)).toEqual(['192.168.77.102', '...']);
    expect(page({ after: ip('192.168.77.103') })).toEqual([]);
    const within = (address: string, prefixLength: number) => ({ subnet: { address: ip(address), prefixLength } });
    expect(page(within('10.0.0.0', 24))).toEqual(['10.0.0.9']);
    expect(page({ ...within('192.168.77.0', 24), after: ip('192.168.77.102') })).toEqual(['192.168.77.103']);
    expect(page(within('fd00::', 8))).toEqual([]);
    expect(page({ state: 'offered' })).toEqual(['192.168.77.102']);
    expect(page({ mac: mac(1) })).toEqual(['192.168.77.103']);
    expect(page({ mac: mac(1), state: 'expired' })).toEqual([]);
    expect([page({ machine: 'node-01' }), page({ machine: 'node-02' })]).toEqual([['192.168.77.101'], []]);
    expect(page({ mac: mac(4) })).toEqual(['192.168.77.102']);
    await asks(1, { kind: 'decline', address: ip('192.168.77.103') });
    expect(page({ mac: mac(1) })).toEqual(['192.168.77.103']);
    expect(page({ mac: mac(1), after: ip('192.168.77.103') })).toEqual([]);
    here.machines = [{ ...recorded('node-01', 9), uuid: '00112233-4455-6677-8899-aabbccddeeff' as Uuid }];
    expect(page({ machine: 'node-01' })).toEqual(['192.168.77.101']);
  });

  it('is forgotten, durably', async () => {
    const { desk, select, store, discover, named } = leaseDesk({}, [NODE]);
    await select(9, FIRST);
    await desk.register.release(FIRST);
    const freed = { event: 'lease.freed', machine: 'node-01', mac: mac(9), address: FIRST, state: 'bound' };
    expect([named('lease.freed'), named('lease.released')]).toEqual([[freed], []]);
    desk.conflict(SECOND);
    await desk.register.release(SECOND);
    expect(named('lease.freed').at(-1)).toEqual({ event: 'lease.freed', address: SECOND, state: 'conflict' });
    expect([store.kept.size, desk.register.list({ limit: 9 })]).toEqual([0, { leases: [], hasMore: false }]);
    store.isFull = true;
    await expect(desk.register.release(FIRST)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(named('lease.freed')).toHaveLength(2);
    expect(await brief(discover(2))).toContain('offer');
  });

  it('has no end where another server gave it without one, whatever the clock says since', async () => {
    const { desk, here } = leaseDesk();
    await desk.register.adopt([{ address: FIRST, client: { mac: mac(1) }, until: Date.parse('9999-12-31T23:59:59Z') }]);
    for (const passed of [0, 86_400_000]) {
      here.now += passed;
      expect(desk.register.at(FIRST)).toMatchObject({ state: 'bound' });
      expect(desk.register.at(FIRST)).not.toHaveProperty('until');
    }
  });

  it('is taken over from another server', async () => {
    const { desk, store, epoch, named } = leaseDesk();
    const foreign = [
      { address: FIRST, client: { mac: mac(1) }, until: epoch + 60_000 },
      { address: FIRST, client: { mac: mac(2) }, until: epoch + 60_000 },
      { address: ip('10.0.0.1'), client: { mac: mac(3) }, until: epoch + 60_000 },
      { address: SECOND, client: {}, until: epoch + 60_000 },
    ];
    expect(await desk.register.adopt(foreign)).toMatchObject([
      { kind: 'adopted', address: FIRST },
      { kind: 'refused', address: FIRST },
      { kind: 'refused', address: '10.0.0.1' },
      { kind: 'refused', address: SECOND },
    ]);
    expect(store.kept.get(FIRST)).toMatchObject({ client: { mac: mac(1) }, until: 61_000 });
    expect(named('lease.given')).toEqual([]);
    expect(await desk.register.adopt(foreign.slice(0, 1))).toEqual([{ kind: 'present', address: FIRST }]);
    store.isFull = true;
    const longer = foreign.slice(0, 1).map((one) => ({ ...one, until: epoch + 90_000 }));
    await expect(desk.register.adopt(longer)).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  it('is judged as if it were taken over, and is not', () => {
    const { desk, store, epoch } = leaseDesk({}, [NODE]);
    const judged = (address: string, number: number, isReserved = false) =>
      desk.register.judge([{ address: ip(address), client: { mac: mac(number) }, until: epoch + 60_000, isReserved }]);
    expect([judged(FIRST, 1), judged(FIRST, 2), judged('192.168.77.20', 9)].flat().map(({ kind }) => kind)).toEqual(
      Array(3).fill('adopted'),
    );
    expect(judged('192.168.77.30', 1)).toMatchObject([
      { kind: 'refused', reason: expect.stringContaining('no range') as string },
    ]);
    expect(judged('192.168.77.30', 1, true)).toEqual([{ kind: 'adopted', address: '192.168.77.30' }]);
    expect(judged('192.168.77.20', 1, true)).toMatchObject([{ reason: '192.168.77.20 is reserved for node-01' }]);
    expect([store.kept.size, desk.register.list({ limit: 9 }).leases]).toEqual([0, []]);
  });
});
