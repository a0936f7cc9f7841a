import { describe, expect, it } from 'vitest';
import type { KnownClient } from '../../src/lease/client.js';
import type { KnownAsk, LeaseBook } from '../../src/lease/lease-book.js';
import type { LeaseDecision } from '../../src/lease/lease-decision.js';
import type { LeaseQuestion } from '../../src/lease/question.js';
import { ip, lease, leaseBook, leaseSubnet, mac, reservations, stranger } from '../fixtures/leases.js';

const HOUR = 3_600_000;
const [A, B, C] = [stranger(1), stranger(2), stranger(3)];
const NODE: KnownClient = { mac: mac(16), machine: 'node-01', reserved: ip('192.168.77.20') };
const RECORDS = reservations({ 'node-01': '192.168.77.20' });

const link = [ip('192.168.77.1')];
const ask = (client: KnownClient, question: LeaseQuestion, on = link): KnownAsk => ({ ...question, client, link: on });
const discover = (client: KnownClient, wanted?: string) =>
  ask(client, { kind: 'discover', ...(wanted !== undefined && { wanted: ip(wanted) }) });
const select = (client: KnownClient, address: string, isOurs = true) =>
  ask(client, { kind: 'select', address: ip(address), isOurs });
const asks = (kind: 'reboot' | 'extend' | 'decline' | 'release', client: KnownClient, address: string, on = link) =>
  ask(client, { kind, address: ip(address) }, on);

/** `offer 192.168.77.100`, `nak`, ... */
function brief(decision: LeaseDecision): string {
  if (decision.kind === 'offer') return `offer ${decision.address}${decision.isFresh ? ' fresh' : ''}`;
  if (decision.kind === 'ack')
    return `ack ${decision.save.map(({ address, state }) => `${address} ${state}`).join(', ')}`;
  if (decision.kind === 'exhausted') return `exhausted for ${decision.whom}`;
  return decision.kind === 'noted' ? `noted ${decision.save[0].state}` : decision.kind;
}

const told = (book: LeaseBook, asked: KnownAsk, now = 0) => brief(book.decide(asked, now));

const three = () => leaseBook([leaseSubnet(['192.168.77.100-192.168.77.102'])]);
const withNode = (isAuthoritative = false) =>
  leaseBook([leaseSubnet(['192.168.77.20-192.168.77.22'])], { isAuthoritative, reservations: () => RECORDS });

