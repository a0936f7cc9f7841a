/**
 * A client that does as little as possible, so that what is measured is the server: it asks for one path again and again
 * on keep-alive connections and throws the bodies away. Run as a process of its own by `load.js`.
 */
import { connect } from 'node:net';

/**
 * @typedef {{ port: number, path: string, connections: number, requests: number }} Job `requests`: on each connection
 * @typedef {{ seconds: number, bytes: number, latencies: number[] }} Load `latencies`: of each request, in milliseconds
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const READ_BYTES = 256 * 1024;

process.once('message', (/** @type {Job} */ job) => {
  void run(job).then((load) => process.send?.(load, () => process.disconnect()));
});

/** @param {Job} job @returns {Promise<Load>} */
async function run(job) {
  const started = performance.now();
  const all = await Promise.all(Array.from({ length: job.connections }, () => converse(job)));
  return {
    seconds: (performance.now() - started) / 1000,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    latencies: all.flatMap(({ latencies }) => latencies),
  };
}

/** One connection. @param {Job} job @returns {Promise<{ bytes: number, latencies: number[] }>} */
function converse({ port, path, requests }) {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: keep-alive\r\n\r\n`);
  const done = { bytes: 0, latencies: /** @type {number[]} */ ([]) };
  const answer = new Answer();
  return new Promise((resolve, reject) => {
    let asked = performance.now();
    const callback = (/** @type {number} */ count, /** @type {Uint8Array} */ buffer) => {
      try {
        done.bytes += count;
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
      socket.write(request);
      return true;
    };
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer: Buffer.alloc(READ_BYTES), callback } });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`the server closed the connection after ${done.bytes} bytes`)));
    socket.write(request);
  });
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
    if (!head.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(`unexpected answer: ${head}`);
    this.#left = Number(length) - (this.#head.length - end - HEAD_END.length);
    return this.#left <= 0;
  }
}
