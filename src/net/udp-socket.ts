import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { DatagramHandler, DatagramPort, Peer } from './datagram.js';

/** Addresses are never names: nobody is asked what they mean. */
function lookup(
  address: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, address, address.includes(':') ? 6 : 4);
}

/** A port of an address of this host; 0 lets the system choose. Rejects with the system's error. */
export async function openUdpPort({ address, port }: Peer): Promise<UdpPort> {
  const isIpv6 = address.includes(':');
  const socket = createSocket({
    type: isIpv6 ? 'udp6' : 'udp4',
    lookup,
    ...(isIpv6 && { ipv6Only: address !== '::' }),
  });
  return bindUdpPort(socket, { address, port });
}

export async function bindUdpPort(socket: Socket, { address, port }: Peer): Promise<UdpPort> {
  try {
    // It may listen at once, since nobody is asked what the address means.
    const listening = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await listening;
  } catch (thrown) {
    socket.close();
    throw thrown;
  }
  return new UdpPort(socket);
}

/** `node:dgram` behind the seam. Errors of single datagrams (ENOBUFS, EPERM of a packet filter) are losses. */
export class UdpPort implements DatagramPort {
  readonly local: Peer;
  readonly #socket: Socket;

  /** `socket` is bound. */
  constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.local = { address, port };
    socket.on('error', () => undefined);
  }

  receive(handler: DatagramHandler): void {
    this.#socket.on('message', (bytes: Buffer, { address, port }: RemoteInfo) => handler(bytes, { address, port }));
  }

  send(bytes: Buffer, { address, port }: Peer): void {
    this.#socket.send(bytes, port, address, ignore);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}

function ignore(): void {
  // What was not sent is lost.
}
