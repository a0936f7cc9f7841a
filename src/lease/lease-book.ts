import type { IpAddress } from '../net/ip.js';
import { adoption } from './adoption.js';
import { Claims, isKnown, servedAt } from './claims.js';
import { clientKey, type KnownClient, type LeaseClient } from './client.js';
import { isLive, type Lease, releasedAt } from './lease.js';
import { type AdoptDecision, type LeaseDecision, nak, silent } from './lease-decision.js';
import { countsIn, type PoolCounts, type Shown, type ShownLease, shownAt, shownIn } from './lease-view.js';
import { type Asker, Occupancy } from './occupancy.js';
import type { LeaseAsk, LeaseQuestion, Via } from './question.js';
import type { Reservations } from './reservations.js';
import type { ServedSubnet } from './served-subnet.js';
import type { LeaseSubnet } from './subnet.js';

export type LeaseBookParts = {
  readonly subnets: readonly LeaseSubnet[];
  /** RFC 2131 leaves what is not known to other servers, unless there is none. */
  readonly isAuthoritative: boolean;
  /** Of the records in force. */
  readonly reservations: () => Reservations;
};

/** A question of somebody whose record was looked up. */
export type KnownAsk = LeaseQuestion & Pick<LeaseAsk, 'link' | 'via'> & Pick<Asker, 'client' | 'avoid'>;

/** How long an address is kept from everybody that somebody uses without having been given it, in milliseconds. */
const QUARANTINE = 600_000;

/** Who has which address. Decides, and notes what it has decided; no I/O. `now`: of the lease clock. */
export class LeaseBook {
  readonly #isAuthoritative: boolean;
  readonly #occupancy: Occupancy;
  readonly #claims: Claims;

  constructor({ subnets, isAuthoritative, reservations }: LeaseBookParts) {
    this.#isAuthoritative = isAuthoritative;
    this.#occupancy = new Occupancy(subnets, reservations);
    this.#claims = new Claims(this.#occupancy);
  }

  /**
   * Answers those of no subnet, which are left out. `doubtedUntil`: until then what is remembered, and in use by nobody, may have been
   * given to others since.
   */
  restore(leases: readonly Lease[], now: number, doubtedUntil = 0): readonly Lease[] {
    this.#claims.doubtedUntil = doubtedUntil;
    const isOurs = ({ address }: Lease) => this.serves(address);
    this.#occupancy.advance(now);
    // Those that have been free for the longest come first.
    const inOrder = leases.filter(isOurs).toSorted((one, other) => one.until - other.until);
    for (const lease of inOrder) this.#occupancy.note(lease, now);
    return leases.filter((lease) => !isOurs(lease));
  }

  /** Whether it is in a subnet of ours. */
  serves(address: IpAddress): boolean {
    return this.#occupancy.subnetOf(address) !== undefined;
  }

  decide(ask: KnownAsk, now: number): LeaseDecision {
    this.#occupancy.advance(now);
    const subnets = this.#occupancy.subnets.filter((subnet) => ask.link.some((address) => subnet.holds(address)));
    const [first] = subnets;
    if (first === undefined) return silent(`no subnet of dhcp.subnets has ${ask.link.join(' or ') || 'its network'}`);
    if (ask.kind === 'inform') {
      const own = subnets.find((subnet) => subnet.holdsHost(ask.address));
      return own === undefined
        ? silent(`no machine can have ${ask.address} there`)
        : { kind: 'informed', subnet: own.subnet };
    }
    const key = clientKey(ask.client);
    if (key === undefined) return silent('it names no card, no identifier and no UUID that it could be known by');
    const { client, via, avoid = [] } = ask;
    return this.#answer(ask, { key, client, subnets, now, avoid, ...(via !== undefined && { via }) });
  }

