/**
 * Clients that do as little as possible, so that what is measured is the server: each fetches one file again and again and
 * throws the bytes away, until the time is up. Run as a process of its own by `tftp.js`.
 */
import { createSocket } from 'node:dgram';

/**
 * @typedef {{ host: string, port: number, path: string, clients: number, milliseconds: number, blksize: number,
 *   windowsize: number }} TftpJob
 * `stalls`: how often a client heard nothing for a second; `lost`: blocks that came out of order.
 * @typedef {{ seconds: number, bytes: number, files: number, stalls: number, lost: number }} TftpLoad
 */

const [RRQ, DATA, ACK, ERROR, OACK] = [1, 3, 4, 5, 6];
const STALL_MILLISECONDS = 1_000;
const GIVEN_UP = Buffer.from([0, ERROR, 0, 0, ...Buffer.from('the time is up\0')]);

/** Transfers begun so far, by which each gets an address of its own: servers count by address. */
let begun = 0;
let isOver = false;

/** @param {TftpJob} job @returns {Promise<TftpLoad>} */
async function run(job) {
  const load = { seconds: 0, bytes: 0, files: 0, stalls: 0, lost: 0 };
  const since = performance.now();
  setTimeout(() => {
    isOver = true;
  }, job.milliseconds);
  const fetchAgain = async () => {
    while (!isOver) await fetchOnce(job, load);
  };
  await Promise.all(Array.from({ length: job.clients }, fetchAgain));
  return { ...load, seconds: (performance.now() - since) / 1000 };
}

/** @param {TftpJob} job @param {TftpLoad} load @returns {Promise<void>} */
function fetchOnce(job, load) {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const fetching = new Fetching(socket, job, load, (problem) => {
      clearInterval(watch);
      socket.close();
      if (problem === undefined) resolve();
      else reject(problem);
    });
    const watch = setInterval(() => fetching.watch(), STALL_MILLISECONDS / 10);
    socket.on('error', reject);
    socket.on('message', (packet, from) => fetching.got(packet, from.port));
    socket.bind(0, ownAddress(), () => fetching.ask());
  });
}

class Fetching {
  #blksize = 512;
  #windowsize = 1;
  /** Blocks that came in order, and those of them that were acknowledged. */
  #have = 0;
  #acknowledged = 0;
  /** Once for each gap: whoever says so for every block behind it asks for the window again and again. */
  #isGapTold = false;
  #isEnding = false;
  #answersPort = 0;
  #heardAt = performance.now();
  #socket;
  #job;
  #load;
  #end;

  /**
   * @param {import('node:dgram').Socket} socket @param {TftpJob} job @param {TftpLoad} load
   * @param {(problem?: Error) => void} end
   */
  constructor(socket, job, load, end) {
    this.#socket = socket;
    this.#job = job;
    this.#load = load;
    this.#end = end;
  }

  ask() {
    const { host, port, path, blksize, windowsize } = this.#job;
    const words = [path, 'octet', 'blksize', blksize, 'windowsize', windowsize];
    this.#socket.send(Buffer.from(`\0${String.fromCharCode(RRQ)}${words.join('\0')}\0`, 'latin1'), port, host);
  }

  watch() {
    if (performance.now() - this.#heardAt < STALL_MILLISECONDS) return;
    this.#load.stalls += 1;
    this.#heardAt = performance.now();
    if (isOver) this.#end();
    else if (this.#answersPort === 0) this.ask();
    else this.#acknowledge();
  }

  /** @param {Buffer} packet @param {number} port */
  got(packet, port) {
    if (this.#isEnding) return;
    this.#heardAt = performance.now();
    this.#answersPort = port;
    if (packet[1] === DATA) this.#gotBlock(packet.readUInt16BE(2), packet.length - 4);
    else if (packet[1] === OACK) this.#agreed(packet.toString('latin1', 2).split('\0'));
    else this.#end(new Error(`the server says: ${packet.toString('latin1', 4)}`));
  }

  /** @param {readonly string[]} options names and values in turn */
  #agreed(options) {
    const numberOf = (/** @type {string} */ name, /** @type {number} */ otherwise) =>
      options.includes(name) ? Number(options[options.indexOf(name) + 1]) : otherwise;
    this.#blksize = numberOf('blksize', 512);
    this.#windowsize = numberOf('windowsize', 1);
    this.#acknowledge();
  }

  /** @param {number} block @param {number} bytes */
  #gotBlock(block, bytes) {
    if (block !== ((this.#have + 1) & 0xffff)) {
      this.#load.lost += 1;
      if (!this.#isGapTold) this.#acknowledge();
      this.#isGapTold = true;
      return;
    }
    this.#have += 1;
    this.#isGapTold = false;
    this.#load.bytes += bytes;
    const isLast = bytes < this.#blksize;
    if (isLast) this.#load.files += 1;
    if (isOver && !isLast) this.#send(GIVEN_UP);
    else if (isLast || this.#have - this.#acknowledged >= this.#windowsize) this.#acknowledge();
    this.#isEnding = isLast || isOver;
    // Behind what is still on its way out.
    if (this.#isEnding) setImmediate(this.#end);
  }

  #acknowledge() {
    this.#acknowledged = this.#have;
    this.#send(Buffer.from([0, ACK, (this.#have >> 8) & 0xff, this.#have & 0xff]));
  }

  /** @param {Buffer} packet */
  #send(packet) {
    this.#socket.send(packet, this.#answersPort, this.#job.host);
  }
}

/** Of loopback, all of which is this machine's. */
function ownAddress() {
  begun += 1;
  return `127.${100 + ((begun >> 16) & 63)}.${(begun >> 8) & 255}.${1 + (begun & 127)}`;
}

console.log(JSON.stringify(await run(/** @type {TftpJob} */ (JSON.parse(process.argv[2] ?? '')))));
