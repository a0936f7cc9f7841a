import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { relayOf, replyFlags } from '../dhcp/reply-destination.js';
import { asciiLine } from '../format.js';
import type { LeaseAnswer } from '../lease/question.js';
import { NO_IP4 } from '../net/ip.js';
import { addAddressOptions } from './address-options.js';
import { addBootOptions, type BootOptionsInput, bootFields, copyOption } from './boot-options.js';
import { ip4Bytes } from './kept-values.js';
import { replyPacket } from './reply-packet.js';

/** What is given: an address, or what belongs to one that is from elsewhere. */
export type Granted = Extract<LeaseAnswer, { readonly kind: 'offer' | 'ack' | 'informed' }>;

export type LeaseReplyInput = {
  readonly request: DhcpPacket;
  readonly granted: Granted;
  /** How it boots; missing for whoever is not to be told. */
  readonly boot?: BootOptionsInput;
  /** Our address, unless a relay wants to stand for us (RFC 5107). */
  readonly serverId: string;
};

const OFFER = Buffer.of(MESSAGE.offer);
const ACK = Buffer.of(MESSAGE.ack);
const NAK = Buffer.of(MESSAGE.nak);

/** RFC 2131, table 3: an OFFER, or an ACK. Pure. */
export function leaseReply({ request, granted, boot, serverId }: LeaseReplyInput): DhcpPacket {
  const { flags, ciaddr } = request;
  const isOffer = granted.kind === 'offer';
  const { siaddr, sname, file } = boot === undefined ? NO_BOOT : bootFields(boot);
  const options = new Map<number, Buffer>();
  options.set(OPTION.messageType, isOffer ? OFFER : ACK);
  options.set(OPTION.serverId, ip4Bytes(serverId));
  const { subnet, hostname } = granted;
  const requested = request.options.get(OPTION.parameterRequestList);
  const isInformed = granted.kind === 'informed';
  addAddressOptions(options, { subnet, hostname, requested, ...(!isInformed && { times: granted }) });
  if (boot !== undefined) addBootOptions(options, boot);
  // RFC 6842, 3.
  else copyOption(options, OPTION.clientId, request);
  // RFC 3011, 2: whoever heeds it says so.
  if (relayOf(request) !== undefined) copyOption(options, OPTION.subnetSelection, request);
  copyOption(options, OPTION.relayAgent, request);
  const fields = {
    flags,
    ciaddr: isOffer ? NO_IP4 : ciaddr,
    yiaddr: isInformed ? NO_IP4 : granted.address,
    siaddr,
    sname,
    file,
  };
  return replyPacket(request, fields, options);
}

const NO_BOOT = { siaddr: NO_IP4, sname: '', file: '' };

type Refusal = { readonly request: DhcpPacket; readonly reason: string; readonly serverId: string };

/** Clients print it, if anything. */
const MAX_REASON = 120;

/** The same table's NAK: these options and no others, and a relay broadcasts it (4.3.2). Pure. */
export function refusal({ request, reason, serverId }: Refusal): DhcpPacket {
  const options = new Map<number, Buffer>();
  options.set(OPTION.messageType, NAK);
  options.set(OPTION.serverId, ip4Bytes(serverId));
  options.set(OPTION.message, Buffer.from(asciiLine(reason).slice(0, MAX_REASON)));
  copyOption(options, OPTION.clientId, request);
  copyOption(options, OPTION.relayAgent, request);
  const fields = { flags: replyFlags(request, 'nak'), ciaddr: NO_IP4, yiaddr: NO_IP4, ...NO_BOOT };
  return replyPacket(request, fields, options);
}
