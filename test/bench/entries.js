import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../setup/server.js';
import { figure, median, printTable, quantile } from './figures.js';

const SIZES = {
  full: { machines: 10_000, ofApi: 500, rounds: 100 },
  smoke: { machines: 100, ofApi: 10, rounds: 3 },
};

/**
 * What the API takes to list, search and change machines when there are ten thousand of them, beside a request that asks for
 * nothing (`/healthz`); and how long others wait at most while it does.
 * @param {{ smoke: boolean }} options
 */
export async function benchEntries({ smoke }) {
  const sizes = smoke ? SIZES.smoke : SIZES.full;
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-bench-'));
  const file = join(folder, 'bootlayer.yaml');
  writeFileSync(file, configuration(sizes.machines));
  const server = await startServer(file);
  try {
    await measure(`http://${server.api}`, sizes);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} api @param {typeof SIZES.full} sizes */
async function measure(api, { machines, ofApi, rounds }) {
  const send = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${api}${path}`, {
      method,
      ...(body !== undefined && { headers, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
  };
  const machineOf = (/** @type {number} */ position) => ({ mac: macOf(machines + position), labels: { rack: 'api' } });
  for (let position = 0; position < ofApi; position += 1)
    await send('PUT', `/api/v1/machines/api-${position}`, machineOf(position));
  const rack = (/** @type {number} */ turn) => ({
    match: { labels: { rack: `r${turn % 400}` } },
    image: '127.0.0.1:9/os:1',
  });
  /** @type {Record<string, (turn: number) => Promise<void>>} */
  const asked = {
    'a bare request': () => send('GET', '/healthz', undefined),
    'a page of 100, the first': () => send('GET', '/api/v1/machines', undefined),
    'a page of 100, in the middle': () => send('GET', '/api/v1/machines?after=node-5', undefined),
    'a search that finds one': (turn) =>
      send('GET', `/api/v1/machines?search=${macOf((turn * 97) % machines)}`, undefined),
    'a search that finds nothing': () => send('GET', '/api/v1/machines?search=nobody', undefined),
    'those with a label': (turn) => send('GET', `/api/v1/machines?label=rack=r${turn % 400}`, undefined),
    'one machine': (turn) => send('GET', `/api/v1/machines/node-${turn % machines}`, undefined),
    'writing a machine': (turn) =>
      send('PUT', `/api/v1/machines/api-${turn % ofApi}`, { ...machineOf(turn % ofApi), serial: `s${turn}` }),
    'writing an assignment': (turn) => send('PUT', '/api/v1/assignments/of-api', rack(turn)),
    'what it would do': (turn) => send('PUT', '/api/v1/assignments/of-api?dryRun=true', rack(turn + 1)),
    'what one for all would do': () =>
      send('PUT', '/api/v1/assignments/of-api?dryRun=true', { match: {}, priority: 9, image: '127.0.0.1:9/os:1' }),
  };
  /** @type {string[][]} */
  const rows = [];
  let bare = Number.NaN;
  for (const [what, ask] of Object.entries(asked)) {
    await ask(0);
    /** @type {number[]} */
    const milliseconds = [];
    const longest = longestWait(api);
    for (let turn = 1; turn <= rounds; turn += 1) {
      const started = performance.now();
      await ask(turn);
      milliseconds.push(performance.now() - started);
    }
    const middle = median(milliseconds);
    if (Number.isNaN(bare)) bare = middle;
    rows.push([
      what,
      figure(middle),
      figure(quantile(milliseconds, 0.99)),
      figure(middle / bare),
      figure(await longest()),
    ]);
  }
  printTable(
    `the API with ${machines} machines in a file and ${ofApi} of its own`,
    ['of', 'median ms', 'p99 ms', 'ratio', 'others wait, ms'],
    rows,
  );
}

/** How long a request that asks for nothing takes at most, until it is asked. @param {string} api */
function longestWait(api) {
  let [isOver, longest] = [false, 0];
  const looking = (async () => {
    while (!isOver) {
      const started = performance.now();
      await (await fetch(`${api}/healthz`)).text();
      longest = Math.max(longest, performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return async () => {
    isOver = true;
    await looking;
    return longest;
  };
}

/** @param {number} machines */
function configuration(machines) {
  const lines = Array.from({ length: machines }, (_, position) => {
    const labels = `{ rack: r${position % 400}, role: role${position % 5} }`;
    return `  - { name: node-${position}, mac: "${macOf(position)}", serial: "S${position}", arch: amd64, labels: ${labels} }`;
  });
  return [
    'advertise: 127.0.0.1',
    'data: data',
    'http: { listen: "127.0.0.1:0" }',
    'tftp: { listen: "127.0.0.1:0" }',
    'api: { listen: "127.0.0.1:0" }',
    'machines:',
    ...lines,
    'assignments:',
    ...Array.from(
      { length: Math.ceil(machines / 5) },
      (_, position) =>
        `  - { name: a-${position}, match: { machine: node-${position} }, image: "127.0.0.1:9/os-${position % 50}:1" }`,
    ),
    '',
  ].join('\n');
}

/** @param {number} position */
function macOf(position) {
  const hex = Math.floor(position).toString(16).padStart(6, '0');
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}
