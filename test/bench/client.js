/**
 * A client that does as little as possible, so that what is measured is the server: it asks for one path again and again
 * on keep-alive connections and throws the bodies away. Run as a process of its own by `load.js`.
 */
import { connect } from 'node:net';

/**
 * `requests`: on each connection; `range`: parts of so many bytes, here and there in so many; `least`: of parts of several sizes.
 * @typedef {{ bytes: number, of: number, least?: number }} Range
 * @typedef {{ port: number, path: string, connections: number, requests: number, range?: Range }} Job
 * `latencies`: of each request, to its last byte and to its first, in milliseconds.
 * @typedef {{ seconds: number, bytes: number, latencies: number[], firsts: number[] }} Load
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const READ_BYTES = 256 * 1024;

process.once('message', (/** @type {Job} */ job) => {
  void run(job).then((load) => process.send?.(load, () => process.disconnect()));
});

/** @param {Job} job @returns {Promise<Load>} */
async function run(job) {
  const started = performance.now();
  const all = await Promise.all(Array.from({ length: job.connections }, (_, connection) => converse(job, connection)));
  return {
    seconds: (performance.now() - started) / 1000,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    latencies: all.flatMap(({ latencies }) => latencies),
    firsts: all.flatMap(({ firsts }) => firsts),
  };
}

/** One connection. @param {Job} job @param {number} connection @returns {Promise<Omit<Load, 'seconds'>>} */
function converse({ port, path, requests, range }, connection) {
  const done = { bytes: 0, latencies: /** @type {number[]} */ ([]), firsts: /** @type {number[]} */ ([]) };
  const request = () => {
    const part = range === undefined ? '' : `Range: ${partOf(range, connection, done.latencies.length)}\r\n`;
    return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n${part}Connection: keep-alive\r\n\r\n`);
  };
  const answer = new Answer();
  return new Promise((resolve, reject) => {
    let asked = performance.now();
    const callback = (/** @type {number} */ count, /** @type {Uint8Array} */ buffer) => {
      try {
        done.bytes += count;
        if (done.firsts.length === done.latencies.length) done.firsts.push(performance.now() - asked);
        if (!answer.isWholeWith(buffer.subarray(0, count))) return true;
      } catch (thrown) {
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        return false;
      }
      done.latencies.push(performance.now() - asked);
      if (done.latencies.length === requests) {
        socket.destroy();
        resolve(done);
        return false;
      }
      answer.reset();
      asked = performance.now();
      socket.write(request());
      return true;
    };
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer: Buffer.alloc(READ_BYTES), callback } });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`the server closed the connection after ${done.bytes} bytes`)));
    socket.write(request());
  });
}

/** Here and there, and the same each time. @param {Range} range @param {number} connection @param {number} count */
function partOf({ bytes, of, least = bytes }, connection, count) {
  const slots = Math.max(1, Math.floor(of / bytes));
  const first = ((connection * 7_919 + count * 104_729) % slots) * bytes;
  const length = least + ((count * 7_919) % (bytes - least + 1));
  return `bytes=${first}-${first + length - 1}`;
}

/** Where an answer with a Content-Length ends. */
class Answer {
  /** @type {Buffer} */
  #head = Buffer.alloc(0);
  /** Bytes of the body that are still to come; undefined while the head is. @type {number | undefined} */
  #left;

  reset() {
    this.#head = Buffer.alloc(0);
    this.#left = undefined;
  }

  /** @param {Uint8Array} bytes what came next @returns {boolean} */
  isWholeWith(bytes) {
    if (this.#left !== undefined) {
      this.#left -= bytes.length;
      return this.#left <= 0;
    }
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(HEAD_END);
    if (end === -1) return false;
    const head = this.#head.toString('latin1', 0, end);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (!/^HTTP\/1\.1 20[06] /.test(head) || length === undefined) throw new Error(`unexpected answer: ${head}`);
    this.#left = Number(length) - (this.#head.length - end - HEAD_END.length);
    return this.#left <= 0;
  }
}
