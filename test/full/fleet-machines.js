/**
 * Machines that boot at once, each from a loopback address of its own, by way of all front ends: `node fleet-machines.js JSON`
 * prints, a line each round, what each machine did, and what the API tells of all of them afterwards. Run inside the server's network.
 * @typedef {{ machines: number, rounds: number, discover: string, seed: number }} Job `discover`: a packet of firmware, in hex
 * `kernels`, `scripts`, `initramfses`, `parts`: how many of each it asked for and got.
 * @typedef {{ boots: number, discovers: number, scripts: number, kernels: number, initramfses: number, parts: number }} Did
 * @typedef {{ id: string, machine: string, state: string, stepCount: number,
 *   steps: { at: string, event: string, role?: string, range?: string }[] }} ToldBoot
 * @typedef {{ did: Record<string, Did>, records: ToldBoot[], eventLoop: Record<string, number>, seconds: number }} Round
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from './dice.js';

const SERVER = '127.0.0.1';
const AT = { op: 0, xid: 4, giaddr: 24, chaddr: 28 };
const TRY_MILLISECONDS = 1_500;
const MOST_TRIES = 40;
/** As firmware does, and then goes on. */
const LOADER = 'snponly.efi';

class FleetMachine {
  #socket = createSocket({ type: 'udp4', reuseAddr: true });
  #address;
  #packet;
  #dice;
  /** @type {Did} */
  did = { boots: 0, discovers: 0, scripts: 0, kernels: 0, initramfses: 0, parts: 0 };
  mac;

  /** @param {number} number @param {Buffer} discover @param {Dice} dice */
  constructor(number, discover, dice) {
    this.#address = `127.1.${number >> 8}.${number & 0xff}`;
    this.#dice = dice;
    this.#packet = Buffer.from(discover);
    this.#packet.writeUIntBE(0x525401000000 + number, AT.chaddr, 6);
    this.#packet.set(this.#address.split('.').map(Number), AT.giaddr);
    this.mac = [...this.#packet.subarray(AT.chaddr, AT.chaddr + 6)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(':');
  }

  /** @returns {Promise<void>} */
  open() {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(67, this.#address, resolve);
    });
  }

  close() {
    this.#socket.close();
  }

  /** `kind`: what befalls it. @param {'whole' | 'in the kernel' | 'after the kernel'} kind */
  async boot(kind) {
    this.did.boots += 1;
    let { kernel, initramfs } = await this.#begin();
    if (kind === 'in the kernel') {
      await this.#get(kernel, { range: 'bytes=0-99' });
      this.did.parts += 1;
      // It is reset, and there again: nothing of what it starts was sent.
      ({ kernel, initramfs } = await this.#begin());
    }
    await this.#get(kernel);
    this.did.kernels += 1;
    if (kind === 'after the kernel') {
      this.did.boots += 1;
      ({ kernel, initramfs } = await this.#begin());
      await this.#get(kernel);
      this.did.kernels += 1;
    }
    await this.#get(initramfs);
    this.did.initramfses += 1;
  }

  /** DHCP, the loader, the scripts. */
  async #begin() {
    const xid = this.#dice.below(0xffffffff);
    this.#packet.writeUInt32BE(xid, AT.xid);
    // Some firmware does not wait long for the first.
    const hasPatience = this.#dice.below(4) > 0;
    await this.#offered(xid, hasPatience);
    await this.#load();
    await this.#get(`http://${SERVER}:8080/boot.ipxe`);
    const url = `http://${SERVER}:8080/boot/script?mac=${this.mac.replaceAll(':', '-')}&buildarch=x86_64&platform=efi`;
    if (this.#dice.below(5) === 0) await this.#script(url);
    return this.#script(url);
  }

  /** @param {number} xid @param {boolean} hasPatience */
  async #offered(xid, hasPatience) {
    const isOffer = (/** @type {Buffer} */ bytes) =>
      bytes.length > AT.chaddr && bytes[AT.op] === 2 && bytes.readUInt32BE(AT.xid) === xid;
    /** @type {Promise<void>} */
    const offered = new Promise((resolve) => {
      const heard = (/** @type {Buffer} */ bytes) => {
        if (!isOffer(bytes)) return;
        this.#socket.off('message', heard);
        resolve();
      };
      this.#socket.on('message', heard);
    });
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      for (let times = tries === 0 && !hasPatience ? 2 : 1; times > 0; times -= 1) {
        this.did.discovers += 1;
        this.#socket.send(this.#packet, 67, SERVER);
      }
      if (await soon(offered)) return;
    }
    throw new Error(`${this.mac} is not offered anything`);
  }

