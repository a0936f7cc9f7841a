import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { figure, median, printTable } from './figures.js';

const NOBODY = { look: () => undefined, macAt: () => undefined, find: async () => undefined, trouble: () => undefined };
const STANDINGS = {
  loadStandings: async () => ({ standings: [], unreadable: [], doubtedSince: undefined, newest: 0 }),
  saveStanding: async () => undefined,
  removeStandings: async () => undefined,
  trust: async () => undefined,
};

/**
 * The program as built, so that what is measured is what runs.
 * @template T @param {string} path @returns {Promise<T>}
 */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

const SIZES = {
  full: { machines: 10_000, assignments: 2_000, asked: 5_000, rounds: 5, remaps: 1_000, reloads: 1_000 },
  smoke: { machines: 200, assignments: 40, asked: 100, rounds: 1, remaps: 20, reloads: 2 },
};
const MIB = 1024 * 1024;

/** @typedef {typeof SIZES.full} Sizes */

/**
 * Selection by index against asking every assignment in turn, reading a large mapping anew, and what a thousand changes
 * of it leave behind in memory.
 * @param {{ smoke: boolean }} options
 */
export async function benchMapping({ smoke }) {
  const sizes = smoke ? SIZES.smoke : SIZES.full;
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-bench-'));
  try {
    const file = join(folder, 'bootlayer.yaml');
    writeFileSync(file, configuration(sizes));
    /** @type {typeof import('../../src/config/load-process.js')} */
    const { readConfigFilesAside } = await built('config/load-process.js');
    const load = async () => {
      const outcome = await readConfigFilesAside({ file, env: {}, cwd: folder });
      if (outcome.kind === 'refused') throw outcome.error;
      return outcome.loaded;
    };
    const { config } = await load();
    await benchSelection(config, sizes);
    await benchReload(load, sizes);
    await benchMemory(file, config, sizes);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @typedef {import('../../src/config/schema.js').Config} Config */

/** @param {Config} config @param {Sizes} sizes */
async function benchSelection(config, { machines, assignments, asked, rounds }) {
  /** @type {typeof import('../../src/booter/mapping.js')} */
  const { createMapping } = await built('booter/mapping.js');
  /** @type {typeof import('../../src/boot/select.js')} */
  const { selectAmong } = await built('boot/select.js');
  const { index, inventory } = createMapping(config);
  const facts = Array.from({ length: asked }, (_, position) => ({
    macs: [macOf((position * 7_919) % (machines + machines / 10))],
    ip: `10.${position % 250}.0.7`,
    architecture: 'amd64',
    firmware: ['bios'],
    sourceAddress: '10.0.0.1',
  }));
  const microseconds = (/** @type {(one: (typeof facts)[number]) => unknown} */ ask) => {
    const started = performance.now();
    for (const one of facts) ask(/** @type {never} */ (one));
    return ((performance.now() - started) * 1000) / facts.length;
  };
  /** @type {number[]} */
  const byIndex = [];
  /** @type {number[]} */
  const byScan = [];
  for (let round = 0; round < rounds; round += 1) {
    byIndex.push(microseconds((one) => index.select(inventory.identify(/** @type {never} */ (one)))));
    byScan.push(microseconds((one) => selectAmong(index.ordered, inventory.identify(/** @type {never} */ (one)))));
  }
  const ratio = median(byIndex.map((one, round) => one / (byScan[round] ?? Number.NaN)));
  printTable(
    `identity and selection among ${machines} machines and ${assignments} assignments, against a scan of all`,
    ['by', 'index us', 'scan us', 'ratio'],
    [['MAC and address', figure(median(byIndex)), figure(median(byScan)), figure(ratio)]],
  );
}

/** @param {() => Promise<{ config: Config }>} load @param {Sizes} sizes */
async function benchReload(load, { machines, assignments, rounds }) {
  /** @type {typeof import('../../src/booter/mapping.js')} */
  const { createMapping, mappingChange } = await built('booter/mapping.js');
  const seconds = [];
  const stalls = [];
  let before = (await load()).config;
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    const longest = longestStall();
    const after = (await load()).config;
    createMapping(after);
    mappingChange(before, after);
    stalls.push(await longest());
    seconds.push((performance.now() - started) / 1000);
    before = after;
  }
  printTable(
    `reading ${machines} machines and ${assignments} assignments anew, in a thread of its own`,
    ['seconds', 'longest stall of the server, ms'],
    [[figure(median(seconds)), figure(median(stalls))]],
  );
}

/**
 * A thousand changes of a small file through everything that keeps something between them, scripts being asked for all the
 * while; and of a large mapping, without the thread that reads it.
 * @param {string} file @param {Config} large @param {Sizes} sizes
 */
async function benchMemory(file, large, sizes) {
  const small = { ...sizes, machines: 100, assignments: 20 };
  const texts = [configuration(small), configuration({ ...small, machines: 90, assignments: 25 })];
  const change = (/** @type {number} */ turn) => writeFileSync(file, texts[turn % texts.length] ?? '');
  change(0);
  const { booter, reloader } = await reloadingBooter(file);
  const ask = async (/** @type {number} */ position) =>
    void (await booter.script({ mac: macOf(position % 100), buildarch: 'x86_64' }, '10.0.0.1'));
  const reading = await growth(sizes.reloads, async (turn) => {
    change(turn);
    await reloader.reloadByHand();
    for (let position = 0; position < 20; position += 1) await ask(turn + position);
  });
  const changing = await growth(sizes.remaps, async (turn) => {
    booter.remap(turn % 2 === 0 ? large : reloader.config);
    await ask(turn);
  });
  printTable(
    'what is left behind, in MiB',
    ['of', 'turns', 'heap', 'resident'],
    [
      ['reading the files anew', String(sizes.reloads), figure(reading.heap), figure(reading.resident)],
      ['changing the mapping', String(sizes.remaps), figure(changing.heap), figure(changing.resident)],
    ],
  );
}

/** A booter whose images are all alike and whose state is nowhere. @param {string} file */
async function reloadingBooter(file) {
  /** @type {typeof import('../../src/booter/booter.js')} */
  const { Booter } = await built('booter/booter.js');
  /** @type {typeof import('../../src/booter/boot-urls.js')} */
  const { BootUrls } = await built('booter/boot-urls.js');
  /** @type {typeof import('../../src/clock.js')} */
  const { systemClock: clock } = await built('clock.js');
  /** @type {typeof import('../../src/config/load.js')} */
  const { loadConfig } = await built('config/load.js');
  /** @type {typeof import('../../src/config/load-process.js')} */
  const { readConfigFilesAside } = await built('config/load-process.js');
  /** @type {typeof import('../../src/reload.js')} */
  const { Reloader } = await built('reload.js');
  const options = { file, env: {}, cwd: '/' };
  const initial = await loadConfig(options);
  const never = async () => {
    throw new Error('nothing is fetched here');
  };
  const booter = new Booter({
    mapping: initial.config,
    images: {
      resolve: async () => IMAGE,
      architecturesOf: async () => ['amd64'],
      lastGood: async () => undefined,
      lastArchitectures: async () => [],
      isInTrouble: () => false,
      askedFor: () => undefined,
      sourcesOf: (names) => names.map((name) => ({ name, fetch: never })),
    },
    blobs: { open: never, prefetch: () => undefined },
    neighbours: NOBODY,
    policies: await policiesAt(clock),
    plans: {
      savePlan: async () => undefined,
      findPlan: async () => undefined,
      findPlannedArtifact: async () => undefined,
      plannedDigests: async () => [],
      prunePlans: async () => 0,
    },
    urls: new BootUrls(() => 'http://10.0.0.1:8080'),
    events: () => undefined,
    clock,
  });
  const reloader = new Reloader({
    initial,
    load: (inForce, signal) => readConfigFilesAside({ ...options, ...(inForce && { inForce }) }, { signal }),
    apply: (config) => booter.remap(config),
    applied: () => undefined,
    warn: () => undefined,
    events: () => undefined,
    clock,
  });
  return { booter, reloader };
}

const DIGEST = /** @type {import('../../src/oci/digest.js').Digest} */ (`sha256:${'ab'.repeat(32)}`);
const IMAGE = {
  reference: 'registry.lab:5000/os/image:1',
  location: 'registry.lab:5000/os/image',
  digest: DIGEST,
  manifestDigest: DIGEST,
  platform: { os: 'linux', architecture: 'amd64' },
  artifacts: /** @type {const} */ (['kernel', 'initramfs']).map((role) => ({
    role,
    descriptor: { mediaType: role, digest: DIGEST, size: 1 },
  })),
  commandLine: '',
};

/** How long the event loop did not turn at most, until it is asked. @returns {() => Promise<number>} milliseconds */
function longestStall() {
  let [last, longest] = [performance.now(), 0];
  const look = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(look, 1);
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    look();
    clearInterval(timer);
    return longest;
  };
}

