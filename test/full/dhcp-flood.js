/**
 * Sends a DHCP server what nobody should, the same each time: noise, packets of firmware cut short or changed, machines that do not
 * exist, one machine that never stops, relays and addresses that are forged, options that hide in one another. Run as a process of
 * its own inside a network namespace: by broadcast, where its card has no address, or from each of its addresses.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from './dice.js';

/**
 * `packets`: of firmware, in hex; `sources`: own addresses; `kinds`: of what is sent, else of all.
 * @typedef {{ host: string, sources: readonly string[], packets: readonly string[], count: number, seed: number,
 *   kinds?: readonly (keyof typeof HOSTILE)[] }} Flood
 */

const AT = { op: 0, hlen: 2, hops: 3, xid: 4, ciaddr: 12, giaddr: 24, chaddr: 28, sname: 44, file: 108, options: 240 };
const [DHCP_PORT, PXE_PORT] = [67, 4011];
/** A second, with the waits between: as fast as a server takes it, or most would be lost before anybody sees it. */
const AT_ONCE = 20;
/** Nobody has them, or nobody should be sent to. */
const FORGED = ['10.9.9.9', '127.0.0.1', '255.255.255.255', '224.0.0.1', '0.0.0.1', '192.168.77.1', '192.168.77.255'];

/** @satisfies {Record<string, (dice: Dice, packet: Buffer) => Buffer>} `packet`: of firmware, to be changed */
const HOSTILE = {
  noise: (dice) => dice.bytes(dice.below(dice.one([2, 64, 600, 2_000]))),
  changed: (dice, packet) => {
    for (let times = 1 + dice.below(20); times > 0; times -= 1) packet[dice.below(packet.length)] = dice.below(256);
    return packet;
  },
  cut: (dice, packet) => packet.subarray(0, dice.below(packet.length)),
  /** Machines without end. */
  machines: forged,
  /** One of them for ever. */
  oneMachine: (dice, packet) => {
    forged(dice, packet);
    packet.writeUIntBE(0x525400666666, AT.chaddr, 6);
    return packet;
  },
  relays: (dice, packet) => forgedAddress(dice, forged(dice, packet), AT.giaddr),
  addresses: (dice, packet) => forgedAddress(dice, forged(dice, packet), AT.ciaddr),
  /** Options in thousands of pieces, of all lengths, and 82 as long as it can be. */
  options: (dice, packet) => {
    const length = dice.one([0, 1, 7, 255]);
    const piece = Buffer.concat([
      Buffer.from([dice.one([0, 43, 60, 77, 82, 93, 97, 175]), length]),
      dice.bytes(length),
    ]);
    const pieces = Array.from({ length: dice.below(Math.floor(1_200 / piece.length)) }, () => piece);
    return Buffer.concat([forged(dice, packet).subarray(0, -1), ...pieces]);
  },
  overload: (dice, packet) => {
    dice.bytes(64).copy(packet, AT.sname);
    Buffer.from([52, 1, dice.below(5), 53, 1, dice.below(9), 60, 200]).copy(packet, AT.file);
    const value = dice.one([[], [3], [1], [2], [255], [3, 3]]);
    return Buffer.concat([
      packet.subarray(0, AT.options),
      Buffer.from([52, value.length, ...value]),
      packet.subarray(AT.options),
    ]);
  },
  huge: (dice, packet) =>
    dice.below(20) === 0 ? Buffer.concat([packet, Buffer.alloc(20_000, dice.below(256))]) : packet,
};

/** @param {Dice} dice @param {Buffer} packet */
function forged(dice, packet) {
  packet.writeUInt32BE(dice.below(0xffffffff), AT.xid);
  packet.writeUIntBE(0x020000000000 + dice.below(0xffffffff), AT.chaddr, 6);
  // Of OVMF's packets and iPXE's alike, what they begin with is in all of them.
  const uuid = packet.indexOf(Buffer.from('61110001000077b01a', 'hex'), AT.options);
  if (uuid !== -1) packet.writeUInt32BE(dice.below(0xffffffff), uuid + 4);
  return packet;
}

/** Half of them are on the segment, where nobody answers for them. @param {Dice} dice @param {Buffer} packet @param {number} at */
function forgedAddress(dice, packet, at) {
  const address = dice.below(2) === 0 ? `192.168.77.${100 + dice.below(100)}` : dice.one(FORGED);
  packet.set(address.split('.').map(Number), at);
  return packet;
}

/** @param {Flood} flood */
async function run({ host, sources, packets, count, seed, kinds }) {
  const dice = new Dice(seed);
  const firmware = packets.map((hex) => Buffer.from(hex, 'hex'));
  const names = kinds ?? /** @type {(keyof typeof HOSTILE)[]} */ (Object.keys(HOSTILE));
  const sockets = await Promise.all(sources.map(open));
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    for (let datagram = 0; datagram < AT_ONCE; datagram += 1) {
      const packet = HOSTILE[dice.one(names)](dice, Buffer.from(dice.one(firmware)));
      dice.one(sockets).send(packet, dice.below(4) === 0 ? PXE_PORT : DHCP_PORT, host);
    }
    await sleep(1);
  }
  for (const socket of sockets) socket.close();
}

/** What is answered is read by nobody. @param {string} address @returns {Promise<import('node:dgram').Socket>} */
function open(address) {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  return new Promise((resolve) =>
    socket.bind(0, address, () => {
      socket.setBroadcast(true);
      resolve(socket);
    }),
  );
}

await run(/** @type {Flood} */ (JSON.parse(process.argv[2] ?? '')));