  /** A loader by TFTP (RFC 1350): it is one block. */
  async #load() {
    const socket = createSocket('udp4');
    try {
      await new Promise((resolve) => socket.bind(0, this.#address, () => resolve(undefined)));
      const data = once(socket, 'message');
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        socket.send(Buffer.from(`\0\x01${LOADER}\0octet\0`), 69, SERVER);
        if (!(await soon(data))) continue;
        const [bytes, from] = /** @type {[Buffer, import('node:dgram').RemoteInfo]} */ (await data);
        if (bytes[1] !== 3) throw new Error(`${this.mac} is given no loader: ${bytes}`);
        await new Promise((resolve) => socket.send(Buffer.of(0, 4, 0, 1), from.port, from.address, resolve));
        return;
      }
      throw new Error(`${this.mac} is given no loader`);
    } finally {
      socket.close();
    }
  }

  /** @param {string} url */
  async #script(url) {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const script = (await this.#get(url)).toString();
      this.did.scripts += 1;
      const kernel = /^kernel (?:--\S+ \S+ )?(http\S+)/m.exec(script)?.[1];
      const initramfs = /^initrd (?:--\S+ \S+ )?(http\S+)/m.exec(script)?.[1];
      if (kernel !== undefined && initramfs !== undefined) return { kernel, initramfs };
      await sleep(200);
    }
    throw new Error(`${this.mac} is given no plan`);
  }

  /** @param {string} url @param {Record<string, string>} [headers] */
  async #get(url, headers = {}) {
    const here = new URL(url);
    here.hostname = SERVER;
    const asked = request(here, { localAddress: this.#address, headers, agent: false, timeout: 120_000 });
    asked.once('timeout', () => asked.destroy(new Error(`${url} is not answered`)));
    const [answer] = /** @type {[import('node:http').IncomingMessage]} */ (await once(asked.end(), 'response'));
    const body = await buffer(answer);
    if ((answer.statusCode ?? 500) >= 300) throw new Error(`${url}: ${answer.statusCode} ${body}`);
    return body;
  }
}

/** Whether it comes about while firmware waits. @param {Promise<unknown>} promise */
async function soon(promise) {
  const ending = new AbortController();
  const late = sleep(TRY_MILLISECONDS, false, { signal: ending.signal }).catch(() => false);
  const isThere = await Promise.race([promise.then(() => true), late]);
  ending.abort();
  return isThere;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });
/** @param {string} path @returns {Promise<string>} */
async function api(path) {
  for (let times = 0; times < MOST_TIMES; times += 1) {
    const [answer] = /** @type {[import('node:http').IncomingMessage]} */ (
      await once(request(`http://${SERVER}:8081${path}`, { agent }).end(), 'response')
    );
    const text = (await buffer(answer)).toString();
    if (answer.statusCode === 200) return text;
    if (answer.statusCode !== 429) throw new Error(`${path} is answered with ${answer.statusCode}: ${text}`);
    await sleep(1_000);
  }
  throw new Error(`${path} is not answered, since it is asked for too often`);
}

/** Nobody may ask more than a hundred times in a second. */
const MOST_TIMES = 60;

/** Boots of rounds before, which are over. @type {Map<string, ToldBoot>} */
const known = new Map();

/** All boots there are, with their steps. @returns {Promise<ToldBoot[]>} */
async function records() {
  /** @type {string[]} */
  const ids = [];
  for (let next = ''; ; ) {
    const page = /** @type {{ boots: { id: string }[], next?: string }} */ (
      JSON.parse(await api(`/api/v1/boots?limit=1000${next}`))
    );
    for (const { id } of page.boots) ids.push(id);
    if (page.next === undefined) break;
    next = `&before=${page.next}`;
  }
  const one = async (/** @type {string} */ id) => {
    /** @type {ToldBoot} */
    const record = known.get(id) ?? JSON.parse(await api(`/api/v1/boots/${id}`));
    known.set(id, record);
    return record;
  };
  return Promise.all(ids.map(one));
}

/** Since it was asked last, in milliseconds. */
async function eventLoop() {
  const text = await api('/metrics');
  const of = (/** @type {string} */ name) =>
    Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text)?.[1]) * 1_000;
  return { p50: of('p50'), p99: of('p99'), max: of('max') };
}

/** @param {Job} job */
async function run({ machines, rounds, discover, seed }) {
  const dice = new Dice(seed);
  const fleet = Array.from(
    { length: machines },
    (_, number) => new FleetMachine(number + 1, Buffer.from(discover, 'hex'), dice),
  );
  for (const machine of fleet) await machine.open();
  for (let round = 0; round < rounds; round += 1) {
    await eventLoop();
    const since = performance.now();
    /** @type {Partial<Record<number, 'in the kernel' | 'after the kernel'>>} */
    const fate = { 0: 'in the kernel', 5: 'after the kernel' };
    await Promise.all(fleet.map((machine, number) => machine.boot(fate[(number + round) % 10] ?? 'whole')));
    const seconds = (performance.now() - since) / 1_000;
    const delays = await eventLoop();
    const did = Object.fromEntries(fleet.map((machine) => [machine.mac, machine.did]));
    process.stdout.write(`${JSON.stringify({ did, eventLoop: delays, seconds, records: await records() })}\n`);
  }
  for (const machine of fleet) machine.close();
  agent.destroy();
}

await run(/** @type {Job} */ (JSON.parse(process.argv[2] ?? '')));
