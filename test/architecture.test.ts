import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** The agreed shape of the house: who may import whom, where packages live, and which files touch the world. */

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

const BASE = [
  'net',
  'errors',
  'log',
  'metrics',
  'clock',
  'format',
  'disk-access',
  'disk-own-files',
  'recent-map',
  'partition-point',
  'writable',
  'nearest',
];
const DOMAIN = ['boot', 'machine', 'image', 'lease', 'provision'];
const CONTENT = ['catalog', 'blob', 'store', 'build'];
/** `dhcpv6` is to stand beside `dhcp`, with the same questions and answers of `lease/` by way of `pxe/`. */
const PROTOCOLS = ['dhcp', 'dhcpv6', 'tftp', 'oci', 'ipxe', 'pcap', 'otlp'];
const FRONT_ENDS = ['http', 'pxe', 'ui'];
const PROCESS = [
  ...[
    'main',
    'server',
    'content',
    'entries',
    'stored-entries',
    'turns',
    'boot-records',
    'lease-records',
    'served-booter',
    'disk-system-start',
    'upkeep',
    'advertise',
    'registries',
    'reload',
    'lifecycle',
    'cli',
  ],
  ...[
    'api-listener',
    'boot-listeners',
    'boot-warnings',
    'dhcp-warnings',
    'standing-desk',
    'tftp-listener',
    'dhcp-listener',
    'dhcp-look',
    'ipxe-folders',
    'missing-ipxe',
    'inherited',
    'traces',
    'disk-sockets',
    'privileges-process',
  ],
];

/** Which rooms a room may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ...forEach(PROCESS, [...PROCESS, ...FRONT_ENDS, 'booter', ...DOMAIN, ...CONTENT, ...PROTOCOLS, ...BASE, 'config']),
  ...forEach(FRONT_ENDS, ['booter', ...DOMAIN, ...PROTOCOLS, ...BASE]),
  booter: [...DOMAIN, ...CONTENT, 'ipxe', 'oci', 'otlp', ...BASE],
  ...forEach(DOMAIN, [...DOMAIN, 'oci', ...BASE]),
  ...forEach(['catalog', 'build'], [...DOMAIN, 'oci', ...BASE, 'blob', 'store']),
  ...forEach(['blob', 'store'], [...DOMAIN, 'oci', ...BASE]),
  ...forEach(PROTOCOLS, BASE),
  net: ['errors', 'recent-map'],
  errors: [],
  log: ['errors'],
  metrics: ['errors'],
  clock: [],
  format: [],
  'recent-map': [],
  'partition-point': [],
  writable: [],
  nearest: [],
  'disk-access': ['errors'],
  'disk-own-files': [],
  config: [
    ...DOMAIN,
    'oci',
    'ipxe',
    'net',
    'errors',
    'format',
    'disk-access',
    'disk-own-files',
    'partition-point',
    'nearest',
  ],
};

/** Single files that a room may import, where the whole room is too much. */
const ONLY_THESE_FILES: readonly { readonly from: readonly string[]; readonly room: string; readonly files: RegExp }[] =
  [
    {
      from: [...DOMAIN, 'config', 'booter'],
      room: 'oci',
      files: /^oci\/(reference|digest|descriptor|manifest|platform|media-type|image-source|registry-settings)\.ts$/,
    },
    { from: ['booter'], room: 'otlp', files: /^otlp\/span\.ts$/ },
    { from: ['config'], room: 'ipxe', files: /^ipxe\/word\.ts$/ },
    { from: ['blob'], room: 'oci', files: /^oci\/(digest|descriptor)\.ts$/ },
    { from: ['catalog', 'build'], room: 'blob', files: /^blob\/(blob-store|blob-reader)\.ts$/ },
    { from: ['http'], room: 'config', files: /^config\/(schema|mapping-schema|values|problem|issue-problems)\.ts$/ },
  ];

const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  undici: ['oci'],
  dhcp: ['dhcp'],
  tftp2: ['tftp'],
  'node-cache': ['catalog'],
  'p-limit': [...CONTENT, 'booter'],
  libsql: ['store'],
  kysely: ['store'],
  pg: ['store'],
  zod: ['config', 'http', 'ui'],
  yaml: ['config'],
  'js-yaml': ['config'],
  tinyglobby: ['config'],
  liquidjs: ['provision'],
  fastify: ['http', 'ui'],
  commander: ['cli'],
  'cli-progress': ['cli'],
  'pino-pretty': ['cli'],
  pino: ['log'],
  'ipaddr.js': ['net'],
  'prom-client': ['metrics'],
};

