/**
 * Sends a TFTP server what nobody should, from very many addresses of loopback, the same each time: noise, requests cut short or
 * changed, requests for files that exist and are never taken, answers to questions that nobody asked. Tells how many it sent.
 * Run as a process of its own inside a network namespace: `{ host, port, path, count, seed }`.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from './dice.js';

/** @typedef {{ host: string, port: number, path: string, count: number, seed: number }} Flood */

const SOURCES = 200;
/** Sockets are given up for others after so many datagrams each: the server sees new addresses all the time. */
const DATAGRAMS_EACH = 50;
const AT_ONCE = 25;
const OPTIONS = ['blksize', 'tsize', 'timeout', 'windowsize', 'multicast', 'utimeout', 'BLKSIZE', '', 'x'.repeat(100)];
const VALUES = [
  '',
  '0',
  '-1',
  '1',
  '8',
  '16',
  '512',
  '1468',
  '65464',
  '65535',
  '99999999999',
  '1e3',
  '0x10',
  ' 5',
  'ü',
];
const PATHS = [
  '',
  '.',
  '..',
  '../../etc/passwd',
  '\\\\boot\\x',
  '/'.repeat(300),
  'a'.repeat(499),
  '%2e%2e/x',
  'undionly.kpxe',
];

/** @param {Dice} dice @param {string} path of a file that exists */
function hostile(dice, path) {
  const request = () =>
    words(1, [dice.one([path, path, ...PATHS]), dice.one(['octet', 'NetASCII', 'mail', '']), ...options(dice)]);
  switch (dice.below(16)) {
    case 0:
      return request();
    case 1:
      // What a real client would send, whose answer goes to somebody else.
      return words(1, [path, 'octet', 'tsize', '0', 'blksize', '1468', 'windowsize', '16']);
    case 2:
      return words(dice.one([1, 2]), [path, 'octet', ...Array.from({ length: 40 }, () => dice.one(VALUES))]);
    case 3:
    case 4:
    case 5:
      return changed(dice, request());
    case 6:
    case 7:
      return request().subarray(0, dice.below(64));
    case 8:
    case 9:
    case 10:
      return answer(dice);
    case 11:
    case 12:
      return changed(dice, answer(dice));
    default:
      return dice.bytes(dice.below(dice.one([8, 64, 600, 2_000])));
  }
}

/** @param {number} opcode @param {readonly string[]} texts */
function words(opcode, texts) {
  return Buffer.concat([Buffer.from([0, opcode]), ...texts.map((text) => Buffer.from(`${text}\0`, 'latin1'))]);
}

/** @param {Dice} dice */
function options(dice) {
  return Array.from({ length: dice.below(6) }, () => [dice.one(OPTIONS), dice.one(VALUES)]).flat();
}

/** An acknowledgement, a block, an error or an offer of nothing in particular. @param {Dice} dice */
function answer(dice) {
  const block = dice.one([0, 0, 1, 2, 16, 17, 0x7fff, 0xffff]);
  return Buffer.from([0, dice.one([3, 4, 4, 4, 5, 6]), block >> 8, block & 0xff, ...dice.bytes(dice.below(20))]);
}

/** @param {Dice} dice @param {Buffer} packet */
function changed(dice, packet) {
  for (let times = 1 + dice.below(5); times > 0; times -= 1) packet[dice.below(packet.length)] = dice.below(256);
  return packet;
}

class Source {
  #socket = createSocket('udp4');
  #dice;
  left = DATAGRAMS_EACH;

  /** @param {Dice} dice */
  constructor(dice) {
    this.#dice = dice;
    this.#socket.on('error', () => undefined);
    // Some of what it gets it answers, and some of that is what a client would say.
    this.#socket.on('message', (_, from) => {
      if (dice.below(4) === 0)
        this.send(dice.one([Buffer.from([0, 4, 0, 0]), answer(dice), changed(dice, answer(dice))]), from);
    });
  }

  bind() {
    const dice = this.#dice;
    const address = `127.${1 + dice.below(250)}.${dice.below(250)}.${1 + dice.below(250)}`;
    return new Promise((resolve) => this.#socket.bind(0, address, () => resolve(undefined)));
  }

  /** @param {Buffer} packet @param {{ address: string, port: number }} to */
  send(packet, { address, port }) {
    this.#socket.send(packet, port, address);
  }

  close() {
    this.#socket.close();
  }
}

/** @param {Flood} flood */
async function run({ host, port, path, count, seed }) {
  const dice = new Dice(seed);
  const to = { address: host, port };
  /** @type {Source[]} */
  const sources = [];
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    for (let datagram = 0; datagram < AT_ONCE; datagram += 1) {
      if (sources.length < SOURCES) {
        const source = new Source(dice);
        await source.bind();
        sources.push(source);
      }
      const source = dice.one(sources);
      source.send(hostile(dice, path), to);
      source.left -= 1;
      if (source.left > 0) continue;
      sources.splice(sources.indexOf(source), 1);
      source.close();
    }
    // As fast as a server takes it, or most would be lost before anybody sees it.
    await sleep(1);
  }
  for (const source of sources) source.close();
}

await run(/** @type {Flood} */ (JSON.parse(process.argv[2] ?? '')));