describe('DISCOVER', () => {
  it('is offered what nobody has had, and the same again', () => {
    const book = three();
    expect(told(book, discover(A))).toBe('offer 192.168.77.100 fresh');
    expect(told(book, discover(B))).toBe('offer 192.168.77.101 fresh');
    expect(told(book, discover(A))).toBe('offer 192.168.77.100 fresh');
  });

  it('is offered what its record has, whatever it wants, and nobody else is', () => {
    const book = withNode();
    expect(told(book, discover(A, '192.168.77.20'))).toBe('offer 192.168.77.21 fresh');
    expect(told(book, discover(NODE, '192.168.77.22'))).toBe('offer 192.168.77.20');
  });

  it('gets the same after its lease has ended, and after it gave it back', () => {
    const book = three();
    book.decide(select(A, '192.168.77.101'), 0);
    book.decide(select(B, '192.168.77.102'), 0);
    book.decide(asks('release', B, '192.168.77.102'), 1);
    expect(told(book, discover(A), 2 * HOUR)).toBe('offer 192.168.77.101');
    expect(told(book, discover(B), 2 * HOUR)).toBe('offer 192.168.77.102');
  });

  it('gets what it wants where that is free', () => {
    const book = three();
    expect(told(book, discover(A, '192.168.77.102'))).toBe('offer 192.168.77.102 fresh');
    expect(told(book, discover(B, '192.168.77.102'))).toBe('offer 192.168.77.100 fresh');
    expect(told(book, discover(C, '10.0.0.1'))).toBe('offer 192.168.77.101 fresh');
  });

  it('is given what has been free for the longest, when all have been given', () => {
    const book = three();
    for (const [client, address, at] of [
      [A, '192.168.77.102', 0],
      [B, '192.168.77.100', 10],
      [C, '192.168.77.101', 20],
    ] as const)
      book.decide(select(client, address), at);
    expect(told(book, discover(stranger(9)), HOUR + 15)).toBe('offer 192.168.77.102 fresh');
    expect(told(book, discover(stranger(10)), HOUR + 15)).toBe('offer 192.168.77.100 fresh');
    expect(told(book, discover(stranger(11)), HOUR + 15)).toBe('exhausted for all');
    expect(told(book, discover(stranger(11)), HOUR + 20)).toBe('offer 192.168.77.101 fresh');
  });

  it('goes by the card, whatever identifier is sent', () => {
    const book = three();
    book.decide(select({ ...A, clientId: '01525400770001' }, '192.168.77.101'), 0);
    expect(told(book, discover({ ...A, clientId: 'ff0001' }))).toBe('offer 192.168.77.101');
    expect(told(book, discover({ ...B, clientId: '01525400770001' }))).toBe('offer 192.168.77.100 fresh');
  });

  it('goes by the identifier of a client without a card, and then by its UUID', () => {
    const book = three();
    const uuid = '4c4c4544-0042-3010-8057-b7c04f4d3732' as NonNullable<KnownClient['uuid']>;
    book.decide(select({ clientId: 'ff0001' }, '192.168.77.101'), 0);
    book.decide(select({ uuid }, '192.168.77.102'), 0);
    expect(told(book, discover({ clientId: 'ff0001', uuid }))).toBe('offer 192.168.77.101');
    expect(told(book, discover({ uuid }))).toBe('offer 192.168.77.102');
    expect(told(book, discover({}))).toBe('silent');
  });

  it('is not answered on a network that is not served', () => {
    expect(told(three(), ask(A, { kind: 'discover' }, [ip('10.0.0.1')]))).toBe('silent');
  });

  it('finds the subnet of its own among several on one network', () => {
    const book = leaseBook([leaseSubnet(['192.168.77.100']), leaseSubnet(['10.1.0.5'], { subnet: '10.1.0.0/24' })]);
    const both = [ip('192.168.77.1'), ip('10.1.0.1')];
    expect(told(book, ask(A, { kind: 'discover' }, both))).toBe('offer 192.168.77.100 fresh');
    expect(told(book, ask(B, { kind: 'discover' }, both))).toBe('offer 10.1.0.5 fresh');
    expect(told(book, ask(C, { kind: 'discover' }, both))).toBe('exhausted for all');
  });

  it('of a second card of a machine is offered the address that the first has, unless somebody answers there', () => {
    const book = withNode();
    const other = { ...NODE, mac: mac(17) };
    book.decide(select(NODE, '192.168.77.20'), 0);
    expect(told(book, select(other, '192.168.77.20'))).toBe('nak');
    for (const kind of ['reboot', 'extend'] as const)
      expect(told(book, asks(kind, other, '192.168.77.20'))).toBe('nak');
    expect(told(book, { ...discover(other), avoid: [ip('192.168.77.20')] })).toBe('offer 192.168.77.21 fresh');
    expect(told(book, discover(other))).toBe('offer 192.168.77.20 fresh');
    expect(told(book, select(other, '192.168.77.20'))).toBe('ack 192.168.77.20 bound');
    expect(told(book, asks('extend', NODE, '192.168.77.20'))).toBe('nak');
  });

  it('takes an offer from a stranger who has not taken it for ten seconds, when there is no other', () => {
    const book = leaseBook([leaseSubnet(['192.168.77.100'])]);
    book.decide(discover(A), 0);
    expect(told(book, discover(B), 10_000 - 1)).toBe('exhausted for all');
    expect(told(book, discover(B), 10_000)).toBe('offer 192.168.77.100 fresh');
    expect(told(book, select(A, '192.168.77.100'), 10_001)).toBe('nak');
  });
});

describe('known machines', () => {
  const records = reservations({ 'node-02': undefined, 'node-03': undefined });
  const known = (number: number): KnownClient => ({ mac: mac(number), machine: `node-0${number}` });
  const book = () => leaseBook([leaseSubnet(['192.168.77.100-192.168.77.103'])], { reservations: () => records });

  it('find an address however many strangers there are', () => {
    const kept = book();
    for (let number = 100; number < 120; number += 1) {
      const decision = kept.decide(discover(stranger(number)), number);
      if (decision.kind === 'offer') kept.decide(select(stranger(number), decision.address), number);
    }
    expect(told(kept, discover(stranger(99)), 200)).toBe('exhausted for strangers');
    expect(told(kept, select(stranger(99), '192.168.77.102'), 200)).toBe('nak');
    expect(told(kept, discover(known(2)), 200)).toBe('offer 192.168.77.102 fresh');
    expect(told(kept, discover(known(3)), 200)).toBe('offer 192.168.77.103 fresh');
  });

  it('leave half of a pool to strangers', () => {
    const many = reservations(
      Object.fromEntries(Array.from({ length: 50 }, (_, number) => [`m-${number}`, undefined])),
    );
    const half = leaseBook([leaseSubnet(['192.168.77.100-192.168.77.103'])], { reservations: () => many });
    expect([1, 2, 3].map((number) => told(half, discover(stranger(number))))).toEqual([
      'offer 192.168.77.100 fresh',
      'offer 192.168.77.101 fresh',
      'exhausted for strangers',
    ]);
  });

  it('are given at once what was only offered to a stranger', () => {
    const one = leaseBook([leaseSubnet(['192.168.77.100'])], { reservations: () => records });
    one.decide(discover(A), 0);
    expect(told(one, discover(known(2)), 1)).toBe('offer 192.168.77.100 fresh');
  });
});

