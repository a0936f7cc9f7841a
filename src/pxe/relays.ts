import type { ReplyDestination } from '../dhcp/reply-destination.js';
import type { Peer } from '../net/datagram.js';
import { broadcastOf } from '../net/ip.js';
import { TokenBuckets } from '../net/token-buckets.js';
import type { Door } from './door.js';

/**
 * Of one relay, and one source that has another address. Many routers are so: their address for machines is not the one for
 * servers, and they carry racks of hundreds that begin at once.
 */
const LIMITS = { burst: 1_000, perSecond: 200 };

/**
 * Keeps strangers from making us send to somebody who is no relay. It takes a source's own word for itself: whoever can forge the
 * source has no need of a relay to have things sent there, and could else use up what a router has.
 */
export class Relays {
  readonly #buckets = new TokenBuckets(LIMITS);
  /** No relay has these. */
  readonly #none: ReadonlySet<string | undefined>;

  constructor({ address, subnets }: Pick<Door, 'address' | 'subnets'>) {
    this.#none = new Set([address, ...subnets.map(broadcastOf)]);
  }

  /** Why an answer is not sent there. `now`: milliseconds that only go forward. */
  whyNot(to: ReplyDestination, from: Peer, now: number): string | undefined {
    if (to.kind !== 'relay') return undefined;
    if (this.#none.has(to.address)) return 'its relay is this host, or everybody here';
    if (to.address === from.address || this.#buckets.take(`${to.address} ${from.address}`, now)) return undefined;
    return 'it names a relay at another address too often';
  }
}
