import type { EventSink } from '../boot/event.js';
import { rangeSize } from '../lease/address-range.js';
import type { LeaseSubnet } from '../lease/subnet.js';
import { formatSubnet } from '../net/ip.js';

type Whom = 'all' | 'strangers';

/** Tells once that a subnet has no address left, until it has given one again. */
export class PoolWatch {
  readonly #events: EventSink;
  /** As many as there are subnets, at most. */
  readonly #exhausted = new Map<string, Whom>();

  constructor(events: EventSink) {
    this.#events = events;
  }

  exhausted({ subnet, ranges }: LeaseSubnet, whom: Whom): void {
    const name = formatSubnet(subnet);
    if (this.#exhausted.get(name) === whom) return;
    this.#exhausted.set(name, whom);
    const size = ranges.reduce((sum, range) => sum + rangeSize(range), 0);
    this.#events({ event: 'pool.exhausted', subnet: name, size, whom });
  }

  /** Somebody was offered what he has not had: what machines with a record get says nothing of strangers. */
  offered({ subnet }: LeaseSubnet, { isStranger }: { readonly isStranger: boolean }): void {
    if (this.#exhausted.size === 0) return;
    const name = formatSubnet(subnet);
    const whom = this.#exhausted.get(name);
    if (whom === undefined || (whom === 'strangers' && !isStranger)) return;
    this.#exhausted.delete(name);
    this.#events({ event: 'pool.regained', subnet: name });
  }
}
