import { Worker } from 'node:worker_threads';
import { BootlayerError, type ErrorCode } from '../errors.js';
import { deepFreeze } from './freeze.js';
import type { LoadOptions, LoadOutcome, ReadFiles } from './load.js';
import type { Loaded } from './read.js';

/** An error as plain data: its class does not come through. */
export type PlainError = { readonly code: ErrorCode; readonly message: string; readonly remedy: string | undefined };

/** What the thread answers. Structured-clone values only. */
export type LoadReply =
  | { readonly kind: 'loaded'; readonly read: ReadFiles; readonly loaded: Loaded }
  | { readonly kind: 'refused'; readonly read: ReadFiles; readonly error: PlainError }
  | { readonly kind: 'failed'; readonly error: PlainError };

const THREAD = new URL('./load-thread-process.js', import.meta.url);

/**
 * `readConfigFiles` in a thread of its own: ten thousand machines take a second to parse, and no packet may wait for
 * that. Throws the same.
 */
export async function readConfigFilesAside(options: LoadOptions, thread: URL = THREAD): Promise<LoadOutcome> {
  const worker = new Worker(thread, { workerData: { ...options, env: { ...options.env } } });
  try {
    const reply = await new Promise<LoadReply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that reads the configuration ended')));
    });
    if (reply.kind === 'loaded') return { ...reply, loaded: deepFreeze(reply.loaded) };
    const { code, message, remedy } = reply.error;
    const error = new BootlayerError(code, message, remedy === undefined ? {} : { remedy });
    if (reply.kind === 'failed') throw error;
    return { ...reply, error };
  } finally {
    await worker.terminate();
  }
}
