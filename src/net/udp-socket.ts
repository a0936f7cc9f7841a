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

/** A socket that somebody else has bound and this process has inherited. */
export type InheritedSocket = { readonly fd: number; readonly isIpv6: boolean };

export type UdpOptions = {
  /** Others may have the same port, at other addresses of this host or at all of them. */
  readonly reuseAddr?: boolean;
  /** Whether it may send to all hosts of a network at once. */
  readonly broadcasts?: boolean;
  /** How much may wait until it is read, in bytes, where the system allows that. */
  readonly recvBufferSize?: number;
};

/** A port of an address of this host, 0 lets the system choose; or an inherited one. Rejects with the system's error. */
export async function openUdpPort(
  at: Peer | InheritedSocket,
  { reuseAddr = false, broadcasts = false, recvBufferSize }: UdpOptions = {},
): Promise<UdpPort> {
  const socket = createSocket({
    type: isOfIpv6(at) ? 'udp6' : 'udp4',
    lookup,
    reuseAddr,
    ...(recvBufferSize !== undefined && { recvBufferSize }),
    ...(isOfIpv6(at) && 'address' in at && { ipv6Only: at.address !== '::' }),
  });
  const port = await bindUdpPort(socket, at);
  if (broadcasts) socket.setBroadcast(true);
  return port;
}

export function isOfIpv6(at: Peer | InheritedSocket): boolean {
  return 'fd' in at ? at.isIpv6 : at.address.includes(':');
}

export async function bindUdpPort(socket: Socket, at: Peer | InheritedSocket): Promise<UdpPort> {
  try {
    // It may listen at once, since nobody is asked what the address means.
    const listening = once(socket, 'listening');
    socket.bind('fd' in at ? { fd: at.fd, exclusive: true } : { address: at.address, port: at.port, exclusive: true });
    await listening;
  } catch (thrown) {
    socket.close();
    throw thrown;
  }
  return new UdpPort(socket);
}

/** Datagrams that the system does not take yet, since what it has waits for an answer to ARP: node would keep any number. */
const MOST_WAITING = 64;

/** `node:dgram` behind the seam. Errors of single datagrams (ENOBUFS, EPERM of a packet filter) are losses. */
export class UdpPort implements DatagramPort {
  readonly local: Peer;
  readonly #socket: Socket;
  #isClosed = false;

  /** `socket` is bound. */
  constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.local = { address, port };
    socket.on('error', () => undefined);
  }

  receive(handler: DatagramHandler): void {
    this.#socket.on('message', (bytes: Buffer, { address, port }: RemoteInfo) => {
      // Who has no port cannot be answered: the packet is forged.
      if (port > 0) handler(bytes, { address, port });
    });
  }

  send(bytes: Buffer, { address, port }: Peer): void {
    if (this.#isClosed || this.#socket.getSendQueueCount() >= MOST_WAITING) return;
    // Without a callback, errors are ignored and a tenth of the time is saved.
    this.#socket.send(bytes, port, address);
  }

  /** What was sent before goes out: the socket of a package may look its address up first. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}
