import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { registryProgram } from './parts.js';
import { ChildProcess } from './process.js';

/**
 * A real registry (Debian's docker-registry) on loopback, empty, gone with its storage when it is stopped. An outage:
 * `process.stop()`, then `start()` with the same images on the same port.
 * @typedef {{ host: string, process: ChildProcess, start: () => Promise<void>, stop: () => Promise<void> }} Registry
 */

const TRIES = 5;
const START_SECONDS = 20;

/**
 * `htpasswd`: lines of users with bcrypt hashes; `tls`: certificate and key as PEM; `within`: a command that runs the rest of its
 * arguments, as in a network of its own.
 * @typedef {{ htpasswd?: string, tls?: { cert: string, key: string }, within?: readonly string[] }} RegistryOptions
 */

/** @param {RegistryOptions} [options] @returns {Promise<Registry>} */
export async function startRegistry(options = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bootlayer-registry-'));
  for (let attempt = 1; ; attempt += 1) {
    const host = `127.0.0.1:${await freePort()}`;
    try {
      return await serve(folder, host, options);
    } catch (thrown) {
      // Between asking for a free port and using it, another program may have taken it.
      if (attempt < TRIES) continue;
      rmSync(folder, { recursive: true, force: true });
      throw thrown;
    }
  }
}

/** @param {string} folder @param {string} host @param {RegistryOptions} options @returns {Promise<Registry>} */
async function serve(folder, host, { htpasswd, tls, within = [] }) {
  const config = join(folder, 'config.json');
  /** @param {string} name @param {string} text */
  const write = (name, text) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const settings = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, redirect: { disable: true } },
    http: {
      addr: host,
      ...(tls && { tls: { certificate: write('cert.pem', tls.cert), key: write('key.pem', tls.key) } }),
    },
    ...(htpasswd && { auth: { htpasswd: { realm: 'lab', path: write('htpasswd', htpasswd) } } }),
  };
  // JSON is YAML, which is what the registry reads.
  writeFileSync(config, JSON.stringify(settings));
  let child = await launch(config, within);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    host,
    get process() {
      return child;
    },
    start: async () => {
      child = await launch(config, within);
    },
    stop: async () => {
      await child.stop();
      remove();
      process.off('exit', remove);
    },
  };
}

/** @param {string} config @param {readonly string[]} within */
async function launch(config, within) {
  const env = { ...process.env, OTEL_TRACES_EXPORTER: 'none' };
  const [command = '', ...args] = [...within, registryProgram(), 'serve', config];
  const child = new ChildProcess(command, args, { name: 'docker-registry', env });
  try {
    // Only its own word is proof: another program may answer on a port that it did not get.
    await child.waitForLine((line) => (line.includes('listening on') ? true : undefined), START_SECONDS);
    return child;
  } catch (thrown) {
    await child.stop();
    throw thrown;
  }
}
