import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busyboxProgram, cloudInitRoot } from './parts.js';

const BOOT = fileURLToPath(new URL('cloud-init.sh', import.meta.url));

/**
 * @typedef {{
 *   network: import('./network-namespace.js').NetworkNamespace,
 *   folder: string,
 *   commandLine: string,
 *   release?: import('./parts.js').CloudInitRelease,
 *   seconds?: number,
 * }} CloudInitBoot `network`: where it asks; `folder`: the machine's disk, empty before its first boot; `commandLine`: the kernel's,
 *   `ds=nocloud-net;s=http://192.168.77.1/seed/`; `release`: the oldest, unless told; `seconds`: that it may take in all
 * @typedef {{
 *   status: number | string,
 *   out: string,
 *   result: { datasource: string | null, errors: string[] } | undefined,
 *   instanceId: string | undefined,
 *   hostname: string | undefined,
 *   userData: string | undefined,
 *   vendorData: string | undefined,
 *   networkConfig: unknown,
 *   log: string,
 *   file: (path: string) => string | undefined,
 * }} CloudInitBooted `result`: its own, which is there when it came to its end; `networkConfig`: as it was told, of those that ask for
 *   it; `hostname`: the kernel's, after it; `file`: one that it left, by its path on the machine
 */

/**
 * Debian's cloud-init through one boot of a machine, without the machine.
 * @param {CloudInitBoot} boot
 * @returns {Promise<CloudInitBooted>}
 */
export async function bootCloudInit({ network, folder, commandLine, release = 'bookworm', seconds = 300 }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'cmdline'), `BOOT_IMAGE=vmlinuz ${commandLine}\n`);
  const isolated = ['unshare', '--mount', '--pid', '--uts', '--fork', '--kill-child', '--'];
  const command = [...isolated, 'sh', BOOT, folder, cloudInitRoot(release), busyboxProgram()];
  const ran = await network.run(command, { seconds });
  const file = (/** @type {string} */ path) => readIfThere(join(folder, path));
  const instanceId = file('var/lib/cloud/data/instance-id')?.trim();
  const ofInstance = (/** @type {string} */ name) => file(join('var/lib/cloud/instances', instanceId ?? '', name));
  /** @type {{ v1: NonNullable<CloudInitBooted['result']> } | undefined} */
  const result = parsed(file('last-run/cloud-init/result.json'));
  return {
    ...ran,
    result: result?.v1,
    instanceId,
    hostname: file('last-hostname')?.trim(),
    userData: ofInstance('user-data.txt'),
    vendorData: ofInstance('vendor-data.txt'),
    networkConfig: parsed(ofInstance('network-config.json')),
    log: file('var/log/cloud-init.log') ?? '',
    file,
  };
}

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** @template T @param {string | undefined} text @returns {T | undefined} */
function parsed(text) {
  return text === undefined ? undefined : /** @type {T} */ (JSON.parse(text));
}
