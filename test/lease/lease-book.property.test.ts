import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientKey, type KnownClient } from '../../src/lease/client.js';
import type { Lease } from '../../src/lease/lease.js';
import type { LeaseBook } from '../../src/lease/lease-book.js';
import type { LeaseQuestion } from '../../src/lease/question.js';
import { ip, lease, leaseBook, leaseSubnet, mac, reservations } from '../fixtures/leases.js';

/** A small subnet with many who want its addresses, so that everything happens: reserved ones in its range and outside of it. */
const SUBNET = leaseSubnet(['192.168.77.100-192.168.77.107'], { seconds: 60 });
const RECORDS = [
  reservations({ a: '192.168.77.101', b: '192.168.77.20', c: undefined }),
  reservations({ a: '192.168.77.20', b: undefined, c: '192.168.77.104' }),
] as const;
const LINK = [ip('192.168.77.1')];
const ADDRESSES = [20, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108].map((last) => ip(`192.168.77.${last}`));

type Step =
  | { readonly do: 'ask'; readonly who: number; readonly question: LeaseQuestion | 'take' }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'restart' | 'records' }
  | {
      readonly do: 'adopt';
      readonly who: number;
      readonly address: (typeof ADDRESSES)[number];
      readonly seconds: number;
    }
  | { readonly do: 'conflict' | 'forget'; readonly address: (typeof ADDRESSES)[number] };

const address = fc.constantFrom(...ADDRESSES);
const question: fc.Arbitrary<LeaseQuestion | 'take'> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'discover' } as const) },
  { weight: 6, arbitrary: fc.constant('take' as const) },
  fc.record({ kind: fc.constant('discover' as const), wanted: address }),
  fc.record({ kind: fc.constant('select' as const), address, isOurs: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('reboot' as const, 'extend' as const, 'decline' as const, 'release' as const),
    address,
  }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('ask' as const), who: fc.nat(13), question }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 70 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'records' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('adopt' as const),
      who: fc.nat(13),
      address,
      seconds: fc.integer({ min: -10, max: 100 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('conflict' as const, 'forget' as const), address }) },
);

/** The first three have records. */
function client(who: number, records: number): KnownClient {
  const name = ['a', 'b', 'c'][who];
  const reserved = name === undefined ? undefined : ADDRESSES.find((one) => RECORDS[records]?.machineAt(one) === name);
  return {
    mac: mac(who),
    ...(name !== undefined && { machine: name }),
    ...(reserved !== undefined && { reserved }),
  };
}

/** What a disk would have, and who was told to have what until when: the second is what must never be contradicted. */
class World {
  readonly #isAuthoritative: boolean;
  #records = 0;
  #book: LeaseBook;
  #now = 0;
  readonly #disk = new Map<string, Lease>();
  readonly #told = new Map<string, { readonly key: string | undefined; readonly until: number }>();
  readonly #offered = new Map<number, (typeof ADDRESSES)[number]>();

  constructor(isAuthoritative: boolean) {
    this.#isAuthoritative = isAuthoritative;
    this.#book = this.#start();
  }