/** Built-ins that reach the network, the disk, other processes or the environment. */
const WORLD = new Set(
  [
    'child_process',
    'cluster',
    'dgram',
    'dns',
    'fs',
    'http',
    'http2',
    'https',
    'net',
    'os',
    'process',
    'tls',
    'worker_threads',
  ]
    .flatMap((name) => [name, `${name}/promises`])
    .filter((name) => builtinModules.includes(name)),
);
const MAY_TOUCH_THE_WORLD =
  /(-socket|-client|-database|-process|-watch)\.ts$|(^|\/)disk-[^/]+\.ts$|^config\/load\.ts$|^http\/|^(main|server|advertise|registries)\.ts$|^cli\//;

/** `isLate`: of a call, which loads it when it comes there. */
type Import = { readonly file: string; readonly target: string; readonly typeOnly: boolean; readonly isLate: boolean };

const files = (readdirSync(SRC, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts')).sort();
const imports = files.flatMap(importsOf);

describe('the shape of the house', () => {
  it('has files to judge', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('has a rule for every room', () => {
    expect(files.map(roomOf).filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('lets rooms import only what their layer allows', () => {
    expect(between(imports).filter(([from, to]) => !mayImport(from, to))).toEqual([]);
  });

  it('has no circles between domain rooms', () => {
    const edges = between(imports).map(([from, to]) => [roomOf(from), roomOf(to)] as const);
    const domain = edges.filter(([from, to]) => DOMAIN.includes(from) && DOMAIN.includes(to));
    expect(circlesIn(domain)).toEqual([]);
  });

  it('has no circles between files', () => {
    const running = imports.filter(({ typeOnly }) => !typeOnly);
    expect(circlesIn(withinSource(running))).toEqual([]);
  });

  it('loads nothing of traces with the server: it is loaded where they are wanted', () => {
    const atOnce = withinSource(imports.filter(({ typeOnly, isLate }) => !typeOnly && !isLate));
    const loaded = reachedFrom('cli/serve.ts', atOnce);
    expect(loaded).toContain('served-booter.ts');
    expect(loaded.filter((file) => /^traces\.ts$|^otlp\/|^booter\/boot-(traces|span)\.ts$/.test(file))).toEqual([]);
  });

  it('keeps packages at home', () => {
    const strays = imports
      .filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
      .filter(({ file, target }) => !(PACKAGE_HOMES[packageOf(target)] ?? []).includes(roomOf(file)));
    expect(strays).toEqual([]);
  });

  it('lets only the files whose names say so touch the world', () => {
    const strays = imports
      .filter(({ target, typeOnly }) => !typeOnly && WORLD.has(target.replace(/^node:/, '')))
      .filter(({ file }) => !MAY_TOUCH_THE_WORLD.test(file));
    expect(strays).toEqual([]);
    const readers = files.filter((file) => /\bprocess\.(env|exit|argv|stdout|stdin|on)\b/.test(read(file)));
    expect(readers.filter((file) => !MAY_TOUCH_THE_WORLD.test(file))).toEqual([]);
  });
});

function forEach(rooms: readonly string[], may: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(rooms.map((room) => [room, may]));
}

function read(file: string): string {
  return readFileSync(join(SRC, file), 'utf8');
}

function importsOf(file: string): Import[] {
  const statements = read(file).matchAll(
    /^(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map((match) => ({
    file,
    target: match[2] ?? match[3] ?? match[4] ?? '',
    typeOnly: match[1] !== undefined,
    isLate: match[4] !== undefined,
  }));
}

/** The top-level folder, or the name of a top-level file. */
function roomOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

function withinSource(list: readonly Import[]): (readonly [string, string])[] {
  return list
    .filter(({ target }) => target.startsWith('.'))
    .map(
      ({ file, target }) => [file, relative(SRC, join(SRC, dirname(file), target)).replace(/\.js$/, '.ts')] as const,
    );
}

function between(list: readonly Import[]): (readonly [string, string])[] {
  return withinSource(list).filter(([from, to]) => roomOf(from) !== roomOf(to));
}

function mayImport(from: string, to: string): boolean {
  const narrow = ONLY_THESE_FILES.filter((rule) => rule.from.includes(roomOf(from)) && rule.room === roomOf(to));
  if (narrow.length > 0) return narrow.some((rule) => rule.files.test(to));
  return (MAY_IMPORT[roomOf(from)] ?? []).includes(roomOf(to));
}

/** That file and all that it leads to. */
function reachedFrom(start: string, edges: readonly (readonly [string, string])[]): string[] {
  const reached = new Set([start]);
  for (const file of reached) for (const [from, to] of edges) if (from === file) reached.add(to);
  return [...reached];
}

/** Names on circles of the graph, empty when there are none. */
function circlesIn(edges: readonly (readonly [string, string])[]): string[] {
  let left = edges.filter(([from, to]) => from !== to);
  for (let before = -1; before !== left.length; ) {
    before = left.length;
    const sources = new Set(left.map(([from]) => from));
    left = left.filter(([, to]) => sources.has(to));
  }
  return [...new Set(left.map(([from]) => from))];
}