/** By how many MiB memory is larger after so many turns than after a tenth of them, which warm up. @param {number} turns @param {(turn: number) => Promise<void>} work */
async function growth(turns, work) {
  setFlagsFromString('--expose-gc');
  const collect = /** @type {() => void} */ (runInNewContext('gc'));
  for (let turn = 0; turn < turns / 10; turn += 1) await work(turn);
  collect();
  const before = process.memoryUsage();
  for (let turn = 0; turn < turns; turn += 1) await work(turn);
  collect();
  const after = process.memoryUsage();
  return { heap: (after.heapUsed - before.heapUsed) / MIB, resident: (after.rss - before.rss) / MIB };
}

/** Racks of twenty-five, five roles, and some machines with an assignment of their own. @param {Sizes} sizes */
function configuration({ machines, assignments }) {
  const racks = Math.ceil(machines / 25);
  const machineLines = Array.from({ length: machines }, (_, position) => {
    const labels = `{ rack: r${position % racks}, role: role${position % 5} }`;
    return `  - { name: node-${position}, mac: ["${macOf(position)}"], arch: amd64, labels: ${labels} }`;
  });
  const assignmentLines = Array.from({ length: assignments }, (_, position) => {
    const match = matches[position % matches.length]?.(position, racks) ?? '{}';
    return `  - { name: a-${position}, match: ${match}, image: "registry.lab:5000/os/image-${position % 50}:1" }`;
  });
  return ['machines:', ...machineLines, 'assignments:', ...assignmentLines, ''].join('\n');
}

