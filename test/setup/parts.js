import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PrivateApt } from './apt.js';
import { cloudInitNeeds } from './cloud-init-packages.js';
import { debianRelease } from './debian-release.js';
import { locateProgram, packagesOfPrograms } from './programs.js';
import { step } from './steps.js';

/**
 * @typedef {'amd64' | 'arm64'} Architecture
 * @typedef {'demo' | 'test' | 'full'} Level `demo`: one machine with a BIOS; `test`: also UEFI, and the real clients; `full`: also
 *   the older firmware, Debian's installer and cloud-init, GRUB, tools for containers, and the peers of the benchmarks
 * @typedef {'ipxe' | 'ipxe-qemu' | 'ovmf' | 'qemu-efi-aarch64'} Firmware
 * @typedef {'trixie' | 'bookworm'} FirmwareRelease Debian's, whatever this machine runs: every mirror has both
 * @typedef {FirmwareRelease} CloudInitRelease the one has 22.4, the other 25.1, which asks for more
 * @typedef {'i386-pc' | 'x86_64-efi' | 'arm64-efi'} GrubPlatform GRUB's own names
 */

/** The payload and the registry are of the machine's own release. Older iPXE has no arm64 and waits long for IPv6. */
const own = () => new PrivateApt(debianRelease());
const NEWER = new PrivateApt('trixie');
const OLDER = new PrivateApt('bookworm');

/** @type {readonly Firmware[]} */
const UEFI = ['ovmf', 'qemu-efi-aarch64'];
/** @type {readonly Firmware[]} */
const IPXE = ['ipxe', 'ipxe-qemu'];
/** @type {Record<Level, readonly Firmware[]>} */
const NEWER_PACKAGES = { demo: IPXE, test: [...IPXE, ...UEFI], full: [...IPXE, ...UEFI] };
/** @type {Record<Level, readonly Firmware[]>} */
const OLDER_PACKAGES = { demo: [], test: [], full: ['ipxe-qemu', ...UEFI] };

const KUBECTL = 'kubectl';
const STUBS = { amd64: 'linuxx64.efi.stub', arm64: 'linuxaa64.efi.stub' };
const OWN_PACKAGES = [
  ...[kernelOf('amd64'), busyboxOf('amd64'), stubOf('amd64')],
  ...[kernelOf('arm64'), busyboxOf('arm64'), stubOf('arm64')],
  registry(),
];

/** @type {Record<GrubPlatform, import('./apt.js').Package>} */
const GRUB = {
  'i386-pc': { name: 'grub-pc-bin', architecture: 'amd64' },
  'x86_64-efi': { name: 'grub-efi-amd64-bin', architecture: 'amd64' },
  'arm64-efi': { name: 'grub-efi-arm64-bin', architecture: 'arm64' },
};

/** Fetches and unpacks what boots and what serves; nothing of it is installed or started. @param {Level} level */
export async function fetchParts(level) {
  const grub = level === 'full' ? Object.values(GRUB) : [];
  /** @type {[PrivateApt, import('./apt.js').Package[]][]} */
  const wanted = [
    [own(), [...OWN_PACKAGES, ...packagesOfPrograms(level).map(hostPackage), ...grub]],
    [
      NEWER,
      [
        ...NEWER_PACKAGES[level].map(firmware),
        ...(level === 'full' ? [cloudInit('trixie'), hostPackage(KUBECTL)] : []),
      ],
    ],
    [
      OLDER,
      [...OLDER_PACKAGES[level].map(firmware), ...(level === 'full' ? [installer(), cloudInit('bookworm')] : [])],
    ],
  ];
  const missing = wanted.flatMap(([apt, packages]) => packages.filter((one) => !existsSync(apt.folder(one))));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(({ name }) => name))].join(' ');
  await step(`Debian packages, unpacked into .parts: ${names}`, async () => {
    for (const [apt, packages] of wanted) await apt.unpack(packages);
  });
}

/** The iPXE binaries alone. */
export async function fetchIpxe() {
  await NEWER.unpack([firmware('ipxe')]);
}

/** The program that serves images. */
export function registryProgram() {
  return join(own().folder(registry()), 'usr/bin/docker-registry');
}

/**
 * A program of Debian's and the libraries that it wants of the environment.
 * @param {import('./programs.js').ProgramName} name
 */
