import type { RelayWord } from '../booter/relay-word.js';
import { MESSAGE, OPTION } from '../dhcp/option-code.js';
import { hardwareClientId, ip4, messageType } from '../dhcp/option-values.js';
import type { DhcpPacket } from '../dhcp/packet.js';
import { readRelayAgent } from '../dhcp/relay-agent.js';
import { relayOf } from '../dhcp/reply-destination.js';
import { type IpAddress, NO_IP4, parseIp } from '../net/ip.js';
import type { Writable } from '../writable.js';
import { hardwareAddress } from './client.js';

/**
 * What a relay lets hear by a packet that is for the server that gives addresses. Renewals and most RELEASEs go to that server
 * directly (RFC 2131, 4.3.6 and 4.4.6), and are not heard. Pure.
 */
export function relayWordOf(request: DhcpPacket, from: string): RelayWord | undefined {
  const { op, options } = request;
  const relay = relayOf(request);
  if (relay === undefined || op !== 1) return undefined;
  const said = saidIn(request);
  const mac = said && hardwareAddress(request);
  if (said?.address === undefined || mac === undefined) return undefined;
  const word: Writable<RelayWord> = { kind: said.kind, relay, from, mac, address: said.address };
  const link =
    readRelayAgent(options.get(OPTION.relayAgent))?.linkSelection ?? ip4(options.get(OPTION.subnetSelection));
  const clientId = hardwareClientId(options.get(OPTION.clientId));
  if (link !== undefined) word.link = link;
  if (clientId !== undefined) word.clientId = clientId;
  return word;
}

/** RFC 2131, table 5: where each of them has the address that it is about. */
function saidIn({
  options,
  ciaddr,
}: DhcpPacket): { readonly kind: RelayWord['kind']; readonly address: IpAddress | undefined } | undefined {
  const requested = ip4(options.get(OPTION.requestedAddress));
  const own = ciaddr === NO_IP4 ? undefined : parseIp(ciaddr);
  switch (messageType(options.get(OPTION.messageType))) {
    case MESSAGE.request:
      return { kind: 'asks', address: requested ?? own };
    case MESSAGE.decline:
      return { kind: 'leaves', address: requested };
    case MESSAGE.release:
      return { kind: 'leaves', address: own };
    default:
      return undefined;
  }
}
