import type { DatagramHandler, DatagramPort, Peer } from '../net/datagram.js';
import { type InheritedSocket, openUdpPort, type UdpPort } from '../net/udp-socket.js';

const ANY_ADDRESS = '0.0.0.0';

/**
 * DHCP's port for one interface. A socket bound to an address of the interface does not get broadcasts, and one that is bound to
 * none sends them by the default route: it takes both, the second to send by, so that an answer comes from that address.
 * `listen`: its host is that of all, or the address alone, where only relays are answered. Rejects with the system's error.
 */
export async function openDhcpPort(listen: Peer, address: string): Promise<DatagramPort> {
  if (listen.address !== ANY_ADDRESS) return openUdpPort(listen, { broadcasts: true });
  // With `reuseAddr` it would not be told of another server, whose clients' renewals it would get in its place.
  const alone = await openUdpPort(listen);
  const { port } = alone.local;
  await alone.close();
  const heard = await openUdpPort({ address: ANY_ADDRESS, port }, { reuseAddr: true });
  try {
    const own = await openUdpPort({ address, port }, { reuseAddr: true, broadcasts: true });
    return new PairedPort(heard, own);
  } catch (thrown) {
    await heard.close();
    throw thrown;
  }
}

/** One that is bound to an interface by whoever has opened it. */
export function openInheritedDhcpPort(socket: InheritedSocket): Promise<DatagramPort> {
  return openUdpPort(socket, { broadcasts: true });
}

/** Hears by both, sends by the second. */
class PairedPort implements DatagramPort {
  readonly #heard: UdpPort;
  readonly #own: UdpPort;

  constructor(heard: UdpPort, own: UdpPort) {
    this.#heard = heard;
    this.#own = own;
  }

  get local(): Peer {
    return this.#heard.local;
  }

  receive(handler: DatagramHandler): void {
    this.#heard.receive(handler);
    this.#own.receive(handler);
  }

  send(bytes: Buffer, to: Peer): void {
    this.#own.send(bytes, to);
  }

  async close(): Promise<void> {
    await Promise.all([this.#heard.close(), this.#own.close()]);
  }
}
