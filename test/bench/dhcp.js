import { inTurn, startDhcpLab } from './dhcp-lab.js';
import { DHCP_PEERS } from './dhcp-peers.js';
import { figure, median, printTable } from './figures.js';
import { withLab } from './lab.js';

/** @typedef {import('./dhcp-lab.js').Measured} Measured */

const FULL = { rounds: 5, milliseconds: 2_000, outstanding: [1, 64] };
const SMOKE = { rounds: 1, milliseconds: 200, outstanding: [64] };

/**
 * Offers to UEFI machines behind one relay, against the servers that people run.
 * @param {{ smoke: boolean }} options
 */
export async function benchDhcp({ smoke }) {
  const sizes = smoke ? SMOKE : FULL;
  await withLab(async (lab) => {
    const { targets, load } = await startDhcpLab(lab, { dhcp: '{ mode: proxy }', peers: DHCP_PEERS });
    const rows = [];
    for (const target of targets) await load(target, { outstanding: 64, milliseconds: sizes.milliseconds / 4 });
    for (const outstanding of sizes.outstanding) {
      const measured = await inTurn(sizes.rounds, targets, (one) => load(one, { ...sizes, outstanding }));
      rows.push([String(outstanding), ...columnsOf(measured)]);
    }
    const peers = targets.slice(1).map(({ name }) => name);
    printTable(
      'DISCOVER to OFFER: offers/s of ours, the ratio to each peer, and processor time',
      ['outstanding', 'offers/s', ...peers, 'lost', 'cpu us', ...peers.map((name) => `${name} us`)],
      rows,
    );
  });
}

/** @param {readonly (readonly Measured[])[]} measured */
function columnsOf([ours = [], ...peers]) {
  const rate = (/** @type {Measured | undefined} */ load) =>
    load === undefined ? Number.NaN : load.offers / load.seconds;
  const microseconds = (/** @type {readonly Measured[]} */ loads) =>
    figure(median(loads.map((load) => (Math.max(load.processorSeconds, 0.01) * 1e6) / load.offers)));
  return [
    figure(median(ours.map(rate))),
    ...peers.map((peer) => figure(median(peer.map((load, round) => rate(ours[round]) / rate(load))))),
    String(ours.reduce((sum, { lost }) => sum + lost, 0)),
    ...[ours, ...peers].map(microseconds),
  ];
}
