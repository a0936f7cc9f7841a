/**
 * Debian's cloud-init and what it cannot run without, as the root of a system: its own libc too, so that every release runs on
 * every machine. The list is ours: what apt adds is as large again (perl, locales, a DHCP client) and is not asked for anything.
 */

const SYSTEM = [
  ...['base-files', 'ca-certificates', 'dash', 'media-types', 'passwd', 'util-linux'],
  // Else it has nothing to write a network's configuration for.
  ...['ifupdown', 'debianutils', 'iproute2', 'libbpf1', 'libbsd0', 'libcap2', 'libmd0', 'libmnl0'],
  ...['libc6', 'libgcc-s1', 'libcrypt1', 'libbz2-1.0', 'liblzma5', 'libzstd1', 'zlib1g', 'libexpat1', 'libffi8'],
  ...['libpcre2-8-0', 'libselinux1', 'libcap-ng0', 'libtinfo6', 'libncursesw6', 'libsqlite3-0', 'libyaml-0-2'],
  ...['libblkid1', 'libmount1', 'libsmartcols1', 'libudev1', 'libuuid1'],
];

const PYTHON = [
  ...['minimal', 'attr', 'blinker', 'certifi', 'cffi-backend', 'chardet', 'charset-normalizer', 'configobj'],
  ...['cryptography', 'idna', 'jinja2', 'json-pointer', 'jsonpatch', 'jsonschema', 'jwt', 'markupsafe', 'oauthlib'],
  ...['requests', 'serial', 'urllib3', 'yaml'],
].map((name) => `python3-${name}`);

/** @type {Record<import('./parts.js').CloudInitRelease, readonly string[]>} */
const OF_RELEASE = {
  bookworm: [
    ...['libssl3', 'libelf1', 'libreadline8', 'python3.11-minimal', 'libpython3.11-minimal', 'libpython3.11-stdlib'],
    ...['netifaces', 'pkg-resources', 'pyrsistent', 'six'].map((name) => `python3-${name}`),
  ],
  trixie: [
    ...[
      'libssl3t64',
      'libelf1t64',
      'libreadline8t64',
      'python3.13-minimal',
      'libpython3.13-minimal',
      'libpython3.13-stdlib',
    ],
    ...['jsonschema-specifications', 'referencing', 'rpds-py'].map((name) => `python3-${name}`),
  ],
};

/** What is unpacked beside cloud-init itself. @param {import('./parts.js').CloudInitRelease} release */
export function cloudInitNeeds(release) {
  return [...SYSTEM, ...PYTHON, ...OF_RELEASE[release]];
}
