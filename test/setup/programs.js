import { join } from 'node:path';
import { debianRelease } from './debian-release.js';

/**
 * Debian's programs that the tests run without installing them: the real clients and peers.
 * @typedef {{ package: string, path: string, libraries: readonly string[] }} Program `libraries`: those that not every machine has
 */

const isBookworm = debianRelease() === 'bookworm';
/** Of Debian 13, for which times after 2038 were made to fit. @param {string} name */
const t64 = (name) => (isBookworm ? name : `${name}t64`);

/** What all of Kea's programs want. */
const KEA = ['kea-common', t64('liblog4cplus-2.0.5'), isBookworm ? 'libboost-system1.74.0' : 'libboost-system1.83.0'];

/** What all of systemd's programs want. */
const SYSTEMD = ['libsystemd-shared', 'libcap2', 'libip4tc2', 'libkmod2', 'libseccomp2', t64('libssl3')];

const NETFILTER = ['libmnl0', 'libnfnetlink0', 'libnetfilter-conntrack3', 'libnftnl11', 'libxtables12'];

/** What all that copy images want. */
const IMAGES = [
  t64('libgpgme11'),
  isBookworm ? 'libassuan0' : 'libassuan9',
  'libgpg-error0',
  'libdevmapper1.02.1',
  'libsqlite3-0',
];

/** @satisfies {Record<string, Program>} */
const TEST_PROGRAMS = {
  skopeo: {
    package: 'skopeo',
    path: 'usr/bin/skopeo',
    libraries: IMAGES,
  },
  iptables: {
    package: 'iptables',
    path: 'usr/sbin/xtables-nft-multi',
    libraries: ['libip4tc2', 'libip6tc2', ...NETFILTER],
  },
  atftp: { package: 'atftp', path: 'usr/bin/atftp', libraries: [t64('libreadline8'), 'libtinfo6'] },
  'tftp-hpa': { package: 'tftp-hpa', path: 'usr/bin/tftp', libraries: [t64('libreadline8'), 'libtinfo6'] },
  dnsmasq: {
    package: 'dnsmasq-base',
    path: 'usr/sbin/dnsmasq',
    libraries: [
      ...['libdbus-1-3', 'libgmp10', 'libidn2-0', 'libnftables1', 'libjansson4', ...NETFILTER],
      ...[t64('libnettle8'), t64('libhogweed6')],
    ],
  },
  // Debian 13 has everything under /usr.
  dhclient: { package: 'isc-dhcp-client', path: isBookworm ? 'sbin/dhclient' : 'usr/sbin/dhclient', libraries: [] },
  dhcpcd: {
    package: 'dhcpcd-base',
    path: 'usr/sbin/dhcpcd',
    libraries: ['libudev1'],
  },
  networkd: {
    package: 'systemd',
    path: isBookworm ? 'lib/systemd/systemd-networkd' : 'usr/lib/systemd/systemd-networkd',
    libraries: SYSTEMD,
  },
  'systemd-analyze': { package: 'systemd', path: 'usr/bin/systemd-analyze', libraries: [...SYSTEMD, 'libapparmor1'] },
  dhcpd: { package: 'isc-dhcp-server', path: 'usr/sbin/dhcpd', libraries: [] },
  kea: {
    package: 'kea-dhcp4-server',
    path: 'usr/sbin/kea-dhcp4',
    libraries: [...KEA, 'libmariadb3', 'libpq5', isBookworm ? 'libldap-2.5-0' : 'libldap2', 'libsasl2-2'],
  },
  dhcrelay: { package: 'isc-dhcp-relay', path: 'usr/sbin/dhcrelay', libraries: [] },
  ping: {
    package: 'iputils-ping',
    path: isBookworm ? 'bin/ping' : 'usr/bin/ping',
    libraries: ['libcap2', 'libidn2-0'],
  },
  // The others of its package lie beside it.
  sbsign: { package: 'sbsigntool', path: 'usr/bin/sbsign', libraries: [t64('libssl3'), 'libuuid1'] },
  xorriso: {
    package: 'xorriso',
    path: 'usr/bin/xorriso',
    libraries: ['libisoburn1', 'libburn4', 'libisofs6', 'libjte2', t64('libreadline8'), 'libtinfo6'],
  },
  promtool: { package: 'prometheus', path: 'usr/bin/promtool', libraries: [] },
  nginx: { package: 'nginx', path: 'usr/sbin/nginx', libraries: [] },
  curl: { package: 'curl', path: 'usr/bin/curl', libraries: [t64('libcurl4'), t64('libssl3')] },
};

/** @satisfies {Record<string, Program>} */
const FULL_PROGRAMS = {
  atftpd: { package: 'atftpd', path: 'usr/sbin/atftpd', libraries: ['libwrap0', 'libpcre2-8-0'] },
  perfdhcp: { package: 'kea-admin', path: 'usr/sbin/perfdhcp', libraries: KEA },
  'tftpd-hpa': { package: 'tftpd-hpa', path: 'usr/sbin/in.tftpd', libraries: ['libwrap0'] },
  'grub-mkimage': {
    package: 'grub-common',
    path: 'usr/bin/grub-mkimage',
    libraries: ['libdevmapper1.02.1', 'libudev1'],
  },
  buildah: { package: 'buildah', path: 'usr/bin/buildah', libraries: [...IMAGES, 'libseccomp2', 'libsubid4'] },
  umoci: { package: 'umoci', path: 'usr/bin/umoci', libraries: [] },
  runc: { package: 'runc', path: 'usr/bin/runc', libraries: ['libseccomp2'] },
  mtools: { package: 'mtools', path: 'usr/bin/mtools', libraries: [] },
};

/** @typedef {keyof typeof TEST_PROGRAMS | keyof typeof FULL_PROGRAMS} ProgramName */

/** @param {import('./parts.js').Level} level @returns {string[]} packages, each once */
export function packagesOfPrograms(level) {
  const programs = [
    ...(level === 'demo' ? [] : Object.values(TEST_PROGRAMS)),
    ...(level === 'full' ? Object.values(FULL_PROGRAMS) : []),
  ];
  return [...new Set(programs.flatMap(({ package: name, libraries }) => [name, ...libraries]))];
}

/**
 * @param {ProgramName} name
 * @param {(name: string) => string} folderOf where a package is unpacked
 * @returns {{ command: string, libraryPath: string, folder: string }}
 */
export function locateProgram(name, folderOf) {
  /** @type {Record<ProgramName, Program>} */
  const all = { ...TEST_PROGRAMS, ...FULL_PROGRAMS };
  const { package: packaged, path, libraries } = all[name];
  const triplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const folder = folderOf(packaged);
  // Plug-ins and private libraries are in the package itself.
  const folders = [folder, ...libraries.map(folderOf)];
  const places = [join('usr/lib', triplet), join('lib', triplet), join('usr/lib', triplet, 'systemd')];
  const paths = folders.flatMap((one) => places.map((place) => join(one, place)));
  return { command: join(folder, path), libraryPath: paths.join(':'), folder };
}
