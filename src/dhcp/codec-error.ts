/** What was to be written does not fit into a DHCP packet: a fault of whoever made it, never of what came from the network. */
export class DhcpCodecError extends Error {
  override readonly name = 'DhcpCodecError';
}
