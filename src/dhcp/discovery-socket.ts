import { randomInt } from 'node:crypto';
import { ALL_IP4 } from '../net/endpoint.js';
import { BROADCAST_IP4 } from '../net/ip.js';
import { openUdpPort, type UdpPort } from '../net/udp-socket.js';
import { type Answerer, bootDiscover, joinedAnswerer, LOOKED_AS, readAnswerer } from './boot-look.js';
import { type Look, lookingDiscover, type OtherServer, readOtherServer } from './other-servers.js';
import { type DhcpPacket, encodePacket } from './packet.js';
import { PORT } from './ports.js';

/** Twice, since anything may be lost; a server that tries an address before it offers it takes as long as three seconds. */
const TRIES = 2;
const PATIENCE_MILLISECONDS = 2_000;
/** Are told: there are hardly more than two, and anybody may answer. */
const MOST = 8;

/** A client's port of one interface, by which other servers are looked for. */
export class DiscoveryPort {
  readonly #address: string;
  readonly #serverPort: number;
  readonly #hears: UdpPort;
  readonly #sends: UdpPort;

  private constructor(address: string, serverPort: number, [hears, sends]: readonly [UdpPort, UdpPort]) {
    this.#address = address;
    this.#serverPort = serverPort;
    this.#hears = hears;
    this.#sends = sends;
  }

  /**
   * `address`: ours, on the interface. An answer is broadcast to a client's port, which a client of this host may have as well.
   * `ports`: others for tests. Rejects with the system's error.
   */
  static async open(
    address: string,
    ports: { readonly server: number; readonly client: number } = PORT,
  ): Promise<DiscoveryPort> {
    // Bound to all, a socket gets broadcasts; bound to the address, it sends them out of its interface.
    const options = { reuseAddr: true, broadcasts: true };
    const hears = await openUdpPort({ address: ALL_IP4, port: ports.client }, options);
    try {
      const sends = await openUdpPort({ address, port: ports.client }, options);
      return new DiscoveryPort(address, ports.server, [hears, sends]);
    } catch (thrown) {
      await hears.close();
      throw thrown;
    }
  }

  /**
   * Which servers give addresses there: the first to answer, and who answers at the same time. Once for each that is opened. `wait`:
   * resolves after so many milliseconds. `ours`: our addresses elsewhere, by which we may answer ourselves.
   */
  async look(
    wait: (milliseconds: number) => Promise<unknown>,
    ours: readonly string[],
  ): Promise<readonly OtherServer[]> {
    const look = this.#newLook(ours);
    const found = new Map<string, OtherServer>();
    const answered = new Promise<void>((resolve) => {
      this.#receive((bytes, from) => {
        const other = readOtherServer(bytes, from, look);
        if (other === undefined || found.size >= MOST) return;
        found.set(other.server, other);
        resolve();
      });
    });
    for (let tries = 0; tries < TRIES && found.size === 0; tries += 1) {
      this.#ask(lookingDiscover(look));
      await Promise.race([answered, wait(PATIENCE_MILLISECONDS)]);
    }
    return [...found.values()];
  }

  /** The same of whoever answers a machine that wants to be booted, with an address or without: all that do, as long as it takes. */
  async lookForBoot(
    wait: (milliseconds: number) => Promise<unknown>,
    ours: readonly string[],
  ): Promise<readonly Answerer[]> {
    const look = this.#newLook(ours);
    const found = new Map<string, Answerer>();
    this.#receive((bytes, from) => {
      const heard = readAnswerer(bytes, from, look);
      if (heard === undefined || (found.size >= MOST && !found.has(heard.server))) return;
      found.set(heard.server, joinedAnswerer(found.get(heard.server), heard));
    });
    for (let tries = 0; tries < TRIES; tries += 1) {
      for (const architecture of LOOKED_AS) this.#ask(bootDiscover(look, architecture));
      await wait(PATIENCE_MILLISECONDS);
    }
    return [...found.values()];
  }

  #newLook(ours: readonly string[]): Look {
    return { address: this.#address, xid: randomInt(2 ** 32), ours };
  }

  #receive(handle: (bytes: Buffer, from: string) => void): void {
    for (const port of [this.#hears, this.#sends]) port.receive((bytes, { address }) => handle(bytes, address));
  }

  #ask(discover: DhcpPacket): void {
    const bytes = encodePacket(discover, { maxBytes: 548 });
    this.#sends.send(Buffer.from(bytes), { address: BROADCAST_IP4, port: this.#serverPort });
  }

  async close(): Promise<void> {
    await Promise.all([this.#hears.close(), this.#sends.close()]);
  }
}
