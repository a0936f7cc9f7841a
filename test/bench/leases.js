import { inTurn, startDhcpLab } from './dhcp-lab.js';
import { FIRST, LAST, LEASE_PEERS } from './dhcp-peers.js';
import { figure, median, printTable, quantile } from './figures.js';
import { withLab } from './lab.js';

/** @typedef {import('./dhcp-lab.js').Measured} Measured */

const FULL = { rounds: 5, milliseconds: 2_000, outstanding: [1, 64, 512] };
const SMOKE = { rounds: 1, milliseconds: 400, outstanding: [64] };

/** The peers' network, and their range. */
const DHCP = `{ mode: server, allowOtherServers: true, probe: false, subnets: [{ subnet: 10.77.0.0/16, range: ${FIRST}-${LAST}, lease: 1h }] }`;

/**
 * Whole exchanges, DISCOVER to ACK, of UEFI machines behind one relay, each with an address of its own, against the servers that
 * people run. Ours answers when the disk has what it says; the peers do not wait for that.
 * @param {{ smoke: boolean }} options
 */
export async function benchLeases({ smoke }) {
  const sizes = smoke ? SMOKE : FULL;
  await withLab(async (lab) => {
    const { targets, load } = await startDhcpLab(lab, { dhcp: DHCP, peers: LEASE_PEERS });
    const rows = [];
    const waits = [];
    const work = { ...sizes, takes: true };
    for (const target of targets)
      await load(target, { ...work, outstanding: 64, milliseconds: sizes.milliseconds / 4 });
    for (const outstanding of sizes.outstanding) {
      const measured = await inTurn(sizes.rounds, targets, (one) => load(one, { ...work, outstanding }));
      rows.push([String(outstanding), ...rateColumns(measured)]);
      waits.push([String(outstanding), ...waitColumns(measured)]);
    }
    const peers = targets.slice(1).map(({ name }) => name);
    const cpu = peers.map((name) => `${name} us`);
    printTable(
      'DISCOVER to ACK: exchanges/s of ours, the ratio to each peer, and processor time',
      ['outstanding', 'exchanges/s', ...peers, 'lost', ...peers.map((name) => `${name} lost`), 'cpu us', ...cpu],
      rows,
    );
    const names = ['ours', ...peers];
    printTable(
      'REQUEST to ACK, milliseconds: half of them within, and 99 of 100 within; only ours is on the disk by then',
      ['outstanding', ...names.map((name) => `${name} p50`), ...names.map((name) => `${name} p99`)],
      waits,
    );
  });
}

/** @param {readonly (readonly Measured[])[]} measured */
function rateColumns([ours = [], ...peers]) {
  const rate = (/** @type {Measured | undefined} */ load) =>
    load === undefined ? Number.NaN : load.acks / load.seconds;
  const microseconds = (/** @type {readonly Measured[]} */ loads) =>
    figure(median(loads.map((load) => (Math.max(load.processorSeconds, 0.01) * 1e6) / load.acks)));
  return [
    figure(median(ours.map(rate))),
    ...peers.map((peer) => figure(median(peer.map((load, round) => rate(ours[round]) / rate(load))))),
    ...[ours, ...peers].map((loads) => String(loads.reduce((sum, { lost }) => sum + lost, 0))),
    ...[ours, ...peers].map(microseconds),
  ];
}

/** @param {readonly (readonly Measured[])[]} measured */
function waitColumns(measured) {
  const of = (/** @type {number} */ share) =>
    measured.map((loads) =>
      figure(
        quantile(
          loads.flatMap(({ waits }) => waits),
          share,
        ),
      ),
    );
  return [...of(0.5), ...of(0.99)];
}
