/**
 * A thousand machines behind a relay that take addresses, renew them, start anew, give them back or vanish, all at once, whatever
 * becomes of the server; and whatever it has acknowledged is held against it. Run as a process of its own inside a network
 * namespace: it reports on each SIGUSR2, and ends by SIGTERM.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from './dice.js';

/**
 * `address`: the relay's, where it has port 67.
 * @typedef {{ server: string, address: string, machines: number, seed: number }} LeaseClientsJob
 * What a machine has by its own count: `endsAt`: milliseconds since the epoch.
 * @typedef {{ address: string, mac: string, endsAt: number }} Hold
 * `wrongs`: two machines with one address, or leases that were lost.
 * @typedef {{ number: number, holds: readonly Hold[], acks: number, naks: number, ended: number, wrongs: readonly string[] }} Report
 */

const AT = { op: 0, htype: 1, xid: 4, ciaddr: 12, yiaddr: 16, giaddr: 24, chaddr: 28, options: 240 };
const MAGIC = Buffer.of(0x63, 0x82, 0x53, 0x63);
const OPTION = { requested: 50, seconds: 51, type: 53, server: 54, end: 255 };
const TYPE = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6, release: 7 };
const TRIES = 4;
const TRY_MILLISECONDS = 1_000;
const PAUSE_MILLISECONDS = 400;

/** @typedef {{ type: number, yiaddr: string, seconds: number, server: Buffer }} Reply */
/** @typedef {{ mac: string, until: number }} Held */

class Machines {
  #socket = createSocket('udp4');
  #job;
  #dice;
  /** By xid. @type {Map<number, (reply: Reply) => void>} */
  #waiting = new Map();
  #asked = 0;
  #made = 0;
  #reports = 0;
  /** By address. @type {Map<string, Held>} */
  #holds = new Map();
  #counts = { acks: 0, naks: 0, ended: 0 };
  /** @type {string[]} */
  #wrongs = [];
  #isOver = false;

