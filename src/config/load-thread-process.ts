/** The thread in which `readConfigFilesAside` reads the configuration. */
import { parentPort, workerData } from 'node:worker_threads';
import { BootlayerError } from '../errors.js';
import { type LoadOptions, readConfigFiles } from './load.js';
import type { LoadReply, PlainError } from './load-process.js';

async function answer(options: LoadOptions): Promise<LoadReply> {
  try {
    const outcome = await readConfigFiles(options);
    if (outcome.kind === 'refused') return { ...outcome, error: plain(outcome.error) };
    const { documents, ...loaded } = outcome.loaded;
    return { ...outcome, loaded: { ...loaded, ...(documents !== undefined && { documents: documents.files }) } };
  } catch (thrown) {
    return { kind: 'failed', error: plain(thrown) };
  }
}

function plain(thrown: unknown): PlainError {
  const { code, message, remedy } = BootlayerError.from(thrown);
  return { code, message, remedy };
}

void answer(workerData as LoadOptions).then((reply) => parentPort?.postMessage(reply));
