import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import type { DhcpOptions } from '../dhcp/options.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { BROADCAST_FLAG, relayOf } from '../dhcp/reply-destination.js';
import { NO_IP4 } from '../net/ip.js';
import { addBootOptions, type BootOptionsInput, bootFields, copyOption } from './boot-options.js';
import { ip4Bytes } from './kept-values.js';
import { replyPacket } from './reply-packet.js';

/** `step`: `offer` to a DISCOVER. */
export type ReplyInput = BootOptionsInput & {
  /** Our address, unless a relay wants to stand for us (RFC 5107). */
  readonly serverId: string;
};

const OFFER = Buffer.of(MESSAGE.offer);
const ACK = Buffer.of(MESSAGE.ack);
/** What goes first when the machine takes no more: the field has it too. */
export const DROPPABLE: readonly number[] = [OPTION.tftpServerName];

/** A proxy's answer (PXE 2.1, 2.2): how to boot, and no address. Pure. */
export function bootReply(input: ReplyInput): DhcpPacket {
  const { request, step } = input;
  const { flags, ciaddr } = request;
  const { siaddr, sname, file } = bootFields(input);
  const fields = {
    // Without an address of its own, which is not in this answer either, nothing but a broadcast reaches it.
    flags: relayOf(request) === undefined && step === 'offer' ? flags | BROADCAST_FLAG : flags,
    ciaddr: step === 'ack' ? ciaddr : NO_IP4,
    yiaddr: NO_IP4,
    siaddr,
    sname,
    file,
  };
  return replyPacket(request, fields, optionsOf(input));
}

function optionsOf(input: ReplyInput): DhcpOptions {
  const options = new Map<number, Buffer>();
  options.set(OPTION.messageType, input.step === 'offer' ? OFFER : ACK);
  options.set(OPTION.serverId, ip4Bytes(input.serverId));
  addBootOptions(options, input);
  copyOption(options, OPTION.relayAgent, input.request);
  return options;
}