describe('REQUEST of what was offered', () => {
  it('is given it, for the time of the subnet', () => {
    const book = three();
    book.decide(discover(A), 0);
    expect(book.decide(select(A, '192.168.77.100'), 5)).toMatchObject({
      kind: 'ack',
      isExtended: false,
      lease: { address: '192.168.77.100', key: `mac ${mac(1)}`, state: 'bound', since: 5, until: HOUR + 5 },
    });
  });

  it('is given it by a server that does not know of the offer any more, if it is free', () => {
    const book = three();
    expect(told(book, select(A, '192.168.77.101'))).toBe('ack 192.168.77.101 bound');
    expect(told(book, select(B, '192.168.77.101'))).toBe('nak');
    expect(told(book, select(B, '192.168.77.20'))).toBe('nak');
    expect(told(book, select(B, '10.0.0.1'))).toBe('nak');
  });

  it('of another server leaves our offer to others', () => {
    const book = leaseBook([leaseSubnet(['192.168.77.100'])]);
    book.decide(discover(A), 0);
    expect(told(book, select(A, '192.168.77.9', false))).toBe('silent');
    expect(told(book, discover(B))).toBe('offer 192.168.77.100 fresh');
  });

  it('leaves what the same card had there', () => {
    let records = reservations({});
    const book = leaseBook([leaseSubnet(['192.168.77.100'])], { reservations: () => records });
    book.decide(select({ mac: mac(16), machine: 'node-01' }, '192.168.77.100'), 0);
    records = RECORDS;
    expect(told(book, discover(NODE))).toBe('offer 192.168.77.20');
    expect(told(book, select(NODE, '192.168.77.20'))).toBe('ack 192.168.77.20 bound, 192.168.77.100 released');
  });
});

describe('REQUEST of a machine that starts again', () => {
  it('keeps what it had', () => {
    const book = three();
    book.decide(select(A, '192.168.77.101'), 0);
    expect(told(book, asks('reboot', A, '192.168.77.101'), 5)).toBe('ack 192.168.77.101 bound');
    expect(told(book, asks('reboot', A, '192.168.77.101'), 3 * HOUR)).toBe('ack 192.168.77.101 bound');
  });

  it('is refused what is known to be wrong', () => {
    const book = three();
    book.decide(select(A, '192.168.77.101'), 0);
    expect(told(book, asks('reboot', A, '192.168.77.102'))).toBe('nak');
    expect(told(book, asks('reboot', B, '192.168.77.101'))).toBe('nak');
    expect(told(withNode(), asks('reboot', NODE, '192.168.77.21'))).toBe('nak');
    expect(told(withNode(), asks('reboot', A, '192.168.77.20'))).toBe('nak');
  });

  it('is given what its record says, even if it has never had it here', () => {
    expect(told(withNode(), asks('reboot', NODE, '192.168.77.20'))).toBe('ack 192.168.77.20 bound');
  });

  it.each(['reboot', 'extend'] as const)(
    'is left to other servers where nothing is known, unless there is none (%s)',
    (kind) => {
      expect(told(withNode(), asks(kind, A, '192.168.77.21'))).toBe('silent');
      expect(told(withNode(), asks(kind, A, '10.0.0.9'))).toBe('silent');
      expect(told(withNode(true), asks(kind, A, '192.168.77.21'))).toBe('nak');
      expect(told(withNode(true), asks(kind, A, '10.0.0.9'))).toBe('nak');
    },
  );

  it('of another network of ours is left to other servers, too, unless there is none', () => {
    const both = [leaseSubnet(['192.168.77.20-192.168.77.22']), leaseSubnet(['10.0.0.9'], { subnet: '10.0.0.0/24' })];
    for (const isAuthoritative of [false, true]) {
      const book = leaseBook(both, { isAuthoritative });
      const there = ask(A, { kind: 'select', address: ip('10.0.0.9'), isOurs: true }, [ip('10.0.0.1')]);
      expect(told(book, there)).toBe('ack 10.0.0.9 bound');
      expect(told(book, asks('reboot', A, '10.0.0.9'))).toBe(isAuthoritative ? 'nak' : 'silent');
    }
  });
});

