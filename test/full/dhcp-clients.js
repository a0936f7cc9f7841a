/**
 * Machines that ask as firmware does, a few at once and each another one, until it is told to end: then it tells how many asked
 * and how many were answered, and who was given what. Run as a process of its own inside a network namespace.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `broadcast`: DISCOVERs of machines on the segment, where this one's card has no address; `relayed`: over a relay at `address`;
 * `bootServer`: at port 4011; `http`: the script by which iPXE begins.
 * @typedef {'broadcast' | 'relayed' | 'bootServer' | 'http'} Role
 * `machines`: how many there are, of `broadcast` and `relayed`, who then take what they are offered; without it, each asks once.
 * @typedef {{ server: string, address: string, discover: string, request: string, roles: readonly Role[],
 *   machines?: number }} ClientsJob
 * `given`: by the number of a machine.
 * @typedef {{ asked: number, answered: number, given: Record<number, string> }} Answers
 */

/** As often as EDK2 does, though sooner. */
const TRIES = 4;
const TRY_MILLISECONDS = 1_000;
/** So many that there is something to count even in a short flood. */
const AT_ONCE = 4;
const PAUSE_MILLISECONDS = 20;
const AT = { op: 0, xid: 4, ciaddr: 12, yiaddr: 16, giaddr: 24, chaddr: 28, options: 240 };
const [REQUEST, ACK] = [3, 5];

let isOver = false;
process.once('SIGTERM', () => {
  isOver = true;
});

class Machines {
  #socket = createSocket({ type: 'udp4', reuseAddr: true });
  #asked = 0;
  /** Who waits for an answer, by its xid. @type {Map<number, (bytes: Buffer) => void>} */
  #waiting = new Map();
  #packet;
  #to;
  #machines;
  /** @type {Record<number, string>} */
  given = {};

  /** @param {Buffer} packet of the first @param {{ port: number, host: string }} to @param {number} [machines] */
  constructor(packet, to, machines) {
    this.#packet = packet;
    this.#to = to;
    this.#machines = machines;
    this.#socket.on('message', (bytes) => {
      if (bytes.length >= AT.chaddr && bytes[AT.op] === 2) this.#waiting.get(bytes.readUInt32BE(AT.xid))?.(bytes);
    });
  }

  /** @param {number} port @param {string} address @returns {Promise<void>} */
  open(port, address) {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(port, address, () => {
        this.#socket.setBroadcast(true);
        resolve();
      });
    });
  }

  /** Whether one more machine was answered. @returns {Promise<boolean>} */
  async ask() {
    this.#asked += 1;
    const machine = this.#asked % (this.#machines ?? 0x10000);
    const packet = Buffer.from(this.#packet);
    packet.writeUInt32BE(0x50000000 + this.#asked, AT.xid);
    packet.writeUInt16BE(machine, AT.chaddr + 4);
    const offer = await this.#answerTo(packet);
    if (offer === undefined || this.#machines === undefined) return offer !== undefined;
    const ack = await this.#answerTo(taking(packet, offer));
    if (ack?.[valueAt(ack, 53)] !== ACK) return false;
    this.given[machine] = ack.subarray(AT.yiaddr, AT.yiaddr + 4).join('.');
    return true;
  }

  close() {
    this.#socket.close();
  }

  /** @param {Buffer} packet @returns {Promise<Buffer | undefined>} */
  async #answerTo(packet) {
    const xid = packet.readUInt32BE(AT.xid);
    let answer;
    for (let tries = 0; tries < TRIES && answer === undefined; tries += 1) answer = await this.#tryOnce(packet, xid);
    this.#waiting.delete(xid);
    return answer;
  }

  /** @param {Buffer} packet @param {number} xid @returns {Promise<Buffer | undefined>} */
  #tryOnce(packet, xid) {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(undefined), TRY_MILLISECONDS);
      this.#waiting.set(xid, (bytes) => {
        clearTimeout(late);
        resolve(bytes);
      });
      this.#socket.send(packet, this.#to.port, this.#to.host);
    });
  }
}

/** Where an option's value begins. @param {Buffer} bytes @param {number} code */
function valueAt(bytes, code) {
  let at = AT.options;
  while (at < bytes.length && bytes[at] !== code && bytes[at] !== 255)
    at += bytes[at] === 0 ? 1 : 2 + (bytes[at + 1] ?? 0);
  return at + 2;
}

/** It takes what it was offered: a REQUEST under another number. @param {Buffer} discover @param {Buffer} offer */
function taking(discover, offer) {
  const end = discover.lastIndexOf(255);
  const serverId = valueAt(offer, 54);
  const options = [
    Buffer.of(50, 4),
    offer.subarray(AT.yiaddr, AT.yiaddr + 4),
    Buffer.of(54, 4),
    offer.subarray(serverId, serverId + 4),
    Buffer.of(255),
  ];
  const request = Buffer.concat([discover.subarray(0, end), ...options]);
  request[valueAt(request, 53)] = REQUEST;
  request.writeUInt32BE(discover.readUInt32BE(AT.xid) + 0x10000000, AT.xid);
  return request;
}

/** @param {ClientsJob} job @returns {Record<Role, () => Promise<Pick<Machines, 'ask' | 'close' | 'given'>>>} */
function clientsOf({ server, address, discover, request, machines: number }) {
  const quad = address.split('.').map(Number);
  /** @param {string} hex @param {number} mac */
  const packetOf = (hex, mac) => {
    const packet = Buffer.from(hex, 'hex');
    packet.writeUInt32BE(0x52540000 + mac, AT.chaddr);
    return packet;
  };
  return {
    broadcast: async () => {
      const machines = new Machines(packetOf(discover, 0x71), { port: 67, host: '255.255.255.255' }, number);
      await machines.open(68, '0.0.0.0');
      return machines;
    },
    relayed: async () => {
      const packet = packetOf(discover, 0x72);
      packet.set(quad, AT.giaddr);
      const machines = new Machines(packet, { port: 67, host: server }, number);
      await machines.open(67, address);
      return machines;
    },
    bootServer: async () => {
      const packet = packetOf(request, 0x73);
      packet.set(quad, AT.ciaddr);
      const machines = new Machines(packet, { port: 4011, host: server });
      await machines.open(4011, address);
      return machines;
    },
    http: async () => ({ ask: () => fetched(`http://${server}:8080/boot.ipxe`), close: () => undefined, given: {} }),
  };
}

/** @param {string} url */
async function fetched(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TRIES * TRY_MILLISECONDS) });
    return (await response.text()).startsWith('#!ipxe');
  } catch {
    return false;
  }
}

/** @param {ClientsJob} job */
async function run(job) {
  /** @type {Partial<Record<Role, Answers>>} */
  const answers = {};
  const clients = clientsOf(job);
  const askOn = async (/** @type {Role} */ role) => {
    const client = await clients[role]();
    const counts = { asked: 0, answered: 0, given: client.given };
    answers[role] = counts;
    const askAfterAnother = async () => {
      while (!isOver) {
        counts.asked += 1;
        if (await client.ask()) counts.answered += 1;
        await sleep(PAUSE_MILLISECONDS);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askAfterAnother));
    client.close();
  };
  await Promise.all(job.roles.map(askOn));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

await run(/** @type {ClientsJob} */ (JSON.parse(process.argv[2] ?? '')));
