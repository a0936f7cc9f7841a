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

const job = /** @type {TftpJob} */ (JSON.parse(process.argv[2] ?? ''));
console.log(JSON.stringify(await run(job)));

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
function fetchOnce({ host, port, path, blksize, windowsize }, load) {
  const socket = createSocket('udp4');
  const options = ['blksize', blksize, 'windowsize', windowsize];
  const request = Buffer.from(`\0${String.fromCharCode(RRQ)}${[path, 'octet', ...options].join('\0')}\0`, 'latin1');
  let agreed = { blksize: 512, windowsize: 1 };
  /** Blocks that came in order, and those of them that were acknowledged. */
  let have = 0;
  let acknowledged = 0;
  /** One for each gap: whoever says so for every block behind it asks for the window again and again. */
  let isGapTold = false;
  let answersPort = 0;
  let heardAt = performance.now();
  return new Promise((resolve, reject) => {
    const end = (/** @type {Error | undefined} */ problem) => {
      clearInterval(watch);
      socket.close();
      if (problem === undefined) resolve();
      else reject(problem);
    };
    const acknowledge = () => {
      acknowledged = have;
      socket.send(Buffer.from([0, ACK, (have >> 8) & 0xff, have & 0xff]), answersPort, host);
    };
    const watch = setInterval(() => {
      if (performance.now() - heardAt < STALL_MILLISECONDS) return;
      load.stalls += 1;
      heardAt = performance.now();
      if (isOver) end(undefined);
      else if (answersPort === 0) socket.send(request, port, host);
      else acknowledge();
    }, 100);
    socket.on('error', end);
    socket.on('message', (packet, from) => {
      heardAt = performance.now();
      answersPort = from.port;
      const opcode = packet[1];
      if (opcode === DATA) {
        if (packet.readUInt16BE(2) !== ((have + 1) & 0xffff)) {
          load.lost += 1;
          if (!isGapTold) acknowledge();
          isGapTold = true;
          return;
        }
        have += 1;
        isGapTold = false;
        load.bytes += packet.length - 4;
        const isLast = packet.length - 4 < agreed.blksize;
        if (isOver && !isLast) {
          socket.send(GIVEN_UP, answersPort, host, () => end(undefined));
          return;
        }
        if (isLast || have - acknowledged >= agreed.windowsize) acknowledge();
        if (isLast) {
          load.files += 1;
          // Behind what is still on its way out.
          setImmediate(() => end(undefined));
        }
      } else if (opcode === OACK) {
        agreed = agreedOn(packet);
        acknowledge();
      } else {
        end(new Error(`the server says: ${packet.toString('latin1', 4)}`));
      }
    });
    socket.bind(0, ownAddress(), () => socket.send(request, port, host));
  });
}

/** @param {Buffer} oack */
function agreedOn(oack) {
  const texts = oack.toString('latin1', 2).split('\0');
  const valueOf = (/** @type {string} */ name) => texts[texts.findIndex((text) => text.toLowerCase() === name) + 1];
  const of = (/** @type {string} */ name, /** @type {number} */ otherwise) =>
    texts.includes(name) ? Number(valueOf(name)) : otherwise;
  return { blksize: of('blksize', 512), windowsize: of('windowsize', 1) };
}

/** Of loopback, all of which is this machine's. */
function ownAddress() {
  begun += 1;
  return `127.${100 + ((begun >> 16) & 63)}.${(begun >> 8) & 255}.${1 + (begun & 127)}`;
}