describe('REQUEST of more time', () => {
  it('is given it since when it has had it', () => {
    const book = three();
    book.decide(select(A, '192.168.77.101'), 0);
    expect(book.decide(asks('extend', A, '192.168.77.101'), HOUR / 2)).toMatchObject({
      kind: 'ack',
      isExtended: true,
      lease: { since: 0, until: 1.5 * HOUR },
    });
    expect(book.decide(asks('extend', A, '192.168.77.101'), 2 * HOUR)).toMatchObject({
      kind: 'ack',
      isExtended: false,
      lease: { since: 2 * HOUR },
    });
  });

  it('is refused when the address has gone to another, or to a record', () => {
    const book = three();
    book.decide(select(A, '192.168.77.101'), 0);
    book.decide(select(B, '192.168.77.101'), HOUR);
    expect(told(book, asks('extend', A, '192.168.77.101'), HOUR)).toBe('nak');
    let records = reservations({});
    const taken = leaseBook([leaseSubnet(['192.168.77.20'])], { reservations: () => records });
    taken.decide(select(A, '192.168.77.20'), 0);
    records = RECORDS;
    expect(told(taken, discover(NODE))).toBe('exhausted for all');
    expect(told(taken, asks('extend', A, '192.168.77.20'))).toBe('nak');
    expect(told(taken, discover(NODE), HOUR)).toBe('offer 192.168.77.20');
  });

  it('keeps its address while it runs, when its record has another by now', () => {
    let records = reservations({});
    const book = leaseBook([leaseSubnet(['192.168.77.100'])], { reservations: () => records });
    book.decide(select(A, '192.168.77.100'), 0);
    records = RECORDS;
    const known = { ...A, machine: 'node-01', reserved: ip('192.168.77.20') };
    expect(told(book, asks('extend', known, '192.168.77.100'))).toBe('ack 192.168.77.100 bound');
    expect(told(book, asks('reboot', known, '192.168.77.100'))).toBe('nak');
  });
});

describe('DECLINE', () => {
  it('keeps the address from everybody for ten minutes', () => {
    const book = leaseBook([leaseSubnet(['192.168.77.100-192.168.77.101'])]);
    book.decide(select(A, '192.168.77.100'), 0);
    expect(book.decide(asks('decline', A, '192.168.77.100'), 1)).toMatchObject({
      save: [{ address: '192.168.77.100', state: 'declined', until: 600_001 }],
    });
    expect(told(book, discover(A), 2)).toBe('offer 192.168.77.101 fresh');
    expect(told(book, discover(B), 2)).toBe('exhausted for all');
    expect(told(book, discover(B), 600_001)).toBe('offer 192.168.77.101 fresh');
    expect(told(book, discover(C), 600_001)).toBe('offer 192.168.77.100 fresh');
  });

  it('counts of whoever was given it alone', () => {
    const book = three();
    book.decide(select(A, '192.168.77.100'), 0);
    expect(told(book, asks('decline', B, '192.168.77.100'))).toBe('silent');
    expect(told(book, asks('decline', B, '192.168.77.101'))).toBe('silent');
    expect(told(book, asks('release', B, '192.168.77.100'))).toBe('silent');
  });

  it('counts by the way over which the address was given alone', () => {
    const book = three();
    const [relay, other] = ['10.9.0.1', '10.9.0.2'].map((at) => ({ via: { relay: ip(at), from: ip(at) } }));
    book.decide({ ...select(A, '192.168.77.100'), ...relay }, 0);
    for (const kind of ['decline', 'release'] as const) {
      const said = asks(kind, A, '192.168.77.100');
      expect(told(book, { ...said, ...other })).toBe('silent');
    }
    expect(told(book, asks('decline', A, '192.168.77.100'))).toBe('silent');
    expect(told(book, { ...asks('release', A, '192.168.77.100'), ...relay })).toBe('noted released');
    book.decide(select(B, '192.168.77.101'), 0);
    expect(told(book, asks('release', B, '192.168.77.101'))).toBe('noted released');
  });

  it('does not use a pool up', () => {
    const book = leaseBook([leaseSubnet(['192.168.77.100-192.168.77.119'])]);
    for (let number = 0; number < 60; number += 1) {
      const decision = book.decide(discover(stranger(number)), number);
      if (decision.kind === 'offer') book.decide(asks('decline', stranger(number), decision.address), number);
    }
    expect([...book.list(60)].filter(({ state }) => state === 'declined')).toHaveLength(5);
  });

  it('of the address of a record gives the machine another for a while', () => {
    const book = withNode();
    book.decide(select(NODE, '192.168.77.20'), 0);
    book.decide(asks('decline', NODE, '192.168.77.20'), 0);
    expect(told(book, discover(NODE))).toBe('offer 192.168.77.21 fresh');
    expect(told(book, discover(NODE), 600_000)).toBe('offer 192.168.77.20');
  });
});

