/**
 * `npm run demo`: from nothing to a virtual machine that booted from an OCI image, every step shown with its time.
 * `-- --keep` leaves the server up, `-- --layout` does without a registry, `-- --yes` asks nothing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from './command.js';
import { buildIpxe } from './ipxe.js';
import { requireNode } from './node-version.js';
import { payloadFiles } from './payload.js';
import { endAll } from './process.js';
import { bootMachine, MAC } from './qemu.js';
import { startRegistry } from './registry.js';
import { PROGRAM, startServer } from './server.js';
import { setUp } from './setup.js';
import { runScript, SetupError, say, step } from './steps.js';

/** QEMU's user-mode network shows the host to the machine under this address. */
const HOST = '10.0.2.2';
/** What of the machine's screen tells the story. */
const TELLING = /^(iPXE 1|iPXE initialising|Bootlayer:|http:|Linux version|BOOT-OK)/;

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** @typedef {{ keep: boolean, layout: boolean, yes: boolean }} Options */

await runScript(async () => {
  requireNode();
  const options = readOptions();
  await setUp('demo', options);
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-demo-'));
  /** @type {(() => Promise<unknown>)[]} */
  const cleanUp = [async () => rmSync(folder, { recursive: true, force: true })];
  const signal = endOnSignal();
  try {
    const server = await demo(folder, options, cleanUp);
    if (options.keep) await Promise.race([signal.seen, server.process.ended.then(alone)]);
  } catch (thrown) {
    // What was ended fails: the signal is the reason.
    throw signal.name === undefined ? thrown : new SetupError(`ended by ${signal.name}`);
  } finally {
    for (const undo of cleanUp.reverse()) await undo();
  }
});

/**
 * @param {string} folder
 * @param {Options} options
 * @param {(() => Promise<unknown>)[]} cleanUp
 */
async function demo(folder, options, cleanUp) {
  const registry = options.layout ? undefined : await step('registry on loopback', startRegistry);
  if (registry !== undefined) cleanUp.push(registry.stop);
  const image = registry === undefined ? `oci:${join(folder, 'image')}:1` : `${registry.host}/demo/busybox:1`;
  await step(`building ${image}`, () => buildImage(image));
  await buildIpxe(join(folder, 'ipxe'));
  const config = join(folder, 'bootlayer.yaml');
  writeFileSync(config, configuration(folder, image, registry?.host));
  const server = await step('bootlayer serve', () => startServer(config, { onLog: tellServer }));
  cleanUp.push(server.stop);
  const script = `http://${HOST}:${server.http.split(':').at(-1)}/boot.ipxe`;
  const onLine = (/** @type {string} */ line) => (TELLING.test(line) ? say(`  machine  ${line}`) : undefined);
  const booted = await step('a virtual machine with a BIOS and iPXE', () =>
    bootMachine({ firmware: 'bios', architecture: 'amd64', script, onLine }),
  );
  say(`BOOT-OK: a machine booted from ${image} in ${booted.seconds.toFixed(1)} s`);
  if (!options.keep) return server;
  say(`the server stays up until Ctrl-C: http://${server.http}/boot.ipxe, metrics at http://${server.api}/metrics`);
  if (registry !== undefined) say(`and the registry: http://${registry.host}/v2/_catalog`);
  return server;
}

/** With this project's own tools, one architecture after the other. @param {string} image */
async function buildImage(image) {
  for (const architecture of /** @type {const} */ (['amd64', 'arm64'])) {
    const { kernel, initramfs, cmdline } = payloadFiles(architecture);
    const files = ['--kernel', kernel, '--initramfs', initramfs, '--cmdline', cmdline];
    const more = architecture === 'amd64' ? [] : ['--append'];
    const platform = ['--platform', `linux/${architecture}`];
    await run(process.execPath, [PROGRAM, 'image', 'build', '--plain-http', ...more, ...platform, ...files, image]);
  }
  const shown = await run(process.execPath, [PROGRAM, 'image', 'inspect', '--plain-http', image]);
  for (const line of shown.trimEnd().split('\n')) say(`  image    ${line}`);
}

/** @param {string} folder @param {string} image @param {string | undefined} registry */
function configuration(folder, image, registry) {
  return [
    `advertise: ${HOST}`,
    `data: ${join(folder, 'data')}`,
    'http: { listen: "127.0.0.1:0" }',
    'tftp: { listen: "127.0.0.1:0" }',
    `ipxe: { binaries: "${join(folder, 'ipxe')}" }`,
    'api: { listen: "127.0.0.1:0" }',
    ...(registry === undefined ? [] : [`registries: { "${registry}": { plainHttp: true } }`]),
    'machines:',
    `  - { name: demo-machine, mac: "${MAC}" }`,
    'assignments:',
    `  - { name: demo, match: { machine: demo-machine }, image: "${image}", kernelArgs: { append: [demo=1] } }`,
    '',
  ].join('\n');
}

/** Milestones only; that 10.0.2.2 is not an address of this host is as it should be. @param {import('./server.js').LogLine} line */
function tellServer({ event, msg }) {
  if (event !== 'config.warning') say(`  server   ${msg ?? ''}`);
}

/** The first signal ends what runs; a second one ends this script at once. */
function endOnSignal() {
  /** @type {{ name: string | undefined, seen: Promise<void> }} */
  const signal = { name: undefined, seen: Promise.resolve() };
  signal.seen = new Promise((resolve) => {
    const end = (/** @type {string} */ name) => {
      for (const one of SIGNALS) process.off(one, end);
      signal.name = name;
      endAll();
      resolve();
    };
    for (const one of SIGNALS) process.on(one, end);
  });
  return signal;
}

/** @param {number | string} status */
function alone(status) {
  throw new SetupError(`the server ended by itself with ${status}`);
}

/** @returns {Options} */
function readOptions() {
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  try {
    const { values } = parseArgs({ options: { keep: flag, layout: flag, yes: flag } });
    const given = (/** @type {keyof Options} */ name) => values[name] || process.env[`npm_config_${name}`] === 'true';
    return { keep: given('keep'), layout: given('layout'), yes: given('yes') };
  } catch (thrown) {
    throw new SetupError(
      thrown instanceof Error ? thrown.message : String(thrown),
      'npm run demo -- [--keep] [--layout] [--yes]',
    );
  }
}
