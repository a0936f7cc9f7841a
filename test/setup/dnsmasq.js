import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './parts.js';
import { ChildProcess } from './process.js';

/** @typedef {import('./network-namespace.js').NetworkNamespace} NetworkNamespace */

/**
 * A real dnsmasq in a network, ready for the first DISCOVER.
 * @param {NetworkNamespace} network
 * @param {readonly string[]} lines of its configuration, with a `dhcp-range` or a `dhcp-relay`
 */
export async function startDnsmasq(network, lines) {
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-dnsmasq-'));
  const [file, leases] = [join(folder, 'dnsmasq.conf'), join(folder, 'leases')];
  // It would wait three seconds for an answer to its ping before it offers an address.
  writeFileSync(file, `${[...lines, 'no-ping', `dhcp-leasefile=${leases}`].join('\n')}\n`);
  const { command, libraryPath } = program('dnsmasq');
  const [first = '', ...args] = [...network.within, command, '--no-daemon', '-C', file];
  const dnsmasq = new ChildProcess(first, args, {
    name: 'dnsmasq',
    env: { ...process.env, LD_LIBRARY_PATH: libraryPath },
  });
  const stop = async () => {
    await dnsmasq.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await dnsmasq.waitForLine((line) => (/DHCP(?:,| relay) /.test(line) ? true : undefined), 10);
    return { process: dnsmasq, leases, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/**
 * The DHCP server that a site has already: addresses from .100 to .199 of its network, and not a word about booting.
 * @param {NetworkNamespace} network
 * @param {{ card?: string, prefix?: string, more?: readonly string[] }} [options] `prefix`: `192.168.77`
 */
export function startLeaseServer(network, { card = 'eth0', prefix = '192.168.77', more = [] } = {}) {
  const range = `dhcp-range=${prefix}.100,${prefix}.199,255.255.255.0,1h`;
  return startDnsmasq(network, ['port=0', `interface=${card}`, 'bind-dynamic', range, 'log-dhcp', ...more]);
}
