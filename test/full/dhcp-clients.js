/**
 * Machines that ask as firmware does, a few at once and each another one, until it is told to end: then it tells how many asked
 * and how many were answered. Run as a process of its own inside a network namespace.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `broadcast`: DISCOVERs of machines on the segment, where this one's card has no address; `relayed`: over a relay at `address`;
 * `bootServer`: at port 4011; `http`: the script by which iPXE begins.
 * @typedef {'broadcast' | 'relayed' | 'bootServer' | 'http'} Role
 * @typedef {{ server: string, address: string, discover: string, request: string, roles: readonly Role[] }} ClientsJob
 * @typedef {{ asked: number, answered: number }} Answers
 */

/** As often as EDK2 does, though sooner. */
const TRIES = 4;
const TRY_MILLISECONDS = 1_000;
/** So many that there is something to count even in a short flood. */
const AT_ONCE = 4;
const PAUSE_MILLISECONDS = 20;
const AT = { op: 0, xid: 4, ciaddr: 12, giaddr: 24, chaddr: 28 };

let isOver = false;
process.once('SIGTERM', () => {
  isOver = true;
});

class Machines {
  #socket = createSocket({ type: 'udp4', reuseAddr: true });
  #asked = 0;
  /** Who waits for an answer, by its xid. @type {Map<number, () => void>} */
  #waiting = new Map();
  #packet;
  #to;

  /** @param {Buffer} packet of the first @param {{ port: number, host: string }} to */
  constructor(packet, to) {
    this.#packet = packet;
    this.#to = to;
    this.#socket.on('message', (bytes) => {
      if (bytes.length >= AT.chaddr && bytes[AT.op] === 2) this.#waiting.get(bytes.readUInt32BE(AT.xid))?.();
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
    const packet = Buffer.from(this.#packet);
    packet.writeUInt32BE(0x50000000 + this.#asked, AT.xid);
    packet.writeUInt16BE(this.#asked & 0xffff, AT.chaddr + 4);
    let isAnswered = false;
    for (let tries = 0; tries < TRIES && !isAnswered; tries += 1) isAnswered = await this.#isAnswered(packet);
    this.#waiting.delete(packet.readUInt32BE(AT.xid));
    return isAnswered;
  }

  close() {
    this.#socket.close();
  }

  /** @param {Buffer} packet @returns {Promise<boolean>} */
  #isAnswered(packet) {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), TRY_MILLISECONDS);
      this.#waiting.set(packet.readUInt32BE(AT.xid), () => {
        clearTimeout(late);
        resolve(true);
      });
      this.#socket.send(packet, this.#to.port, this.#to.host);
    });
  }
}

/** @param {ClientsJob} job @returns {Record<Role, () => Promise<{ ask: () => Promise<boolean>, close: () => void }>>} */
function clientsOf({ server, address, discover, request }) {
  const quad = address.split('.').map(Number);
  /** @param {string} hex @param {number} mac */
  const packetOf = (hex, mac) => {
    const packet = Buffer.from(hex, 'hex');
    packet.writeUInt32BE(0x52540000 + mac, AT.chaddr);
    return packet;
  };
  return {
    broadcast: async () => {
      const machines = new Machines(packetOf(discover, 0x71), { port: 67, host: '255.255.255.255' });
      await machines.open(68, '0.0.0.0');
      return machines;
    },
    relayed: async () => {
      const packet = packetOf(discover, 0x72);
      packet.set(quad, AT.giaddr);
      const machines = new Machines(packet, { port: 67, host: server });
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
    http: async () => ({ ask: () => fetched(`http://${server}:8080/boot.ipxe`), close: () => undefined }),
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
    const counts = { asked: 0, answered: 0 };
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
