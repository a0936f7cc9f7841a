import { Worker } from 'node:worker_threads';
import { BootlayerError, type ErrorCode } from '../errors.js';
import { deepFreeze } from './freeze.js';
import type { Loaded, LoadOptions } from './load.js';

/** What the thread answers. Structured-clone values only. */
export type LoadReply =
  | { readonly kind: 'loaded'; readonly loaded: Loaded }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly remedy: string | undefined;
    };

const THREAD = new URL('./load-thread-process.js', import.meta.url);

/**
 * `loadConfig` in a thread of its own: ten thousand machines take a second to parse, and no packet may wait for that.
 * Throws the same.
 */
export async function loadConfigAside(options: LoadOptions, thread: URL = THREAD): Promise<Loaded> {
  const worker = new Worker(thread, { workerData: { ...options, env: { ...options.env } } });
  try {
    const reply = await new Promise<LoadReply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that reads the configuration ended')));
    });
    if (reply.kind === 'failed') {
      const { code, message, remedy } = reply;
      throw new BootlayerError(code, message, remedy === undefined ? {} : { remedy });
    }
    return deepFreeze(reply.loaded);
  } finally {
    await worker.terminate();
  }
}
