import tftp2 from 'tftp2';
import type { DatagramPort, Peer } from '../net/datagram.js';
import { type DatagramQueueOptions, QueuedPort } from '../net/datagram-queue.js';
import { bindUdpPort, type InheritedSocket, isOfIpv6, openUdpPort } from '../net/udp-socket.js';

/** The package's socket without what the package does with what comes: an empty datagram would end the process. */
class RequestSocket extends tftp2.Server {
  override handleMessage(): void {
    // Whoever has the port handles it.
  }
}

/** Where requests come in, by both families. Rejects with the system's error. */
export async function openRequestPort(
  at: Peer | InheritedSocket,
  options: DatagramQueueOptions,
): Promise<DatagramPort> {
  const port = isOfIpv6(at) ? await openUdpPort(at) : await bindUdpPort(new RequestSocket(), at);
  return new QueuedPort(port, options);
}

/**
 * For one transfer, at the same address. Where that is all of them (`0.0.0.0`), the route to the client chooses which it is
 * answered by: a host with several addresses in one network is to listen at one of them. Rejects with the system's error.
 */
export function openTransferPort({ address }: Peer): Promise<DatagramPort> {
  return openUdpPort({ address, port: 0 });
}