  #start(): LeaseBook {
    const reserved = () => RECORDS[this.#records] ?? reservations({});
    const book = leaseBook([SUBNET], { isAuthoritative: this.#isAuthoritative, reservations: reserved });
    book.restore([...this.#disk.values()], this.#now);
    return book;
  }

  do(step: Step): void {
    switch (step.do) {
      case 'wait':
        this.#now += step.seconds * 1_000;
        break;
      case 'restart':
        this.#book = this.#start();
        break;
      case 'records':
        this.#records = 1 - this.#records;
        break;
      case 'forget':
        this.#book.forget(step.address, this.#now);
        this.#disk.delete(step.address);
        this.#told.delete(step.address);
        break;
      case 'conflict': {
        const lease = this.#book.conflict(step.address, this.#now);
        if (lease !== undefined) this.#save(lease);
        break;
      }
      case 'adopt':
        this.#adopt(step);
        break;
      case 'ask':
        this.#ask(step.who, step.question);
    }
    this.#checkCounts();
  }

  #ask(who: number, wanted: LeaseQuestion | 'take'): void {
    const offered = this.#offered.get(who) ?? ip('192.168.77.100');
    const asked = wanted === 'take' ? ({ kind: 'select', address: offered, isOurs: true } as const) : wanted;
    const from = client(who, this.#records);
    const decision = this.#book.decide({ ...asked, client: from, link: LINK }, this.#now);
    if (decision.kind === 'offer') {
      this.#checkFree(decision.address, from);
      this.#offered.set(who, decision.address);
    }
    if (decision.kind === 'noted') {
      this.#save(decision.save[0]);
      this.#told.delete(decision.save[0].address);
    }
    if (decision.kind !== 'ack') return;
    const { lease } = decision;
    this.#checkFree(lease.address, from);
    for (const one of decision.save) {
      this.#save(one);
      this.#told.delete(one.address);
    }
    this.#told.set(lease.address, { key: lease.key, until: lease.until });
  }

  /** What another server has given counts as told by that. */
  #adopt({ who, address, seconds }: Extract<Step, { do: 'adopt' }>): void {
    const from = client(who, this.#records);
    const until = this.#now + seconds * 1_000;
    const decision = this.#book.adopt(lease(address, from, { since: this.#now, until }), this.#now);
    if (decision.kind === 'refused') return;
    // What it has already, it has as before, also where the address is somebody else's by now.
    if (decision.kind === 'adopted') this.#checkFree(address, from);
    const [kept] = decision.save;
    const told = this.#told.get(address);
    if (told !== undefined && told.until > this.#now) {
      expect(kept).toMatchObject({ key: told.key });
      expect(kept?.until).toBeGreaterThanOrEqual(told.until);
    }
    for (const one of decision.save) this.#save(one);
    this.#told.set(address, { key: kept?.key, until: kept?.until ?? until });
  }

  #save(kept: Lease): void {
    this.#disk.set(kept.address, kept);
  }

  /** Nobody else was told to have it, it is kept for nobody else, and it is in the range or its own. */
  #checkFree(address: (typeof ADDRESSES)[number], from: KnownClient): void {
    const told = this.#told.get(address);
    if (told !== undefined && told.until > this.#now) expect(told.key).toBe(clientKey(from));
    const owner = RECORDS[this.#records]?.machineAt(address);
    if (owner === undefined) expect(address).toMatch(/^192\.168\.77\.10[0-7]$/);
    else expect(owner).toBe(from.machine);
  }

  /** What is free is what nobody has, is offered or kept from: counted in another way than the pool does. */
  #checkCounts(): void {
    const busy = new Set<string>();
    for (const { address, state } of this.#book.list(this.#now))
      if (state !== 'expired' && state !== 'released') busy.add(address);
    const free = ADDRESSES.slice(2, 10).filter(
      (one) => !busy.has(one) && RECORDS[this.#records]?.machineAt(one) === undefined,
    );
    expect(this.#book.counts(this.#now)).toMatchObject([{ free: free.length }]);
  }
}

it('never gives one address to two, whatever comes, whenever it is started anew', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 80 }), (isAuthoritative, steps) => {
      const world = new World(isAuthoritative);
      for (const one of steps) world.do(one);
    }),
    // What fails is told at once: to make it small takes minutes.
    { numRuns: 500, endOnFailure: true },
  );
});

it('offers as many at once as there are, each to one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }), (size, clients) => {
      const book = leaseBook([leaseSubnet([`10.0.0.1-10.0.${size >> 8}.${size & 255}`], { subnet: '10.0.0.0/16' })]);
      const offers = Array.from({ length: clients }, (_, who) =>
        book.decide({ kind: 'discover', client: client(who + 3, 0), link: [ip('10.0.0.1')] }, 0),
      ).flatMap((decision) => (decision.kind === 'offer' ? [decision.address] : []));
      expect(new Set(offers).size).toBe(Math.min(size, clients));
    }),
    { numRuns: 50 },
  );
});