/** @type {((position: number, racks: number) => string)[]} */
const matches = [
  (position, racks) => `{ labels: { rack: r${position % racks}, role: role${position % 5} } }`,
  (position) => `{ mac: "${macOf(position)}" }`,
  (position) => `{ machine: node-${position} }`,
  (position, racks) => `{ labels: { rack: [r${position % racks}, r${(position + 1) % racks}] }, arch: amd64 }`,
  (position) => `{ ip: 10.${position % 250}.0.0/16 }`,
];

/** @param {number} position */
function macOf(position) {
  const hex = Math.floor(position).toString(16).padStart(6, '0');
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}

/**
 * Of machines of which nothing is known.
 * @param {import('../../src/clock.js').Clock} clock
 */
async function policiesAt(clock) {
  /** @type {typeof import('../../src/booter/policies.js')} */
  const { createPolicies } = await built('booter/policies.js');
  /** @type {typeof import('../../src/booter/standings.js')} */
  const { Standings } = await built('booter/standings.js');
  /** @type {typeof import('../../src/booter/attempts.js')} */
  const { Attempts } = await built('booter/attempts.js');
  /** @type {typeof import('../../src/booter/journal.js')} */
  const { Journal } = await built('booter/journal.js');
  const attempts = new Attempts();
  const boots = {
    lastBoots: async () => [],
    findBoot: async () => undefined,
    findBoots: async () => [],
    pruneBoots: async () => 0,
  };
  const writer = { write: () => undefined, settled: async () => undefined };
  let ids = 0;
  const newId = () => {
    ids += 1;
    return String(ids);
  };
  const journal = new Journal({ boots, writer, clock, newId, isKnown: () => true, attempted: attempts.add });
  return createPolicies({
    standings: new Standings({ store: STANDINGS, newId }),
    recordOf: () => undefined,
    attempts,
    capabilities: {
      saveCapability: async () => undefined,
      findCapability: async () => undefined,
      supersede: async () => undefined,
      spend: async () => false,
      pruneCapabilities: async () => 0,
    },
    senseClock: () => ({ kind: 'set' }),
    enrolments: {
      saveEnrolled: async () => undefined,
      findEnrolled: async () => [],
      removeEnrolled: async () => false,
      pruneEnrolled: async () => 0,
    },
    enrolled: [],
    boots,
    records: journal,
    neighbours: NOBODY,
    ownNetworks: [],
    identity: () => ({ verify: true, trustedRelays: [] }),
    enrols: () => false,
    events: journal.sink,
    clock,
  });
}
