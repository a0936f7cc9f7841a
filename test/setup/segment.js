import { NetworkNamespace } from './network-namespace.js';
import { busyboxProgram } from './parts.js';

const BRIDGE = 'br0';
/** Its own, else a bridge takes one of its cards', and another with every card that comes: machines would lose the server. */
const MAC = '52:54:00:77:ff:01';

/**
 * One Ethernet segment with several on it: the server, whose network is the bridge's, virtual machines, and other hosts.
 */
export class Segment {
  /** The server's: its card is `br0`. @type {NetworkNamespace} */
  network;
  /** @type {NetworkNamespace[]} */
  #hosts = [];
  #taps = 0;
  #life;

  /** @param {NetworkNamespace} network @param {{ seconds?: number }} life for how long its networks are there at most */
  constructor(network, life) {
    this.network = network;
    this.#life = life;
  }

  /** @param {string} [address] the server's @param {{ seconds?: number }} [life] */
  static async start(address = '192.168.77.1/24', life = {}) {
    const network = await NetworkNamespace.start(life);
    try {
      await network.ip('link', 'add', BRIDGE, 'type', 'bridge');
      await network.ip('link', 'set', BRIDGE, 'address', MAC);
      await network.ip('address', 'add', address, 'dev', BRIDGE);
      await network.ip('link', 'set', BRIDGE, 'up');
      return new Segment(network, life);
    } catch (thrown) {
      await network.stop();
      throw thrown;
    }
  }

  /** A card for one more virtual machine. */
  async addTap() {
    const name = `tap${this.#taps}`;
    this.#taps += 1;
    await this.network.must([busyboxProgram(), 'tunctl', '-t', name]);
    await this.#plug(name);
    return { name, within: this.network.within };
  }

  /** A card of the server with nobody on it yet: another segment. @param {string} bridge @param {string} address `10.1.0.1/24` */
  async addBridge(bridge, address) {
    await this.network.ip('link', 'add', bridge, 'type', 'bridge');
    await this.network.ip('address', 'add', address, 'dev', bridge);
    await this.network.ip('link', 'set', bridge, 'up');
  }

  /**
   * Another host on it, in a network of its own: its card is `eth0`.
   * @param {string} address `192.168.77.2/24` @param {string} [bridge] of `addBridge`, for the segment there
   */
  async addHost(address, bridge = BRIDGE) {
    const host = await NetworkNamespace.start({ ...this.#life, beside: this.network });
    this.#hosts.push(host);
    const end = `host${this.#hosts.length}`;
    // busybox cannot name the other end of the cable: Linux calls it veth0.
    await host.ip('link', 'add', 'eth0', 'type', 'veth');
    await host.ip('link', 'set', 'veth0', 'name', end);
    await host.ip('link', 'set', end, 'netns', String(this.network.pid));
    await this.#plug(end, bridge);
    await host.ip('address', 'add', address, 'dev', 'eth0');
    await host.ip('link', 'set', 'eth0', 'up');
    return host;
  }

  async stop() {
    for (const network of [...this.#hosts, this.network]) await network.stop();
  }

  /** @param {string} card @param {string} [bridge] */
  async #plug(card, bridge = BRIDGE) {
    await this.network.ip('link', 'set', card, 'master', bridge);
    await this.network.ip('link', 'set', card, 'up');
  }
}
