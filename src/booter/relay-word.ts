import { type IpAddress, isHostIp4, isLoopback, parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';

/**
 * What a relay hands on of who has which address. A client says it, and the relay vouches for no more than that it came from
 * behind it (RFC 3046, 5: the relay is trusted, and the client is not).
 */
export type RelayWord = {
  /** `asks`: this hardware wants that address (REQUEST); `leaves`: it gives it back, or found it taken (RELEASE, DECLINE). */
  readonly kind: 'asks' | 'leaves';
  readonly relay: string;
  /** Whom the datagram came from. */
  readonly from: string;
  readonly mac: MacAddress;
  readonly address: IpAddress;
  /** Of the link where the client is, where the relay says another one than its own (RFC 3527, RFC 3011). */
  readonly link?: IpAddress;
  /** The hardware that its client identifier names (RFC 2132, 9.14: type 1), where it names any. */
  readonly clientId?: MacAddress;
};

/**
 * Why such a word cannot be true. The size of the subnet behind a relay is not known, and a link may have several (`shared-network`
 * of DHCP servers): an address is not wrong for being far from the relay's. `ownNetworks`: where the neighbour table says who has
 * it. Pure.
 */
export function whyImpossible(word: RelayWord, ownNetworks: readonly Subnet[]): string | undefined {
  const { mac, address, relay, from, link, clientId } = word;
  if (!isHostIp4(address) || isLoopback(address)) return `${address} is no address that a machine can have`;
  if (address === relay || address === parseIp(from) || address === link) return `${address} is the relay's own`;
  if (ownNetworks.some((network) => subnetHolds(network, address)))
    return `${address} is on a network of this host, and behind no relay`;
  return clientId !== undefined && clientId !== mac ? `its client identifier is of ${clientId}` : undefined;
}
