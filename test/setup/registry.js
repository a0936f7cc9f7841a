import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registryProgram } from './parts.js';
import { ChildProcess } from './process.js';
import { SetupError } from './steps.js';

/**
 * A real registry (Debian's docker-registry) on loopback, empty, gone with its storage when it is stopped.
 * @typedef {{ host: string, process: ChildProcess, stop: () => Promise<void>, start: () => Promise<void> }} Registry
 */

const TRIES = 5;

/** @returns {Promise<Registry>} */
export async function startRegistry() {
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-registry-'));
  for (let attempt = 1; ; attempt += 1) {
    const host = `127.0.0.1:${await freePort()}`;
    try {
      return await serve(folder, host);
    } catch (thrown) {
      // Between asking for a free port and using it, another program may have taken it.
      if (attempt < TRIES) continue;
      rmSync(folder, { recursive: true, force: true });
      throw thrown;
    }
  }
}

/** @param {string} folder @param {string} host @returns {Promise<Registry>} */
async function serve(folder, host) {
  const config = join(folder, 'config.json');
  const settings = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, redirect: { disable: true } },
    http: { addr: host },
  };
  // JSON is YAML, which is what the registry reads.
  writeFileSync(config, JSON.stringify(settings));
  const launch = async () => {
    const env = { ...process.env, OTEL_TRACES_EXPORTER: 'none' };
    const child = new ChildProcess(registryProgram(), ['serve', config], { name: 'docker-registry', env });
    await answering(host, child);
    return child;
  };
  let child = await launch();
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    host,
    get process() {
      return child;
    },
    start: async () => {
      child = await launch();
    },
    stop: async () => {
      await child.stop();
      remove();
      process.off('exit', remove);
    },
  };
}

/** @param {string} host @param {ChildProcess} child */
async function answering(host, child) {
  const ended = child.ended.then(() => 'ended');
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const there = await fetch(`http://${host}/v2/`)
      .then(({ ok }) => ok)
      .catch(() => false);
    if (there) return;
    const state = /** @type {string} */ (
      await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve('waiting'), 50))])
    );
    if (state === 'ended') break;
  }
  await child.stop();
  throw new SetupError(`docker-registry does not answer on ${host}\n${child.lines.slice(-5).join('\n')}`);
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
