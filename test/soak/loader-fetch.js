import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A file by TFTP in blocks of so many bytes (RFC 1350, 2348), through the weather; `most`: goes away after so many blocks.
 * @typedef {{ address: string, server: string, file: string, blksize: number, tries: number, most?: number }} Wanted
 */

const [RRQ, DATA, ACK, ERROR, OACK] = [1, 3, 4, 5, 6];
const TRY_MILLISECONDS = 700;

/**
 * Its bytes; undefined where it was not given, as while a server is not there. Throws where the server refuses it.
 * @param {Wanted} wanted @param {import('./weather.js').Weather} weather
 * @returns {Promise<Buffer | undefined>}
 */
export async function fetchLoader(wanted, weather) {
  for (let times = 0; times < wanted.tries; times += 1) {
    const bytes = await new Fetching(wanted, weather).run();
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

/** One transfer from a port of its own. */
class Fetching {
  #socket = createSocket('udp4');
  #wanted;
  #weather;
  #blksize = 512;
  /** @type {Buffer[]} */
  #blocks = [];
  #port = 0;
  #heard = performance.now();
  #isOver = false;
  /** @type {Error | undefined} */
  #refused;

  /** @param {Wanted} wanted @param {import('./weather.js').Weather} weather */
  constructor(wanted, weather) {
    this.#wanted = wanted;
    this.#weather = weather;
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (bytes, { port }) => weather.through(() => this.#got(bytes, port)));
  }

  async run() {
    await new Promise((resolve) => this.#socket.bind(0, this.#wanted.address, () => resolve(undefined)));
    const { file, blksize } = this.#wanted;
    const asking = Buffer.from(`\0${String.fromCharCode(RRQ)}${file}\0octet\0blksize\0${blksize}\0`, 'latin1');
    let silences = 0;
    for (let sentAt = 0; !this.#isOver && silences < 5; await sleep(10)) {
      if (performance.now() - Math.max(sentAt, this.#heard) < TRY_MILLISECONDS && sentAt !== 0) continue;
      if (sentAt !== 0) silences += 1;
      sentAt = performance.now();
      if (this.#port === 0) this.#send(asking, 69);
      else this.#acknowledge();
    }
    // Its last word may be on its way.
    await sleep(this.#isOver ? 50 : 0);
    this.#socket.close();
    if (this.#refused !== undefined) throw this.#refused;
    return this.#isOver ? Buffer.concat(this.#blocks) : undefined;
  }

  /** @param {Buffer} bytes @param {number} port */
  #got(bytes, port) {
    if (this.#port !== 0 && port !== this.#port) return;
    this.#heard = performance.now();
    if (bytes[1] === OACK) {
      this.#port = port;
      this.#blksize = this.#wanted.blksize;
      if (this.#blocks.length === 0) this.#acknowledge();
    } else if (bytes[1] === DATA) {
      this.#port = port;
      this.#gotBlock(bytes);
    } else if (bytes[1] === ERROR && !this.#isOver) {
      this.#refused = new Error(`TFTP refuses ${this.#wanted.file}: ${bytes.toString('latin1', 4)}`);
      this.#isOver = true;
    }
  }

  /** @param {Buffer} bytes */
  #gotBlock(bytes) {
    const block = bytes.readUInt16BE(2);
    const isNext = block === ((this.#blocks.length + 1) & 0xffff);
    if (!isNext || this.#isOver) {
      // What came twice is told once more only where our word may be lost: RFC 1123, 4.2.3.1.
      if (this.#isOver) this.#acknowledge();
      return;
    }
    this.#blocks.push(Buffer.from(bytes.subarray(4)));
    const isGone = this.#blocks.length === this.#wanted.most;
    if (!isGone) this.#acknowledge();
    if (isGone || bytes.length - 4 < this.#blksize) this.#isOver = true;
  }

  #acknowledge() {
    const block = this.#blocks.length & 0xffff;
    this.#send(Buffer.of(0, ACK, block >> 8, block & 0xff), this.#port);
  }

  /** @param {Buffer} packet @param {number} port */
  #send(packet, port) {
    if (port === 0) return;
    this.#weather.through(() => {
      try {
        this.#socket.send(packet, port, this.#wanted.server, () => undefined);
      } catch {
        // What is late may come when the socket is closed.
      }
    });
  }
}
