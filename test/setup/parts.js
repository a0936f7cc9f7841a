import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrivateApt } from './apt.js';
import { onPath, PARTS } from './command.js';
import { SetupError, step } from './steps.js';

/** @typedef {'amd64' | 'arm64'} Architecture */

/** The payload and the registry are Debian 12's, the firmware Debian 13's: older iPXE has no arm64 and waits long for IPv6. */
const PAYLOAD_RELEASE = 'bookworm';
const FIRMWARE_RELEASE = 'trixie';

/** @type {Record<Architecture, readonly string[]>} */
const PAYLOAD = {
  amd64: ['linux-image-cloud-amd64', 'busybox-static'],
  arm64: ['linux-image-cloud-arm64', 'busybox-static'],
};
const FIRMWARE = ['ipxe', 'ipxe-qemu', 'ovmf', 'qemu-efi-aarch64'];

/** Fetches and unpacks what boots and what serves; nothing of it is installed or started. */
export async function fetchParts() {
  requireDebian();
  const payload = new PrivateApt(PAYLOAD_RELEASE);
  const firmware = new PrivateApt(FIRMWARE_RELEASE);
  /** @type {{ apt: PrivateApt, name: string, architecture: string }[]} */
  const wanted = [
    ...Object.entries(PAYLOAD).flatMap(([architecture, names]) =>
      names.map((name) => ({ apt: payload, name, architecture })),
    ),
    { apt: payload, name: 'docker-registry', architecture: hostArchitecture() },
    // Firmware is for all architectures; any of the private apt's will do to name it by.
    ...FIRMWARE.map((name) => ({ apt: firmware, name, architecture: 'amd64' })),
  ];
  const missing = wanted.filter(
    ({ apt, name, architecture }) => !existsSync(partFolder(apt.release, name, architecture)),
  );
  if (missing.length === 0) return;
  await step(`Debian packages, unpacked in the checkout (${missing.length})`, async () => {
    for (const { apt, name, architecture } of missing) await apt.unpack(name, architecture);
  });
}

/** @param {string} release @param {string} name @param {string} architecture */
function partFolder(release, name, architecture) {
  return join(PARTS, release, `${name}-${architecture}`);
}

/** @param {string} path inside the package */
export function registryProgram(path = 'usr/bin/docker-registry') {
  return join(partFolder(PAYLOAD_RELEASE, 'docker-registry', hostArchitecture()), path);
}

/** @param {'ipxe' | 'ipxe-qemu' | 'ovmf' | 'qemu-efi-aarch64'} name @param {string} path inside the package */
export function firmwareFile(name, path) {
  return join(partFolder(FIRMWARE_RELEASE, name, 'amd64'), path);
}

/** Kernel image, its modules and busybox. @param {Architecture} architecture */
export function payloadParts(architecture) {
  const kernel = partFolder(PAYLOAD_RELEASE, `linux-image-cloud-${architecture}`, architecture);
  const [version = ''] = readdirSync(join(kernel, 'lib/modules'));
  return {
    version,
    vmlinuz: join(kernel, `boot/vmlinuz-${version}`),
    modules: join(kernel, `lib/modules/${version}`),
    busybox: join(partFolder(PAYLOAD_RELEASE, 'busybox-static', architecture), 'bin/busybox'),
  };
}

/** @returns {string} Debian's name */
function hostArchitecture() {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

/** @param {string} [osRelease] */
function requireDebian(osRelease = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '') {
  if (/^ID=debian$/m.test(osRelease) && onPath('apt-get') !== undefined) return;
  throw new SetupError('this is not Debian', 'run it on Debian 12 or newer, in a virtual machine or a container');
}
