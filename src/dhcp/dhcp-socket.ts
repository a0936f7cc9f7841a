import type { DatagramHandler, DatagramPort, Peer } from '../net/datagram.js';
import { ALL_IP4 } from '../net/endpoint.js';
import { BROADCAST_IP4 } from '../net/ip.js';
import { type InheritedSocket, openUdpPort, type UdpPort } from '../net/udp-socket.js';
import { RecentMap } from '../recent-map.js';

/** A rack of machines that begin at once; an ordinary system has room for some three hundred packets by itself. */
const RECV_BUFFER_BYTES = 1024 * 1024;
/** Relays, and machines with addresses, that are remembered at least. */
const HEARD = 10_000;

/**
 * DHCP's port for one interface. A socket bound to an address of the interface does not get broadcasts, and one that is bound to
 * none sends them by the default route: it takes both, the second to send by, so that an answer comes from that address, and
 * more of the second kind for answers that may have to wait.
 * `listen`: its host is that of all, or the address alone, where only relays are answered. Rejects with the system's error.
 */
export async function openDhcpPort(listen: Peer, address: string): Promise<DatagramPort> {
  if (listen.address !== ALL_IP4) return openUdpPort(listen, { broadcasts: true });
  // With `reuseAddr` it would not be told of another server, whose clients' renewals it would get in its place.
  const alone = await openUdpPort(listen);
  const { port } = alone.local;
  await alone.close();
  const opened: UdpPort[] = [];
  const open = async (at: string): Promise<UdpPort> => {
    const one = await openUdpPort(
      { address: at, port },
      { reuseAddr: true, broadcasts: at !== ALL_IP4, recvBufferSize: RECV_BUFFER_BYTES },
    );
    opened.push(one);
    return one;
  };
  try {
    return new InterfacePort({
      all: await open(ALL_IP4),
      doubtful: await open(address),
      heard: await open(address),
      everybody: await open(address),
    });
  } catch (thrown) {
    await Promise.all(opened.map((one) => one.close()));
    throw thrown;
  }
}

/** One that is bound to an interface by whoever has opened it. */
export function openInheritedDhcpPort(socket: InheritedSocket): Promise<DatagramPort> {
  return openUdpPort(socket, { broadcasts: true, recvBufferSize: RECV_BUFFER_BYTES });
}

type InterfaceSockets = {
  /** Hears broadcasts. */
  readonly all: UdpPort;
  /** Sends them. */
  readonly everybody: UdpPort;
  /** Sends to whom something has come from. */
  readonly heard: UdpPort;
  readonly doubtful: UdpPort;
};

/**
 * Hears by all of them. Whoever names the address of a relay or a machine that there is not makes Linux keep the answer for
 * seconds, in vain, and a socket has room for some hundred such: those must not be the ones that others' answers go by. What
 * something came from may be forged, too; a broadcast alone waits for nobody.
 */
class InterfacePort implements DatagramPort {
  readonly #sockets: InterfaceSockets;
  /** Addresses that something came from. */
  readonly #heard = new RecentMap<string, true>(HEARD);

  constructor(sockets: InterfaceSockets) {
    this.#sockets = sockets;
  }

  get local(): Peer {
    return this.#sockets.all.local;
  }

  receive(handler: DatagramHandler): void {
    const heard: DatagramHandler = (bytes, from) => {
      this.#heard.set(from.address, true);
      handler(bytes, from);
    };
    for (const socket of Object.values(this.#sockets)) socket.receive(heard);
  }

  send(bytes: Buffer, to: Peer): void {
    this.#socketFor(to).send(bytes, to);
  }

  #socketFor({ address }: Peer): UdpPort {
    const { everybody, heard, doubtful } = this.#sockets;
    if (address === BROADCAST_IP4) return everybody;
    return this.#heard.get(address) === undefined ? doubtful : heard;
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#sockets).map((socket) => socket.close()));
  }
}
