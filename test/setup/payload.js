import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PARTS } from './command.js';
import { cpio } from './cpio.js';
import { modulesInOrder } from './kernel-modules.js';
import { busyboxProgram, payloadParts } from './parts.js';
import { step } from './steps.js';

/** @typedef {import('./parts.js').Architecture} Architecture */

const INIT = new URL('init.sh', import.meta.url);
/** Our own maker of UKIs, as built. */
const MAKER = new URL('../../dist/build/disk-uki.js', import.meta.url);
/** Whatever of these changes, the initramfs does, or the UKI. */
const RECIPE = [
  ...['init.sh', 'payload.js', 'cpio.js', 'kernel-modules.js'],
  ...['disk-uki.js', 'stub-header.js', 'uki-layout.js'].map((name) => `../../dist/build/${name}`),
];
const OS_RELEASE = 'ID=test\nNAME="Test system"\nVERSION_ID=1\n';
const MODULES = ['virtio_pci', 'virtio_net'];
/** For a disc in memory that firmware describes (ACPI: NFIT), and what is on it. */
const DISC_MODULES = ['nfit', 'nd_pmem', 'isofs'];
const FOLDERS = ['bin', 'dev', 'etc', 'modules', 'proc', 'sys', 'tmp'];
const APPLETS =
  'sh awk cat cut echo grep head insmod ip ls mkdir mount poweroff sha256sum sleep sync timeout udhcpc uname usleep wc wget'.split(
    ' ',
  );
const CONSOLES = { amd64: 'ttyS0', arm64: 'ttyAMA0' };

/** What is booted: vmlinuz, initramfs and cmdline of one architecture, and a UKI of all three. @param {Architecture} architecture */
export function payloadFiles(architecture) {
  const folder = join(PARTS, 'payload', architecture);
  return {
    kernel: join(folder, 'vmlinuz'),
    initramfs: join(folder, 'initramfs'),
    cmdline: join(folder, 'cmdline'),
    uki: join(folder, 'uki.efi'),
  };
}

/** A Debian kernel, and a busybox that says BOOT-OK and turns the machine off. @param {Architecture} architecture */
export async function makePayload(architecture) {
  const parts = payloadParts(architecture);
  const files = payloadFiles(architecture);
  const stamp = `${files.kernel}.stamp`;
  const recipe = createHash('sha256').update(parts.version).update(readFileSync(parts.stub));
  for (const name of RECIPE) recipe.update(readFileSync(new URL(name, import.meta.url)));
  const made = recipe.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return;
  await step(`kernel ${parts.version} and its initramfs`, async () => {
    mkdirSync(join(PARTS, 'payload', architecture), { recursive: true });
    const cmdline = `console=${CONSOLES[architecture]} panic=-1 quiet`;
    copyFileSync(parts.vmlinuz, files.kernel);
    writeFileSync(files.initramfs, gzipSync(cpio(initramfsEntries(parts)), { level: 9 }));
    writeFileSync(files.cmdline, `${cmdline}\n`);
    await makeUki(files, { ...parts, architecture, commandLine: `${cmdline} mark=uki` });
    writeFileSync(stamp, made);
  });
}

/** What is put behind the initramfs makes it say what it finds on the disc that its firmware has in memory. @param {Architecture} architecture */
export function discInitramfs(architecture) {
  const wanted = modulesInOrder(payloadParts(architecture).modules, DISC_MODULES, busyboxProgram());
  return gzipSync(cpio(moduleEntries(wanted, 'order.disc')));
}

/** @param {ReturnType<typeof payloadParts>} parts @returns {import('./cpio.js').Entry[]} */
function initramfsEntries({ modules, busybox }) {
  const wanted = modulesInOrder(modules, MODULES, busyboxProgram());
  return [
    ...FOLDERS.map((path) => /** @type {const} */ ({ path, kind: 'folder' })),
    // The kernel gives init its console before /dev is mounted.
    { path: 'dev/console', kind: 'device', major: 5, minor: 1 },
    { path: 'init', kind: 'file', contents: readFileSync(INIT), mode: 0o755 },
    { path: 'bin/busybox', kind: 'file', contents: readFileSync(busybox), mode: 0o755 },
    ...APPLETS.map((name) => /** @type {const} */ ({ path: `bin/${name}`, kind: 'link', target: 'busybox' })),
    ...moduleEntries(wanted, 'order'),
  ];
}

/**
 * @param {ReturnType<typeof modulesInOrder>} wanted
 * @param {string} order a file that says it
 * @returns {import('./cpio.js').Entry[]}
 */
function moduleEntries(wanted, order) {
  return [
    ...wanted.map(
      ({ name, contents }) => /** @type {const} */ ({ path: `modules/${name}.ko`, kind: 'file', contents }),
    ),
    { path: `modules/${order}`, kind: 'file', contents: Buffer.from(wanted.map(({ name }) => `${name}\n`).join('')) },
  ];
}

/**
 * @param {ReturnType<typeof payloadFiles>} files
 * @param {{ stub: string, version: string, architecture: Architecture, commandLine: string }} told
 */
async function makeUki({ kernel, initramfs, uki }, { stub, version: uname, architecture, commandLine }) {
  /** @type {typeof import('../../src/build/disk-uki.js')} */
  const { withUki } = await import(MAKER.href);
  const release = `${uki}.os-release`;
  writeFileSync(release, OS_RELEASE);
  const recipe = { stub, kernel, initramfs, 'os-release': release, architecture, commandLine, uname };
  const work = { signal: new AbortController().signal, folder: dirname(uki) };
  await withUki(recipe, work, async (made) => writeFileSync(uki, readFileSync(made)));
}
