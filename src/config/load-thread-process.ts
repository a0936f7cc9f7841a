/** The thread in which `loadConfigAside` reads the configuration. */
import { parentPort, workerData } from 'node:worker_threads';
import { BootlayerError } from '../errors.js';
import { type LoadOptions, loadConfig } from './load.js';
import type { LoadReply } from './load-process.js';

async function answer(options: LoadOptions): Promise<LoadReply> {
  try {
    return { kind: 'loaded', loaded: await loadConfig(options) };
  } catch (thrown) {
    const { code, message, remedy } = BootlayerError.from(thrown);
    return { kind: 'failed', code, message, remedy };
  }
}

parentPort?.postMessage(await answer(workerData as LoadOptions));
