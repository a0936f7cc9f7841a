import { Worker } from 'node:worker_threads';
import { threadModule } from '../disk-own-files.js';
import { BootlayerError, type ErrorCode, systemErrorCode } from '../errors.js';
import { type DocumentFiles, Documents } from '../provision/documents.js';
import { deepFreeze } from './freeze.js';
import type { LoadOptions, LoadOutcome, ReadFiles } from './load.js';
import type { Loaded } from './read.js';

/** An error as plain data: its class does not come through. */
export type PlainError = { readonly code: ErrorCode; readonly message: string; readonly remedy: string | undefined };

/** What the thread answers. Structured-clone values only. */
export type LoadReply =
  | { readonly kind: 'loaded'; readonly read: ReadFiles; readonly loaded: PlainLoaded }
  | { readonly kind: 'refused'; readonly read: ReadFiles; readonly error: PlainError }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** What templates are parsed to does not come through either: it is parsed anew where it is handed out. */
export type PlainLoaded = Omit<Loaded, 'documents'> & { readonly documents?: DocumentFiles };

const THREAD = threadModule('config/load-thread-process.js');

/** A hundred thousand machines take a tenth of this, and a fifth of that memory. */
const MAX_MILLISECONDS = 60_000;
const MAX_MEMORY_MIB = 4_096;

export type Aside = {
  /** Nobody wants to know any more. */
  readonly signal?: AbortSignal;
  readonly thread?: URL;
  readonly maxMilliseconds?: number;
};

/**
 * `readConfigFiles` in a thread of its own: ten thousand machines take a second to parse, and no packet may wait for
 * that. Throws the same, and when it takes too long, too much memory, or is given up.
 */
export async function readConfigFilesAside(options: LoadOptions, aside: Aside = {}): Promise<LoadOutcome> {
  const resourceLimits = { maxOldGenerationSizeMb: MAX_MEMORY_MIB };
  const workerData = { ...options, env: { ...options.env } };
  const worker = new Worker(aside.thread ?? THREAD, { workerData, resourceLimits });
  try {
    const reply = await replyOf(worker, aside);
    if (reply.kind === 'loaded') return { ...reply, loaded: revived(reply.loaded) };
    const { code, message, remedy } = reply.error;
    const error = new BootlayerError(code, message, remedy === undefined ? {} : { remedy });
    if (reply.kind === 'failed') throw error;
    return { ...reply, error };
  } finally {
    await worker.terminate();
  }
}

function revived({ documents, ...loaded }: PlainLoaded): Loaded {
  return { ...deepFreeze(loaded), ...(documents !== undefined && { documents: new Documents(documents) }) };
}

function replyOf(worker: Worker, { signal, maxMilliseconds = MAX_MILLISECONDS }: Aside): Promise<LoadReply> {
  let forget = (): void => undefined;
  const reply = new Promise<LoadReply>((resolve, reject) => {
    const giveUp = () => reject(new Error('reading the configuration was given up'));
    const timer = setTimeout(() => reject(tookTooLong(maxMilliseconds)), maxMilliseconds);
    forget = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    };
    worker.once('message', resolve);
    worker.once('error', (thrown) => reject(systemErrorCode(thrown) === OUT_OF_MEMORY ? tooLarge(thrown) : thrown));
    worker.once('exit', () => reject(new Error('the thread that reads the configuration ended')));
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp);
  });
  return reply.finally(() => forget());
}

function tookTooLong(milliseconds: number): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', `the configuration could not be read within ${milliseconds / 1000} s`, {
    remedy: 'see which of its files is far too large',
  });
}

const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';

function tooLarge(cause: unknown): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', 'reading the configuration takes too much memory', {
    remedy: 'see which of its files is far too large',
    cause,
  });
}
