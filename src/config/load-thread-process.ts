/** The thread in which `readConfigFilesAside` reads the configuration. */
import { parentPort, workerData } from 'node:worker_threads';
import { BootlayerError } from '../errors.js';
import { type LoadOptions, readConfigFiles } from './load.js';
import type { LoadReply, PlainError } from './load-process.js';

async function answer(options: LoadOptions): Promise<LoadReply> {
  try {
    const outcome = await readConfigFiles(options);
    return outcome.kind === 'loaded' ? outcome : { ...outcome, error: plain(outcome.error) };
  } catch (thrown) {
    return { kind: 'failed', error: plain(thrown) };
  }
}

function plain(thrown: unknown): PlainError {
  const { code, message, remedy } = BootlayerError.from(thrown);
  return { code, message, remedy };
}

parentPort?.postMessage(await answer(workerData as LoadOptions));