  #answer(ask: Exclude<LeaseQuestion, { readonly kind: 'inform' }>, asker: Asker): LeaseDecision {
    switch (ask.kind) {
      case 'discover':
        return this.#discover(asker, ask.wanted);
      case 'select':
        return ask.isOurs ? this.#select(asker, ask.address) : this.#leave(asker);
      case 'reboot':
        return this.#reboot(asker, ask.address);
      case 'extend':
        return this.#extend(asker, ask.address);
      case 'decline':
        return this.#decline(asker, ask.address);
      case 'release':
        return this.#release(asker, ask.address);
    }
  }

  /** RFC 2131, 4.3.1: its record's, else what it has or had, else what it wants, else what has been free for the longest. */
  #discover(asker: Asker, wanted: IpAddress | undefined): LeaseDecision {
    const own = this.#claims.ownAddress(asker);
    if (own !== undefined)
      return this.#offer(own, asker, this.#claims.isOtherCards(own, asker) || this.#claims.isDoubtful(own, asker));
    const [offered] = asker.subnets.flatMap(({ offers }) => offers.to(asker.key) ?? []);
    if (offered !== undefined && this.#occupancy.whyNot(offered.address, asker) === undefined)
      return this.#offer(offered.address, asker, offered.isFresh);
    if (wanted !== undefined && this.#claims.isForAnybody(wanted, asker)) return this.#offer(wanted, asker, true);
    for (const { pool } of asker.subnets) {
      const next = pool.leftFor(isKnown(asker)) > 0 ? pool.next() : undefined;
      if (next !== undefined) return this.#offer(next, asker, true);
    }
    return this.#offerAnothers(asker);
  }

  /** When there is no other left. */
  #offerAnothers(asker: Asker): LeaseDecision {
    for (const { offers } of asker.subnets) {
      const offer = offers.displaceable(isKnown(asker), asker.now);
      if (offer === undefined) continue;
      this.#occupancy.dropOffer(offer, asker.now);
      if (this.#claims.isForAnybody(offer.address, asker)) return this.#offer(offer.address, asker, true);
    }
    const served = asker.subnets.find(({ pool }) => pool.size > 0);
    const { reserved } = asker.client;
    const reason = reserved === undefined ? undefined : this.#occupancy.whyNot(reserved, asker);
    if (served === undefined)
      return silent(reason ?? 'its subnet has no range, and no record gives it an address there');
    const { pool, subnet } = served;
    return { kind: 'exhausted', subnet, whom: pool.left > 0 ? 'strangers' : 'all' };
  }

  #offer(address: IpAddress, asker: Asker, isFresh: boolean): LeaseDecision {
    const served = servedAt(asker, address);
    if (served === undefined) return silent(`${address} is not on its network`);
    this.#occupancy.offer(address, asker, isFresh);
    return { kind: 'offer', address, subnet: served.subnet, isFresh };
  }

  /** It takes what another server has offered. */
  #leave({ subnets, key, now }: Asker): LeaseDecision {
    for (const { offers } of subnets) this.#occupancy.dropOffer(offers.to(key), now);
    return silent('it takes the offer of another server');
  }

  /** What it was offered; also by a server that has been started anew since, and knows of no offers. */
  #select(asker: Asker, address: IpAddress): LeaseDecision {
    const reason = this.#occupancy.whyNot(address, asker);
    if (reason !== undefined) return nak(reason);
    const isOffered = servedAt(asker, address)?.offers.to(asker.key)?.address === address;
    if (!isOffered && this.#claims.isOtherCards(address, asker))
      return nak(`another card of its record has ${address}`);
    const isIts = isOffered || this.#claims.isIts(address, asker);
    return isIts || this.#claims.isForAnybody(address, asker)
      ? this.#bind(address, asker)
      : nak('no address is left for it');
  }

  /**
   * RFC 2131, 4.3.2: what is right is confirmed, what is known to be wrong refused, and the rest left to other servers. An address of
   * another network SHOULD be refused, and is so by the only server alone (`authoritative`): one wire may have several networks, also
   * two of ours behind a relay that asks for each in turn, and another server may give addresses in that one.
   */
  #reboot(asker: Asker, address: IpAddress): LeaseDecision {
    if (servedAt(asker, address) === undefined) return this.#unknown(`${address} is not on its network`);
    const own = this.#claims.ownAddress(asker);
    // It moves to what its record says when it starts, not while it runs.
    if (own !== undefined && own !== address) return nak(`it is to have ${own}`);
    // It asks for an offer then, before which the address is tried.
    if (own !== undefined && this.#claims.isDoubtful(own, asker))
      return this.#unknown(`whether ${own} was given to another since the state was copied is not known`);
    if (own !== undefined && !this.#claims.isOtherCards(own, asker)) return this.#bind(own, asker);
    return this.#refuse(asker, address);
  }

  #extend(asker: Asker, address: IpAddress): LeaseDecision {
    if (servedAt(asker, address) === undefined) return this.#unknown(`${address} is not on its network`);
    const isFree = this.#occupancy.whyNot(address, asker) === undefined && !this.#claims.isOtherCards(address, asker);
    return isFree && this.#claims.isIts(address, asker) ? this.#bind(address, asker) : this.#refuse(asker, address);
  }

  /** What is another's is refused whoever else there is: two machines with one address are worse than one that asks anew. */
  #refuse(asker: Asker, address: IpAddress): LeaseDecision {
    const isOtherCards = this.#claims.isOtherCards(address, asker);
    const reason = isOtherCards ? `another has ${address}` : this.#occupancy.whyNot(address, asker);
    if (reason !== undefined && (this.#claims.isIts(address, asker) || this.#claims.isAnothers(address, asker)))
      return nak(reason);
    return this.#unknown(reason ?? `nothing is known of its having had ${address}`);
  }

  #unknown(reason: string): LeaseDecision {
    return this.#isAuthoritative ? nak(reason) : silent(reason);
  }

  #decline(asker: Asker, address: IpAddress): LeaseDecision {
    const { key, client, now } = asker;
    const subnet = servedAt(asker, address);
    const held = [this.#occupancy.liveAt(address, now), subnet?.offers.at(address)].find((one) => one?.key === key);
    if (subnet === undefined || held === undefined) return silent(`it declines ${address}, which it was not given`);
    if (!isSameWay(asker.via, held.via)) return silent(`it declines ${address}, and was given it by another way`);
    const whose = { address, client: saidBy(client), ...recordOf(client), state: 'declined' } as const;
    return { kind: 'noted', save: [this.#quarantine(whose, subnet, now)] };
  }

  #release({ key, now, via }: Asker, address: IpAddress): LeaseDecision {
    const lease = this.#occupancy.liveAt(address, now);
    if (lease?.key !== key) return silent(`it gives ${address} back, which it does not have`);
    // Whoever has it sends that from it, past all relays, but for those that stand for the server (RFC 5107).
    if (via !== undefined && !isSameWay(via, lease.via)) return silent(`it gives ${address} back by another way`);
    const released = releasedAt(lease, now);
    this.#occupancy.note(released, now);
    return { kind: 'noted', save: [released] };
  }

  /** Somebody answers at an address that was to be offered: what is to be saved; undefined where it has a lease by now. */
  conflict(address: IpAddress, now: number): Lease | undefined {
    this.#occupancy.advance(now);
    const subnet = this.#occupancy.subnetOf(address);
    if (subnet === undefined || this.#occupancy.liveAt(address, now) !== undefined) return undefined;
    return this.#quarantine({ address, client: {}, state: 'conflict' }, subnet, now);
  }

  #quarantine(whose: Omit<Lease, 'key' | 'since' | 'until'>, subnet: ServedSubnet, now: number): Lease {
    const lease = { ...whose, since: now, until: now + QUARANTINE };
    subnet.offers.drop(subnet.offers.at(lease.address));
    this.#occupancy.note(lease, now);
    const longest = subnet.overQuarantined();
    const kept = longest === undefined ? undefined : this.#occupancy.at(longest);
    if (kept !== undefined) this.#occupancy.note({ ...kept, until: now }, now);
    return lease;
  }

  #bind(address: IpAddress, asker: Asker): LeaseDecision {
    const { key, client, subnets, now } = asker;
    const served = servedAt(asker, address);
    if (served === undefined) return silent(`${address} is not on its network`);
    const live = this.#occupancy.liveAt(address, now);
    const before = live?.key === key ? live : undefined;
    const via = wayOf(asker.via, before?.via);
    const lease: Lease = {
      ...{ address, key, client: saidBy(client), ...recordOf(client), state: 'bound' },
      ...(via !== undefined && { via }),
      since: before?.since ?? now,
      until: now + served.milliseconds,
    };
    // A card has one address in a network: what it had there it does not use any more.
    const others = this.#occupancy.of(key).filter((one) => one.address !== address && isLive(one, now));
    const left = others.filter((one) => subnets.some((subnet) => subnet.holds(one.address)));
    const save = [lease, ...left.map((one) => releasedAt(one, now))];
    const instead = this.#claims.insteadOf(address, asker);
    for (const { offers } of subnets) this.#occupancy.dropOffer(offers.to(key), now);
    // Made before its record had the address, which is kept from whoever it was made to.
    served.offers.drop(served.offers.at(address));
    for (const one of save) this.#occupancy.note(one, now);
    const ack = { kind: 'ack', subnet: served.subnet, lease, save, isExtended: before !== undefined } as const;
    return instead === undefined ? ack : { ...ack, instead };
  }

  /** It is free again, and nobody's. */
  forget(address: IpAddress, now: number): void {
    this.#occupancy.forget(address, now);
  }

  /** Takes over what another server has given. */
  adopt(lease: Lease, now: number): AdoptDecision {
    const decision = this.judge(lease, now);
    if (decision.kind !== 'refused') for (const kept of decision.save) this.#occupancy.note(kept, now);
    return decision;
  }

  /** What `adopt` would do. `isReserved`: as if the record of its machine had the address. */
  judge(lease: Lease, now: number, isReserved = false): AdoptDecision {
    this.#occupancy.advance(now);
    return adoption(this.#occupancy, lease, { now, isReserved });
  }

  /** As of now, where there is one; offered ones too. */
  at(address: IpAddress, now: number): ShownLease | undefined {
    this.#occupancy.advance(now);
    return shownAt(this.#occupancy, address, now);
  }

  /** In the order of addresses; offered ones too. To be gone through at once. */
  list(now: number, shown: Shown = {}): Iterable<ShownLease> {
    this.#occupancy.advance(now);
    return shownIn(this.#occupancy, now, shown);
  }

  /** Of all subnets, in their order; leases outside their ranges as well. */
  counts(now: number): readonly PoolCounts[] {
    this.#occupancy.advance(now);
    return countsIn(this.#occupancy, now);
  }
}

/** Without what records say, which may change. */
function saidBy({ machine: _machine, reserved: _reserved, ...said }: KnownClient): LeaseClient {
  return said;
}

function recordOf({ machine }: KnownClient): Pick<Lease, 'machine'> {
  return machine === undefined ? {} : { machine };
}

function isSameWay(one: Via | undefined, other: Via | undefined): boolean {
  return one?.relay === other?.relay && one?.from === other?.from;
}

/** A relay that nobody trusts takes no evidence away. */
function wayOf(now: Via | undefined, before: Via | undefined): Via | undefined {
  return now?.isTrusted === true ? now : (before ?? now);
}
