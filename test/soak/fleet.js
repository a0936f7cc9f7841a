/**
 * Machines that boot again and again: `node fleet.js JSON`, as a process of its own inside the network of their relay. It prints
 * each boot as its machine knows it, a line each, and what it did to datagrams. Noise at SIGUSR2; at SIGTERM nobody begins to boot any
 * more, and it ends when those under way are over.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../full/dice.js';
import { Addresses } from './addresses.js';
import { packetOf } from './firmware-packets.js';
import { REST_MILLISECONDS } from './judge.js';
import { Relay } from './relay.js';
import { SimulatedMachine } from './simulated-machine.js';
import { Weather } from './weather.js';

/**
 * `pause`: the mean from the end of a boot to the next, in milliseconds.
 * @typedef {{ server: string, relayAddress: string, strays: string, machines: import('./simulated-machine.js').Whose[], seed: number,
 *   pause: number }} FleetJob
 * @typedef {{ book: import('./book.js').Book } | { blows: import('./weather.js').Blows, noise: number, underWay: number }} FleetLine
 */

/** So long may boots under way go on that are to be the last. */
const LAST_MILLISECONDS = 45_000;
const TELL_MILLISECONDS = 2_000;
const NOISE = 150;

const job = /** @type {FleetJob} */ (JSON.parse(process.argv[2] ?? ''));
const dice = new Dice(job.seed);
const weather = new Weather(dice);
const ending = new AbortController();
let noise = 0;
let underWay = 0;

/** @param {FleetLine} line */
function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function tellWeather() {
  tell({ blows: weather.blows, noise, underWay });
}

/** @param {import('./simulated-machine.js').SimulatedMachine} machine */
async function live(machine) {
  await pause(dice.below(job.pause));
  while (!ending.signal.aborted) {
    underWay += 1;
    const book = await machine.boot();
    underWay -= 1;
    tell({ book });
    // As often long as short, and so many of them as few.
    await pause(REST_MILLISECONDS + dice.below(2 * job.pause));
  }
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return sleep(milliseconds, undefined, { signal: ending.signal }).catch(() => undefined);
}

/** What is no DHCP, no TFTP and no HTTP, from where machines are, and packets of firmware that are cut short or changed. */
async function makeNoise() {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.bind(0, job.strays, () => resolve(undefined)));
  for (let times = 0; times < NOISE; times += 1) {
    const xid = 0xf0000000 + dice.below(0xfffffff);
    const mac = `02:ee:${[0, 0, 0, 0].map(() => dice.below(256).toString(16).padStart(2, '0')).join(':')}`;
    const packet = packetOf({ mac, xid, relay: job.relayAddress, code: 7, isIpxe: false });
    for (let changes = 1 + dice.below(9); changes > 0; changes -= 1)
      packet[32 + dice.below(packet.length - 32)] = dice.below(256);
    const bytes = dice.one([packet, packet.subarray(0, dice.below(packet.length)), dice.bytes(1 + dice.below(700))]);
    socket.send(bytes, dice.one([67, 69, 4011]), job.server, () => undefined);
    noise += 1;
    await sleep(5);
  }
  const garbage = connect({ port: 8080, host: job.server, localAddress: job.strays });
  garbage.on('error', () => undefined);
  garbage.end(dice.bytes(900));
  garbage.setTimeout(5_000, () => garbage.destroy());
  socket.close();
}

const relay = new Relay(weather, job.server);
await relay.open(job.relayAddress);
process.on('SIGUSR2', () => void makeNoise());
process.once('SIGTERM', () => {
  ending.abort();
  setTimeout(() => {
    process.stderr.write(`${underWay} machines do not come to an end\n`);
    process.exit(1);
  }, LAST_MILLISECONDS).unref();
});
const telling = setInterval(tellWeather, TELL_MILLISECONDS);
const around = { ...job, relay, weather, dice, addresses: new Addresses() };
await Promise.all(job.machines.map((whose) => live(new SimulatedMachine(whose, around))));
clearInterval(telling);
tellWeather();
relay.close();
