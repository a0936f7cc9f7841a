import type { Invitation } from '../booter/invitation.js';
import type { RelayWord } from '../booter/relay-word.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import type { ReplyDestination } from '../dhcp/reply-destination.js';
import type { IpAddress } from '../net/ip.js';
import type { Told } from './boot-options.js';
import type { PxeClient } from './client.js';

/** What became of a datagram. */
export type Exchange =
  /** It is no packet of DHCP. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** It is not for us, or gets no answer; `other`: it is of another server. */
  | { readonly kind: 'ignored'; readonly reason: string; readonly word?: RelayWord; readonly other?: string }
  /** What it says of its address: that it gives it back, or that another uses it. Gets no answer. */
  | { readonly kind: 'noted' }
  /** An address, or the refusal of one, for whoever does not ask to be booted. */
  | ({ readonly kind: 'leased' } & Sent)
  /** It is told nothing to boot; where we give addresses, it may get one all the same. */
  | ({ readonly kind: 'unanswered'; readonly reason: string; readonly sent?: Sent } & Asked & Acknowledged)
  | ({ readonly kind: 'answered'; readonly told: Told } & Asked & Sent & Acknowledged);

/** What becomes of one where others give addresses. */
export type ProxyExchange = Exclude<Exchange, { readonly kind: 'leased' | 'noted' }>;

/** Who asked. */
export type Asked = { readonly request: DhcpPacket; readonly client: PxeClient; readonly invitation: Invitation };

export type Sent = { readonly reply: DhcpPacket; readonly bytes: Buffer; readonly to: ReplyDestination };

/** The address that it has from now on, by our word; missing while it is only offered one, or gets it from others. */
type Acknowledged = { readonly acknowledged?: IpAddress };
