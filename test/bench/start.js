import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { buildExecutable } from '../../deploy/package/executable.js';
import { Segment } from '../setup/segment.js';
import { allInTurn, figure, median, printTable, ratioOf } from './figures.js';
import { MIB, withLab } from './lab.js';

const CLIENT = fileURLToPath(new URL('start-client.js', import.meta.url));
const SERVER = '10.77.0.1';
const [PORT, PEERS_PORT] = [8080, 8079];
/** `rest`: seconds, after which what a start has left is given back. */
const SIZES = { full: { rounds: 9, rest: 35 }, smoke: { rounds: 1, rest: 0 } };

/** @typedef {import('./start-client.js').StartMeasured} StartMeasured */

/**
 * From the start of the packaged program to its first answer, with all listeners on, beside a bare server of Node's; and what both have
 * resident after half a minute without work.
 * @param {{ smoke: boolean }} options
 */
export async function benchStart({ smoke }) {
  const { rounds, rest } = smoke ? SIZES.smoke : SIZES.full;
  await withLab(async (lab) => {
    const program = join(lab.folder, 'bootlayer');
    const work = join(lab.folder, 'work');
    mkdirSync(work);
    await buildExecutable(program, work);
    const ours = { command: [program, 'serve', '-c', await writeConfiguration(lab.folder)], url: urlOf(PORT) };
    const bare = `require('node:http').createServer((_, answer) => answer.end()).listen(${PEERS_PORT}, '${SERVER}')`;
    const peer = { command: [process.execPath, '-e', bare], url: urlOf(PEERS_PORT) };
    const segment = lab.started(await Segment.start(`${SERVER}/16`));
    // Nobody answers DHCP on a bridge that is down.
    await segment.addHost('10.77.0.2/16');
    const started = async (/** @type {typeof ours} */ server, seconds = 0) => {
      const job = JSON.stringify({ ...server, rest: seconds });
      const { status, out } = await segment.network.run([process.execPath, CLIENT, job], { seconds: 90 });
      if (status !== 0) throw new Error(`${server.command[0]} was not measured: ${status}\n${out}`);
      /** @type {StartMeasured} */
      const measured = JSON.parse(out);
      return measured;
    };
    // The first start unpacks what the file carries.
    await started(ours);
    const starts = await allInTurn(rounds, [() => started(ours), () => started(peer)]);
    report(starts, await allInTurn(1, [() => started(ours, rest), () => started(peer, rest)]));
  });
}

/** @param {StartMeasured[][]} starts @param {StartMeasured[][]} idle ours first */
function report([starts = [], peers = []], [idle = [], idlePeers = []]) {
  const milliseconds = (/** @type {StartMeasured} */ one) => one.milliseconds;
  const mebibytes = (/** @type {StartMeasured} */ { residentBytes }) => residentBytes / MIB;
  const row = (/** @type {string} */ name, mine = starts, theirs = peers, of = milliseconds) => [
    name,
    figure(median(mine.map(of))),
    figure(median(theirs.map(of))),
    figure(ratioOf(mine, theirs, of)),
  ];
  printTable(
    'the packaged program with all listeners, against a bare server of Node',
    ['from start to first answer, and then', 'bootlayer', 'node', 'ratio'],
    [row('first answer, ms'), row('resident when idle, MiB', idle, idlePeers, mebibytes)],
  );
}

/** @param {number} port */
function urlOf(port) {
  return `http://${SERVER}:${port}/healthz`;
}

/** Everything that answers anybody. @param {string} folder @returns {Promise<string>} its file */
async function writeConfiguration(folder) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: SERVER }], { keySize: 2_048 });
  const write = (/** @type {string} */ name, /** @type {string} */ text) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const pair = `{ cert: "${write('cert.pem', cert)}", key: "${write('key.pem', key)}", listen: "${SERVER}:8443" }`;
  const tokens = write('tokens', `admin ${'0123456789abcdef'.repeat(2)}\n`);
  return write(
    'bootlayer.yaml',
    [
      `advertise: ${SERVER}`,
      'data: data',
      `http: { listen: "${SERVER}:${PORT}", tls: ${pair} }`,
      `tftp: { listen: "${SERVER}:69" }`,
      'dhcp: { mode: server, subnets: [{ subnet: 10.77.0.0/16, range: 10.77.1.0-10.77.2.255, lease: 1h }] }',
      `api: { listen: "${SERVER}:8081", tokenFile: "${tokens}" }`,
      'assignments: [{ name: all, match: {}, image: "registry.example/os:1" }]',
    ].join('\n'),
  );
}
