import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * A client of UDP, for a network of its own: `node udp-exchange.js JSON` sends packets from an address, as to a broadcast one,
 * and ends when as many have come from one server; it prints all that has come there, a line each.
 * @typedef {{ address: string, port: number, to: { address: string, port: number }, packets: string[],
 *   from: string, count: number }} Wanted `packets`: in hex
 */
const { address, port, to, packets, from, count } = /** @type {Wanted} */ (JSON.parse(process.argv[2] ?? '{}'));
const LONGEST_MILLISECONDS = 20_000;

let left = count;
// What is bound to an address hears no broadcasts, and what is not knows no way for them.
const own = await opened(address);
const sockets = [own, await opened('0.0.0.0')];
own.setBroadcast(true);
for (const socket of sockets)
  socket.on('message', (bytes, peer) => {
    process.stdout.write(`${JSON.stringify({ address: peer.address, port: peer.port, hex: bytes.toString('hex') })}\n`);
    if (peer.address === from) left -= 1;
    if (left === 0) end();
  });
const timer = setTimeout(end, LONGEST_MILLISECONDS);
for (const packet of packets) own.send(Buffer.from(packet, 'hex'), to.port, to.address);

function end() {
  clearTimeout(timer);
  for (const socket of sockets) socket.close();
}

/** @param {string} at */
async function opened(at) {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const listening = once(socket, 'listening');
  socket.bind(port, at);
  await listening;
  return socket;
}
