/**
 * A relay before very many machines that does as little as possible, so that what is measured is the server: it sends DISCOVERs
 * of OVMF, each of another machine, so many unanswered at once, and counts the OFFERs; or takes each of them, and counts the
 * ACKs. Run as a process of its own by `dhcp.js` and `leases.js`.
 */
import { createSocket } from 'node:dgram';

/**
 * `relay`: its own address; `first`: which machine comes first, so that no run has those of the one before; `takes`: whether
 * they take what they are offered.
 * @typedef {{ host: string, relay: string, first: number, outstanding: number, milliseconds: number, takes?: boolean }} DhcpJob
 * `lost`: packets that were not answered within half a second; `waits`: for each ACK, in milliseconds, in no order.
 * @typedef {{ seconds: number, offers: number, acks: number, lost: number, waits: number[] }} DhcpLoad
 */

const PORT = 67;
const LOST_MILLISECONDS = 500;
const RECV_BUFFER_BYTES = 4 * 1024 * 1024;
/** Of the machines' addresses; whoever comes again after all of them is another machine to nobody. */
const MACHINES = 40_000;

const AT = { op: 0, xid: 4, giaddr: 24, chaddr: 28, uuid: 287 };
const REPLY = 2;
const [OFFER, ACK] = [2, 5];
/** Of option 53 in what is sent. */
const TYPE_AT = 242;

/** Where an option's value begins, in whichever order a server writes them. @param {Buffer} bytes @param {number} code */
function valueAt(bytes, code) {
  let at = 240;
  while (at < bytes.length && bytes[at] !== code && bytes[at] !== 255)
    at += bytes[at] === 0 ? 1 : 2 + (bytes[at + 1] ?? 0);
  return at + 2;
}

/** What OVMF 2025.02 (amd64) sends, over one relay. @param {string} relay */
function discover(relay) {
  const header = Buffer.alloc(240);
  header.set([1, 1, 6, 1]);
  header.set([0x80], 10);
  header.set(relay.split('.').map(Number), AT.giaddr);
  header.set([0x63, 0x82, 0x53, 0x63], 236);
  const options = Buffer.from(
    `350101 390205c0
    37230102030405060c0d0f111216171c28292a2b3233363a3b3c42436180818283848586 87
    6111 00 010000 77b01a0d4c8e0f000000000001 5e03010300 5d020007
    3c20 505845436c69656e743a417263683a30303030373a554e44493a303033303030 ff`.replaceAll(/\s/g, ''),
    'hex',
  );
  return Buffer.concat([header, options]);
}

/** The same machine takes it. @param {Buffer} bytes of its DISCOVER @param {Buffer} offer */
function request(bytes, offer) {
  const taken = Buffer.alloc(bytes.length + 12);
  bytes.copy(taken, 0, 0, bytes.length - 1);
  taken[TYPE_AT] = 3;
  const at = bytes.length - 1;
  taken.set([50, 4], at);
  // yiaddr, and the server identifier.
  offer.copy(taken, at + 2, 16, 20);
  taken.set([54, 4], at + 6);
  const serverId = valueAt(offer, 54);
  offer.copy(taken, at + 8, serverId, serverId + 4);
  taken[at + 12] = 255;
  return taken;
}

/** @param {DhcpJob} job @returns {Promise<DhcpLoad>} */
function run({ host, relay, first, outstanding, milliseconds, takes = false }) {
  // So that it is the server that loses what is lost.
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECV_BUFFER_BYTES });
  // Each has bytes of its own, which are not sent before they are changed again.
  const slots = Array.from({ length: outstanding }, () => ({
    bytes: discover(relay),
    xid: 0,
    sentAt: 0,
    takes: false,
  }));
  /** @type {DhcpLoad} */
  const load = { seconds: 0, offers: 0, acks: 0, lost: 0, waits: [] };
  let sent = 0;
  const send = (/** @type {(typeof slots)[number]} */ slot, /** @type {number} */ position) => {
    const machine = (first + sent) % MACHINES;
    slot.xid = (0x40000000 + sent * outstanding + position) >>> 0;
    sent += 1;
    slot.bytes.writeUInt32BE(slot.xid, AT.xid);
    slot.bytes.writeUIntBE(0x020000000000 + machine, AT.chaddr, 6);
    slot.bytes.writeUInt32BE(machine, AT.uuid);
    slot.takes = false;
    slot.sentAt = performance.now();
    socket.send(slot.bytes, PORT, host);
  };
  const take = (/** @type {(typeof slots)[number]} */ slot, /** @type {Buffer} */ offer) => {
    slot.takes = true;
    slot.sentAt = performance.now();
    socket.send(request(slot.bytes, offer), PORT, host);
  };
  const answered = (
    /** @type {(typeof slots)[number]} */ slot,
    /** @type {number} */ position,
    /** @type {Buffer} */ bytes,
  ) => {
    const type = bytes[valueAt(bytes, 53)];
    if (type !== (slot.takes ? ACK : OFFER)) return;
    if (takes && !slot.takes) {
      load.offers += 1;
      take(slot, bytes);
      return;
    }
    if (slot.takes) load.waits.push(performance.now() - slot.sentAt);
    load[slot.takes ? 'acks' : 'offers'] += 1;
    send(slot, position);
  };
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.bind(PORT, relay, () => {
      const since = performance.now();
      socket.on('message', (bytes) => {
        const position = bytes.readUInt32BE(AT.xid) % outstanding;
        const slot = slots[position];
        if (bytes[AT.op] !== REPLY || slot === undefined || slot.xid !== bytes.readUInt32BE(AT.xid)) return;
        answered(slot, position, bytes);
      });
      const watch = setInterval(() => {
        const late = performance.now() - LOST_MILLISECONDS;
        for (const [position, slot] of slots.entries()) {
          if (slot.sentAt >= late) continue;
          load.lost += 1;
          send(slot, position);
        }
      }, LOST_MILLISECONDS / 10);
      setTimeout(() => {
        clearInterval(watch);
        socket.close();
        resolve({ ...load, seconds: (performance.now() - since) / 1000 });
      }, milliseconds);
      slots.forEach(send);
    });
  });
}

console.log(JSON.stringify(await run(/** @type {DhcpJob} */ (JSON.parse(process.argv[2] ?? '')))));
