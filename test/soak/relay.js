import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { readReply, xidOf } from './firmware-packets.js';

/** @typedef {import('./firmware-packets.js').Reply} Reply */

const TRY_MILLISECONDS = 1_000;
const RECV_BUFFER_BYTES = 4 * 1024 * 1024;

/** The relay of the machines' segment, by which all of them speak DHCP. */
export class Relay {
  #socket = createSocket({ type: 'udp4', recvBufferSize: RECV_BUFFER_BYTES });
  #weather;
  #server;
  #asked = 0;
  /** By xid. @type {Map<number, (reply: Reply) => void>} */
  #waiting = new Map();

  /** @param {import('./weather.js').Weather} weather @param {string} server */
  constructor(weather, server) {
    this.#weather = weather;
    this.#server = server;
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (bytes) => {
      const reply = readReply(bytes);
      if (reply === undefined) return;
      this.#weather.through(() => this.#waiting.get(xidOf(bytes))?.(reply));
    });
  }

  /** @param {string} address @returns {Promise<void>} */
  open(address) {
    return new Promise((resolve) => this.#socket.bind(67, address, resolve));
  }

  close() {
    this.#socket.close();
  }

  /** One that no other exchange has. */
  newXid() {
    this.#asked += 1;
    return this.#asked;
  }

  /** Says so once, whoever hears it. @param {Buffer} bytes */
  send(bytes) {
    this.#weather.through(() => this.#socket.send(bytes, 67, this.#server, () => undefined));
  }

  /**
   * Says so until it is answered by one of these types, so many times at most; `sent`: called each time.
   * @param {Buffer} bytes @param {{ types: readonly number[], tries: number, sent: () => void }} how
   * @returns {Promise<Reply | undefined>}
   */
  async exchange(bytes, { types, tries, sent }) {
    const xid = xidOf(bytes);
    /** @type {Reply | undefined} */
    let heard;
    const ending = new AbortController();
    this.#waiting.set(xid, (reply) => {
      if (!types.includes(reply.type)) return;
      heard ??= reply;
      ending.abort();
    });
    for (let times = 0; times < tries && heard === undefined; times += 1) {
      sent();
      this.send(bytes);
      await sleep(TRY_MILLISECONDS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    this.#waiting.delete(xid);
    return heard;
  }
}
