import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDnsmasq } from '../setup/dnsmasq.js';
import { program } from '../setup/parts.js';
import { ChildProcess } from '../setup/process.js';

/** @typedef {import('../setup/network-namespace.js').NetworkNamespace} NetworkNamespace */

/**
 * The DHCP servers that people run, told to boot their machines. None of them writes a line for each request.
 * `network`: in which it is alone, with the card eth0.
 * @typedef {{ name: string, process: ChildProcess, stop: () => Promise<unknown> }} DhcpPeer
 * @typedef {(network: NetworkNamespace, folder: string) => Promise<DhcpPeer>} StartPeer
 * @type {Record<string, StartPeer>}
 */
export const DHCP_PEERS = {
  /** Beside another server, as ours. */
  'dnsmasq proxy': (network) =>
    dnsmasq('dnsmasq proxy', network, [
      'dhcp-range=10.77.0.0,proxy,255.255.0.0',
      'pxe-service=X86-64_EFI,boot,snponly.efi',
    ]),
  /** It gives addresses too. */
  dnsmasq: startLeasing,
  kea: (network, folder) => startKea(network, folder),
};

/**
 * The same, as they are run to give addresses: they keep them in a file, and do not wait until the disk has it. Neither tries
 * an address before it gives it.
 * @type {Record<string, StartPeer>}
 */
export const LEASE_PEERS = {
  dnsmasq: startLeasing,
  kea: (network, folder) =>
    startKea(network, folder, { persist: true, name: join(folder, 'kea-leases4.csv'), 'lfc-interval': 0 }),
};

/** Of the relay's network, more than there are machines. */
export const [FIRST, LAST] = ['10.77.16.0', '10.77.255.250'];

/** @param {NetworkNamespace} network */
function startLeasing(network) {
  return dnsmasq('dnsmasq', network, [
    `dhcp-range=${FIRST},${LAST},255.255.0.0,1h`,
    'dhcp-boot=snponly.efi',
    'dhcp-lease-max=60000',
  ]);
}

/** @param {string} name @param {NetworkNamespace} network @param {readonly string[]} lines */
async function dnsmasq(name, network, lines) {
  const common = ['port=0', 'interface=eth0', 'bind-dynamic', 'user=root', 'quiet-dhcp'];
  const { process: running, stop } = await startDnsmasq(network, [...common, ...lines]);
  return { name, process: running, stop };
}

/** @param {NetworkNamespace} network @param {string} folder @param {object} [kept] */
async function startKea(network, folder, kept = { persist: false }) {
  const own = join(folder, 'kea');
  mkdirSync(own);
  const file = join(own, 'kea.json');
  const settings = {
    'interfaces-config': { interfaces: ['eth0'], 'dhcp-socket-type': 'udp' },
    'lease-database': { type: 'memfile', ...kept },
    subnet4: [
      { id: 1, subnet: '10.77.0.0/16', pools: [{ pool: `${FIRST} - ${LAST}` }], 'boot-file-name': 'snponly.efi' },
    ],
    loggers: [{ name: 'kea-dhcp4', severity: 'INFO', output_options: [{ output: 'stdout' }] }],
  };
  writeFileSync(file, JSON.stringify({ Dhcp4: settings }));
  const { command, libraryPath } = program('kea');
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: libraryPath,
    KEA_PIDFILE_DIR: own,
    KEA_LOCKFILE_DIR: own,
  };
  const [first = '', ...args] = [...network.within, command, '-c', file];
  const kea = new ChildProcess(first, args, { name: 'kea', env });
  try {
    await kea.waitForLine((line) => (line.includes('DHCP4_STARTED') ? true : undefined), 20);
    return { name: 'kea', process: kea, stop: () => kea.stop() };
  } catch (thrown) {
    await kea.stop();
    throw thrown;
  }
}