describe('the relay that a lease was asked over', () => {
  it('is kept, and no relay that is not trusted takes its place', () => {
    const book = three();
    const via = (at: string, isTrusted?: true) => ({
      via: { relay: ip(at), from: ip(at), ...(isTrusted === true && { isTrusted }) },
    });
    const after = (said: object) => {
      const decision = book.decide({ ...select(A, '192.168.77.100'), ...said }, 0);
      return decision.kind === 'ack' ? decision.lease.via?.relay : decision.kind;
    };
    expect([{}, via('10.9.0.1'), via('10.9.0.2', true), via('10.9.0.3'), {}, via('10.9.0.4', true)].map(after)).toEqual(
      [undefined, '10.9.0.1', '10.9.0.2', '10.9.0.2', '10.9.0.2', '10.9.0.4'],
    );
  });
});

describe('what is kept', () => {
  it('is the same after a restart', () => {
    const before = three();
    const saved = [A, B].flatMap((client, place) => {
      const decision = before.decide(select(client, `192.168.77.10${place}`), place);
      return decision.kind === 'ack' ? decision.save : [];
    });
    const book = three();
    const stray = lease('10.0.0.1', C);
    expect(book.restore([...saved, stray], 10)).toEqual([stray]);
    expect(told(book, discover(C), 10)).toBe('offer 192.168.77.102 fresh');
    expect(told(book, select(C, '192.168.77.100'), 10)).toBe('nak');
    expect(told(book, discover(B), 10)).toBe('offer 192.168.77.101');
  });

  it('is shown with its state, in the order of addresses', () => {
    const book = withNode();
    book.decide(select(A, '192.168.77.22'), 0);
    book.decide(select(NODE, '192.168.77.20'), HOUR / 2);
    book.decide(discover(B), HOUR - 1);
    expect([...book.list(HOUR)].map(({ address, state }) => `${address} ${state}`)).toEqual([
      '192.168.77.20 bound',
      '192.168.77.21 offered',
      '192.168.77.22 expired',
    ]);
    expect(book.at(ip('192.168.77.9'), HOUR)).toBeUndefined();
    expect(book.counts(HOUR)).toEqual([
      {
        ...{ size: 3, free: 1, reserved: 1, offered: 1, bound: 1, expired: 1 },
        ...{ released: 0, declined: 0, conflict: 0 },
      },
    ]);
  });

  it("is nobody's when it is forgotten", () => {
    const book = leaseBook([leaseSubnet(['192.168.77.100'])]);
    book.decide(select(A, '192.168.77.100'), 0);
    book.forget(ip('192.168.77.100'), 0);
    expect(book.at(ip('192.168.77.100'), 0)).toBeUndefined();
    expect(told(book, discover(B))).toBe('offer 192.168.77.100 fresh');
  });

  it('takes what somebody answers at out of use, unless it was given meanwhile', () => {
    const book = leaseBook([leaseSubnet(['192.168.77.100-192.168.77.101'])]);
    book.decide(discover(A), 0);
    expect(book.conflict(ip('192.168.77.100'), 1)).toMatchObject({ state: 'conflict', until: 600_001 });
    expect(told(book, discover(A), 1)).toBe('offer 192.168.77.101 fresh');
    book.decide(select(A, '192.168.77.101'), 1);
    expect(book.conflict(ip('192.168.77.101'), 2)).toBeUndefined();
    expect(book.conflict(ip('10.0.0.1'), 2)).toBeUndefined();
  });

  it('answers INFORM of a machine with what there is to know of the network', () => {
    const inform = (address: string) => told(three(), ask({}, { kind: 'inform', address: ip(address) }));
    expect(['192.168.77.9', '192.168.77.0', '192.168.77.255', '10.0.0.9'].map(inform)).toEqual([
      ...['informed', 'silent', 'silent', 'silent'],
    ]);
  });
});