export function program(name) {
  return locateProgram(name, (packaged) => own().folder(hostPackage(packaged)));
}

/** The tool that most people copy images with, and what it wants of the environment. @param {string} home a folder for it alone */
export function skopeoProgram(home) {
  const { command, libraryPath } = program('skopeo');
  const env = { ...process.env, HOME: home, TMPDIR: home, XDG_RUNTIME_DIR: home, LD_LIBRARY_PATH: libraryPath };
  return { command, env };
}

/** What renders manifests for Kubernetes, Debian 13's on every machine: Debian 12's knows half of it. */
export function kubectlProgram() {
  return join(NEWER.folder(hostPackage(KUBECTL)), 'usr/bin/kubectl');
}

/** A peer of the benchmarks. */
export function nginxProgram() {
  return program('nginx').command;
}

/** Debian's installer, which speaks in lines of text, and the menus of its loaders: Debian 12's, for PCs, on every machine. */
export function installerFiles() {
  const folder = join(
    OLDER.folder(installer()),
    'usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64',
  );
  return {
    kernel: join(folder, 'linux'),
    initramfs: join(folder, 'initrd.gz'),
    grubMenu: join(folder, 'grub/grub.cfg'),
    isolinux: join(folder, 'boot-screens'),
  };
}

/** The root of a system with cloud-init and not much else. @param {CloudInitRelease} release */
export function cloudInitRoot(release) {
  return (release === 'trixie' ? NEWER : OLDER).folder(cloudInit(release));
}

/** GRUB's modules, and what it is made of. @param {GrubPlatform} platform */
export function grubFolder(platform) {
  return join(own().folder(GRUB[platform]), 'usr/lib/grub', platform);
}

/** @param {Firmware} name @param {string} path inside the package @param {FirmwareRelease} [release] */
export function firmwareFile(name, path, release = 'trixie') {
  const apt = release === 'trixie' ? NEWER : OLDER;
  return join(apt.folder(firmware(name)), path);
}

/** Kernel image, its modules, busybox, and systemd's stub that makes them one program for UEFI. @param {Architecture} architecture */
export function payloadParts(architecture) {
  const kernel = own().folder(kernelOf(architecture));
  // Debian 13 has everything under /usr.
  const modules = firstOf(join(kernel, 'usr/lib/modules'), join(kernel, 'lib/modules'));
  const [version = ''] = readdirSync(modules);
  return {
    version,
    vmlinuz: join(kernel, `boot/vmlinuz-${version}`),
    modules: join(modules, version),
    busybox: busyboxProgram(architecture),
    stub: join(own().folder(stubOf(architecture)), 'usr/lib/systemd/boot/efi', STUBS[architecture]),
  };
}

/** @param {Architecture} [architecture] this machine's, when it is to run here */
export function busyboxProgram(architecture = hostArchitecture()) {
  const folder = own().folder(busyboxOf(architecture));
  return firstOf(join(folder, 'usr/bin/busybox'), join(folder, 'bin/busybox'));
}

/** @param {string} preferred @param {string} otherwise */
function firstOf(preferred, otherwise) {
  return existsSync(preferred) ? preferred : otherwise;
}

/** @param {Architecture} architecture */
function kernelOf(architecture) {
  return { name: `linux-image-cloud-${architecture}`, architecture };
}

/** @param {Architecture} architecture */
function busyboxOf(architecture) {
  return { name: 'busybox-static', architecture };
}

/** @param {Architecture} architecture */
function stubOf(architecture) {
  return { name: 'systemd-boot-efi', architecture };
}

function registry() {
  return hostPackage('docker-registry');
}

/** Made for every architecture, as firmware is. */
function installer() {
  return { name: 'debian-installer-12-netboot-amd64', architecture: 'amd64' };
}

/** Runs here, whatever this machine's release. @param {CloudInitRelease} release */
function cloudInit(release) {
  return { ...hostPackage('cloud-init'), needs: cloudInitNeeds(release) };
}

/** @param {string} name */
function hostPackage(name) {
  return { name, architecture: hostArchitecture() };
}

/** Debian's name of it. */
function hostArchitecture() {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** Made for every architecture: any of the private apt's will do to name it by. @param {Firmware} name */
function firmware(name) {
  return { name, architecture: 'amd64' };
}
