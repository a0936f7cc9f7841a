import type { EventSink } from '../boot/event.js';
import { BootlayerError } from '../errors.js';
import type { Lease } from '../lease/lease.js';
import { LeaseBook } from '../lease/lease-book.js';
import type { LeaseClock } from '../lease/lease-clock.js';
import type { LeaseDecision } from '../lease/lease-decision.js';
import type { LeaseStore } from '../lease/ports.js';
import { givenAddress, type LeaseAnswer, type LeaseAsk, type Via } from '../lease/question.js';
import type { LeaseSubnet } from '../lease/subnet.js';
import { type IpAddress, parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { Neighbours } from '../net/neighbours.js';
import { BookRegister } from './book-register.js';
import { type FoundClient, LeaseClients } from './lease-clients.js';
import { LeaseTelling } from './lease-telling.js';
import { LeaseWriter, type LeaseWriterLimits } from './lease-writer.js';
import type { Leases } from './leases.js';
import type { Mapping } from './mapping.js';

export type LeaseDeskParts = {
  readonly subnets: readonly LeaseSubnet[];
  readonly isAuthoritative: boolean;
  /** The one in force. */
  readonly mapping: () => Pick<Mapping, 'inventory' | 'machines'>;
  readonly store: Pick<LeaseStore, 'saveLeases' | 'removeLeases'>;
  readonly clock: Pick<LeaseClock, 'now' | 'toEpoch' | 'fromEpoch'>;
  /** Whether nobody uses an address, as far as can be said (`ConflictProbe.isFree`); missing where that is not asked. */
  readonly isFree?: (address: IpAddress) => true | Promise<boolean>;
  /** Who answers on the networks of this host. */
  readonly neighbours: Pick<Neighbours, 'find'>;
  /** `identity.trustedRelays`, of the configuration in force. */
  readonly trustedRelays: () => readonly Subnet[];
  readonly events: EventSink;
  readonly limits?: Partial<LeaseWriterLimits>;
};

type Decided<Kind extends LeaseDecision['kind']> = Extract<LeaseDecision, { readonly kind: Kind }>;

/** A question, and who asks it. */
type Asked = { readonly ask: LeaseAsk; readonly found: FoundClient };

/** Tried where somebody turns out to use the first, before a machine is left without an answer: it asks again. */
const MOST_OTHERS = 3;

/** Who has which address: asks the book, and answers what it decides once that is durable. */
export class LeaseDesk implements Leases {
  readonly #parts: LeaseDeskParts;
  readonly #clients: LeaseClients;
  readonly #book: LeaseBook;
  readonly #writer: LeaseWriter;
  readonly #telling: LeaseTelling;
  readonly register: BookRegister;

  constructor(parts: LeaseDeskParts) {
    const { subnets, isAuthoritative, mapping, events } = parts;
    this.#parts = parts;
    this.#clients = new LeaseClients(mapping);
    this.#book = new LeaseBook({ subnets, isAuthoritative, reservations: () => this.#clients.reservations() });
    this.#writer = new LeaseWriter(parts);
    this.#telling = new LeaseTelling(events);
    const own = { clients: this.#clients, book: this.#book, writer: this.#writer, telling: this.#telling };
    this.register = new BookRegister({ ...parts, ...own });
  }

  /**
   * What was kept; before anything is asked. Addresses that are `damaged` may be somebody's, and are kept from everybody for as
   * long as a lease lasts. Answers how many are of no subnet any more: they stay kept. `isInDoubt`: it is an older state, or another's:
   * what it remembers is tried like what nobody has had, for as long as a lease lasts that was given since.
   */
  restore({ leases, damaged }: Awaited<ReturnType<LeaseStore['loadLeases']>>, isInDoubt = false): number {
    const { subnets, clock } = this.#parts;
    const now = clock.now();
    const longest = Math.max(...subnets.map(({ leaseSeconds }) => leaseSeconds)) * 1_000;
    const doubtful = damaged.map((address): Lease => {
      return { address, client: {}, state: 'conflict', since: now, until: now + longest };
    });
    for (const lease of doubtful) this.#keep(lease, this.#clients.find(lease.client));
    return this.#book.restore([...leases, ...doubtful], now, isInDoubt ? now + longest : 0).length;
  }

  answer(ask: LeaseAsk): LeaseAnswer | Promise<LeaseAnswer> {
    try {
      const answered = this.#answer({ ask: this.#judged(ask), found: this.#clients.find(ask.client) });
      return answered instanceof Promise ? answered.catch((thrown: unknown) => this.#fault(thrown)) : answered;
    } catch (thrown) {
      return this.#fault(thrown);
    }
  }

  /** With what its relay's word counts. */
  #judged(ask: LeaseAsk): LeaseAsk {
    const { via } = ask;
    return via !== undefined && this.#vouches(via) ? { ...ask, via: { ...via, isTrusted: true } } : ask;
  }

  /** `avoid`: addresses that somebody else turned out to use. */
  #answer(asked: Asked, avoid: readonly IpAddress[] = []): LeaseAnswer | Promise<LeaseAnswer> {
    const { ask, found } = asked;
    const now = this.#parts.clock.now();
    const decision = this.#book.decide({ ...ask, client: found.known, avoid }, now);
    switch (decision.kind) {
      case 'offer':
        return this.#offer(decision, asked, avoid);
      case 'ack':
        return this.#acknowledge(decision, found);
      case 'informed':
        return { kind: 'informed', subnet: decision.subnet, ...hostnameOf(found) };
      case 'nak':
        if (ask.kind !== 'discover') this.#telling.refused(ask.address, found, decision.reason);
        return decision;
      case 'noted':
        this.#keep(decision.save[0], found, () => this.#telling.noted(decision.save[0], found));
        return { kind: 'noted' };
      case 'exhausted':
        this.#telling.exhausted(decision.subnet, decision.whom);
        return this.#silent(silent(noneLeft(decision)), asked);
      case 'silent':
        return this.#silent(decision, asked);
    }
  }

  /** Whoever asks where addresses are given, and gets none, is told of. Here, where others give them, nobody is. */
  #silent(answer: Decided<'silent'>, { ask, found }: Asked): LeaseAnswer {
    if (ask.kind !== 'discover') return answer;
    const isServed = ask.via !== undefined || ask.link.some((address) => this.gives(address));
    if (!isServed) return answer;
    this.#telling.none(found, answer.reason, ask.via?.relay);
    return { ...answer, isTold: true };
  }

  /** At once where that is possible: more machines are there at a time than can be waited for. */
  #offer(decision: Decided<'offer'>, asked: Asked, avoid: readonly IpAddress[]): LeaseAnswer | Promise<LeaseAnswer> {
    const { address, isFresh } = decision;
    const { isFree = () => true } = this.#parts;
    const free = isFresh ? isFree(address) : true;
    if (free === true) return this.#offered(decision, asked.found);
    return free.then((isStillFree) => {
      if (isStillFree) return this.#offered(decision, asked.found);
      if (avoid.length < MOST_OTHERS) return this.#answer(asked, [...avoid, address]);
      return this.#silent(silent(`others answer at all addresses that it was to have, ${address} the last`), asked);
    });
  }

  #offered({ address, subnet, isFresh }: Decided<'offer'>, found: FoundClient): LeaseAnswer {
    if (isFresh) this.#telling.offered(subnet, found);
    return { kind: 'offer', ...givenAddress(address, subnet), ...hostnameOf(found) };
  }

  async #acknowledge(decision: Decided<'ack'>, found: FoundClient): Promise<LeaseAnswer> {
    const { lease, subnet, save, isExtended, instead } = decision;
    // However long the disk takes: a machine counts from when it asked (RFC 2131, 4.4.1).
    const answer: LeaseAnswer = { kind: 'ack', ...givenAddress(lease.address, subnet), ...hostnameOf(found) };
    const { address, seconds } = answer;
    try {
      await this.#writer.save(save);
    } catch (thrown) {
      const reason = BootlayerError.from(thrown).message;
      this.#telling.unsaved(lease, found, reason);
      return silent(`that it has ${address} could not be kept: ${reason}`);
    }
    this.#telling.given(address, found, { seconds, isExtended });
    if (instead !== undefined && !isExtended) this.#telling.elsewhere(lease, found, instead);
    return answer;
  }

  /** Nobody waits for it. One that cannot be kept counts until the server ends, and the address is its own for longer then. */
  #keep(lease: Lease, found: FoundClient, kept: () => void = () => undefined): void {
    const unsaved = (thrown: unknown) => this.#telling.unsaved(lease, found, BootlayerError.from(thrown).message);
    this.#writer.save([lease]).then(kept, unsaved);
  }

  /** Somebody answers at an address that nobody was given. */
  conflict(address: IpAddress): void {
    const lease = this.#book.conflict(address, this.#parts.clock.now());
    if (lease === undefined) return;
    this.#keep(lease, this.#clients.find(lease.client));
    // It has just answered, so that it is one of the neighbours, unless it is behind a router.
    void this.#parts.neighbours.find(address).then((mac) => this.#telling.conflict(lease, mac));
  }

  /** Whoever asked over no relay that is trusted may have named any card: on a network of this host, its neighbours are known. */
  macAt(address: string): MacAddress | undefined {
    const ip = parseIp(address);
    const lease = ip && this.#book.at(ip, this.#parts.clock.now());
    if (lease?.state !== 'bound' || lease.via === undefined) return undefined;
    return this.#vouches(lease.via) ? lease.client.mac : undefined;
  }

  gives(address: IpAddress): boolean {
    return this.#book.serves(address);
  }

  #vouches({ relay, from }: Via): boolean {
    return this.#isTrusted(relay) && this.#isTrusted(from);
  }

  #isTrusted(address: IpAddress): boolean {
    return this.#parts.trustedRelays().some((subnet) => subnetHolds(subnet, address));
  }

  /** Resolves when all that was decided is kept, or could not be. */
  settled(): Promise<void> {
    return this.#writer.settled();
  }

  #fault(thrown: unknown): LeaseAnswer {
    this.#telling.fault(thrown);
    return silent('a fault of this program');
  }
}

function hostnameOf({ hostname }: FoundClient) {
  return hostname === undefined ? {} : { hostname };
}

function noneLeft({ kept }: Decided<'exhausted'>): string {
  if (kept === 0) return 'no address is left for it';
  return `no address is left for it: the ${kept} that are free are kept for machines with a record and no "ip" in it`;
}

function silent(reason: string): Decided<'silent'> {
  return { kind: 'silent', reason };
}
