import { join } from 'node:path';
import { ROOT } from './command.js';
import { ChildProcess } from './process.js';

/** The program, as built. */
export const PROGRAM = join(ROOT, 'dist/main.js');

/**
 * A running `bootlayer serve`, with its log as values.
 * @typedef {{ http: string, tftp: string, api: string, process: ChildProcess, stop: () => Promise<number | string> }} Server
 * @typedef {Record<string, unknown> & { event?: string, msg?: string }} LogLine
 */

/**
 * @param {string} config a file
 * `within`: a command that runs the rest of its arguments.
 * @param {{ onLog?: (line: LogLine) => void, env?: NodeJS.ProcessEnv, within?: readonly string[] }} [options]
 * @returns {Promise<Server>}
 */
export async function startServer(config, { onLog, env, within = [] } = {}) {
  const [command = '', ...args] = [...within, process.execPath, PROGRAM, 'serve', '-c', config];
  const child = new ChildProcess(command, args, {
    name: 'bootlayer serve',
    ...(env !== undefined && { env: { ...process.env, ...env } }),
  });
  child.onLine((line) => {
    const read = readLogLine(line);
    if (read !== undefined) onLog?.(read);
  });
  try {
    const listening = await child.waitForLine((line) => {
      const read = readLogLine(line);
      return read?.event === 'server.listening' ? read : undefined;
    }, 20);
    const at = (/** @type {string} */ name) => String(listening[name]);
    return { http: at('http'), tftp: at('tftp'), api: at('api'), process: child, stop: () => child.stop(40) };
  } catch (thrown) {
    await child.stop();
    throw thrown;
  }
}

/** @param {string} line @returns {LogLine | undefined} */
export function readLogLine(line) {
  try {
    return line.startsWith('{') ? /** @type {LogLine} */ (JSON.parse(line)) : undefined;
  } catch {
    return undefined;
  }
}
