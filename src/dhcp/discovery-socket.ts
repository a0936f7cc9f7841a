import { randomInt } from 'node:crypto';
import { ALL_IP4 } from '../net/endpoint.js';
import { BROADCAST_IP4 } from '../net/ip.js';
import { openUdpPort, type UdpPort } from '../net/udp-socket.js';
import { lookingDiscover, type OtherServer, readOtherServer } from './other-servers.js';
import { encodePacket } from './packet.js';
import { PORT } from './ports.js';

export type LookInput = {
  /** Ours, on the interface that is looked at. */
  readonly address: string;
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** For tests. */
  readonly ports?: { readonly server: number; readonly client: number };
};

/** Twice, since anything may be lost; a server that tries an address before it offers it takes as long as three seconds. */
const TRIES = 2;
const PATIENCE_MILLISECONDS = 2_000;
/** Are told: there are hardly more than two, and anybody may answer. */
const MOST = 8;

/**
 * Which servers give addresses on the network of one interface: the first to answer, and whoever answers by then. An answer is
 * broadcast to a client's port, which a client of this host may have as well. Rejects with the system's error where that cannot be
 * had.
 */
export async function lookForServers({ address, wait, ports = PORT }: LookInput): Promise<readonly OtherServer[]> {
  const opened: UdpPort[] = [];
  // Bound to all, a socket gets broadcasts; bound to the address, it sends them out of its interface.
  const open = async (at: string) => {
    const port = await openUdpPort({ address: at, port: ports.client }, { reuseAddr: true, broadcasts: true });
    opened.push(port);
    return port;
  };
  try {
    const [hears, sends] = [await open(ALL_IP4), await open(address)];
    return await asked({ hears, sends }, { address, wait, ports });
  } finally {
    await Promise.all(opened.map((port) => port.close()));
  }
}

type Sockets = { readonly hears: UdpPort; readonly sends: UdpPort };

async function asked({ hears, sends }: Sockets, { address, wait, ports }: Required<LookInput>): Promise<readonly OtherServer[]> {
  const look = { address, xid: randomInt(2 ** 32) };
  const found = new Map<string, OtherServer>();
  const answered = new Promise<void>((resolve) => {
    for (const port of [hears, sends]) {
      port.receive((bytes, from) => {
        const other = readOtherServer(bytes, from.address, look);
        if (other === undefined || found.size >= MOST) return;
        found.set(other.server, other);
        resolve();
      });
    }
  });
  const discover = encodePacket(lookingDiscover(look), { maxBytes: 548 });
  for (let tries = 0; tries < TRIES && found.size === 0; tries += 1) {
    sends.send(discover, { address: BROADCAST_IP4, port: ports.server });
    await Promise.race([answered, wait(PATIENCE_MILLISECONDS)]);
  }
  return [...found.values()];
}