  /** @param {LeaseClientsJob} job */
  constructor(job) {
    this.#job = job;
    this.#dice = new Dice(job.seed);
    this.#socket.on('message', (bytes) => {
      const reply = readReply(bytes);
      if (reply !== undefined) this.#waiting.get(bytes.readUInt32BE(AT.xid))?.(reply);
    });
  }

  end() {
    this.#isOver = true;
  }

  #goesOn() {
    return !this.#isOver;
  }

  async run() {
    await new Promise((resolve) => this.#socket.bind(67, this.#job.address, () => resolve(undefined)));
    this.#socket.setRecvBufferSize(8 * 1024 * 1024);
    await Promise.all(Array.from({ length: this.#job.machines }, () => this.#lane()));
    this.#socket.close();
  }

  /** @returns {Report} */
  report() {
    this.#reports += 1;
    const now = performance.now();
    const live = [...this.#holds].filter(([, { until }]) => until > now);
    const holds = live.map(([address, { mac, until }]) => ({ address, mac, endsAt: Date.now() + until - now }));
    return { number: this.#reports, holds, ...this.#counts, wrongs: this.#wrongs };
  }

  /** One machine after the other. */
  async #lane() {
    while (this.#goesOn()) {
      this.#made += 1;
      const mac = `52:54:${(0x10000000 + this.#made).toString(16).match(/../g)?.join(':')}`;
      let address = await this.#take(mac);
      while (address !== undefined && this.#goesOn()) {
        await sleep(this.#dice.below(PAUSE_MILLISECONDS));
        const fate = this.#dice.below(100);
        if (fate < 20) address = this.#giveBack(mac, address);
        else if (fate < 22) address = undefined;
        else if (fate < 35) address = await this.#take(mac);
        else address = await this.#confirm(mac, address, { isRunning: fate < 85 });
      }
    }
  }

  /** DISCOVER and REQUEST; answers what it was given. @param {string} mac @returns {Promise<string | undefined>} */
  async #take(mac) {
    const offer = await this.#exchange(packet(mac, TYPE.discover, this.#job.address), [TYPE.offer]);
    if (offer === undefined) return undefined;
    const options = { [OPTION.requested]: quad(offer.yiaddr), [OPTION.server]: offer.server };
    return this.#request(mac, packet(mac, TYPE.request, this.#job.address, options), offer.yiaddr);
  }

  /** It has it, or had it before it was started anew. @param {string} mac @param {string} address @param {{ isRunning: boolean }} how */
  #confirm(mac, address, { isRunning }) {
    const { address: relay } = this.#job;
    const asking = packet(mac, TYPE.request, relay, isRunning ? {} : { [OPTION.requested]: quad(address) });
    if (isRunning) quad(address).copy(asking, AT.ciaddr);
    return this.#request(mac, asking, address);
  }

  /** @param {string} mac @param {Buffer} asking @param {string} address @returns {Promise<string | undefined>} */
  async #request(mac, asking, address) {
    const since = performance.now();
    const reply = await this.#exchange(asking, [TYPE.ack, TYPE.nak]);
    const now = performance.now();
    const held = this.#holds.get(address);
    if (reply === undefined) return held?.mac === mac && held.until > now ? address : undefined;
    if (reply.type === TYPE.nak) {
      this.#counts.naks += 1;
      if (held?.mac === mac && held.until > now) this.#wrongs.push(`${mac} is refused ${address}, which it has`);
      return undefined;
    }
    this.#counts.acks += 1;
    const other = this.#holds.get(reply.yiaddr);
    if (other !== undefined && other.mac !== mac) {
      if (other.until > now) this.#wrongs.push(`${mac} is given ${reply.yiaddr}, which ${other.mac} has`);
      else this.#counts.ended += 1;
    }
    for (const [its, one] of this.#holds) if (one.mac === mac && its !== reply.yiaddr) this.#holds.delete(its);
    this.#holds.set(reply.yiaddr, { mac, until: since + reply.seconds * 1_000 });
    return reply.yiaddr;
  }

  /** @param {string} mac @param {string} address */
  #giveBack(mac, address) {
    const giving = packet(mac, TYPE.release, this.#job.address, { [OPTION.server]: quad(this.#job.server) });
    quad(address).copy(giving, AT.ciaddr);
    this.#holds.delete(address);
    this.#send(giving);
    return undefined;
  }

  /** Until it is answered, a few times. @param {Buffer} asking @param {readonly number[]} types @returns {Promise<Reply | undefined>} */
  async #exchange(asking, types) {
    this.#asked += 1;
    const xid = this.#asked;
    asking.writeUInt32BE(xid, AT.xid);
    for (let tries = 0; tries < TRIES && this.#goesOn(); tries += 1) {
      const answered = new Promise((/** @type {(reply: Reply | undefined) => void} */ resolve) => {
        const late = setTimeout(() => resolve(undefined), TRY_MILLISECONDS);
        this.#waiting.set(xid, (reply) => {
          if (!types.includes(reply.type)) return;
          clearTimeout(late);
          resolve(reply);
        });
      });
      this.#send(asking);
      const reply = await answered;
      this.#waiting.delete(xid);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  /** @param {Buffer} bytes */
  #send(bytes) {
    this.#socket.send(bytes, 67, this.#job.server);
  }
}

/** @param {string} mac @param {number} type @param {string} relay @param {Record<number, Buffer>} [options] */
function packet(mac, type, relay, options = {}) {
  const header = Buffer.alloc(AT.options);
  header.set([1, 1, 6, 1], AT.op);
  quad(relay).copy(header, AT.giaddr);
  Buffer.from(mac.replaceAll(':', ''), 'hex').copy(header, AT.chaddr);
  MAGIC.copy(header, AT.options - MAGIC.length);
  const parts = Object.entries(options).flatMap(([code, value]) => [Buffer.of(Number(code), value.length), value]);
  return Buffer.concat([header, Buffer.of(OPTION.type, 1, type), ...parts, Buffer.of(OPTION.end), Buffer.alloc(60)]);
}

/** @param {Buffer} bytes @returns {Reply | undefined} */
function readReply(bytes) {
  if (bytes.length < AT.options || bytes[AT.op] !== 2) return undefined;
  const reply = { type: 0, yiaddr: [...bytes.subarray(AT.yiaddr, AT.yiaddr + 4)].join('.'), seconds: 0 };
  let server = bytes.subarray(0, 0);
  for (let at = AT.options; at < bytes.length && bytes[at] !== OPTION.end; at += 2 + (bytes[at + 1] ?? 0)) {
    const value = bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0));
    if (bytes[at] === OPTION.type) reply.type = value[0] ?? 0;
    if (bytes[at] === OPTION.seconds) reply.seconds = value.readUInt32BE(0);
    if (bytes[at] === OPTION.server) server = value;
  }
  return { ...reply, server };
}

/** @param {string} address */
function quad(address) {
  return Buffer.from(address.split('.').map(Number));
}

const machines = new Machines(/** @type {LeaseClientsJob} */ (JSON.parse(process.argv[2] ?? '')));
process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify(machines.report())}\n`));
process.once('SIGTERM', () => machines.end());
process.stdout.write('ready\n');
await machines.run();
