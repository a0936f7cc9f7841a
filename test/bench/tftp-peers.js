import { program } from '../setup/parts.js';
import { ChildProcess } from '../setup/process.js';

/**
 * The TFTP servers that people run, each with an address of its own and the same folder: dnsmasq's port is always 69.
 * @typedef {{ name: 'atftpd' | 'tftpd-hpa' | 'dnsmasq', host: string, port: number }} TftpPeer
 */

const PORT = 69;
const MOST_CLIENTS = 500;
/** @type {Record<TftpPeer['name'], { host: string, options: (host: string, root: string) => readonly string[] }>} */
const PEERS = {
  atftpd: {
    host: '127.0.0.2',
    options: (host, root) => [
      ...['--daemon', '--no-fork', '--user', 'root.root', '--bind-address', host, '--port', String(PORT)],
      ...['--maxthread', String(MOST_CLIENTS), '--no-multicast', '--verbose=3', root],
    ],
  },
  'tftpd-hpa': {
    host: '127.0.0.3',
    options: (host, root) => ['--foreground', '-4', '--address', `${host}:${PORT}`, '--secure', '-u', 'root', root],
  },
  dnsmasq: {
    host: '127.0.0.4',
    options: (host, root) => [
      ...['--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--port=0', '--quiet-tftp'],
      ...['--enable-tftp', `--tftp-root=${root}`, `--tftp-max=${MOST_CLIENTS}`],
      ...['--bind-interfaces', `--listen-address=${host}`],
    ],
  },
};

/** They change their user, which tftpd-hpa can do as root alone. @param {boolean} isRoot */
export function tftpPeersOf(isRoot) {
  /** @type {TftpPeer[]} */
  const all = [];
  for (const name of /** @type {const} */ (['atftpd', 'tftpd-hpa', 'dnsmasq']))
    if (isRoot || name !== 'tftpd-hpa') all.push({ name, host: PEERS[name].host, port: PORT });
  return all;
}

/**
 * Nobody knows when one of them listens: ask it.
 * @param {TftpPeer} peer @param {string} root the folder it serves @param {readonly string[]} within
 */
export function startTftpPeer({ name, host }, root, within) {
  const { command, libraryPath } = program(name);
  const [first = '', ...rest] = [...within, command, ...PEERS[name].options(host, root)];
  return new ChildProcess(first, rest, { name, env: { ...process.env, LD_LIBRARY_PATH: libraryPath } });
}
