import { BootlayerError } from '../errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Lets work that is ended by a signal clean up behind itself; a second signal ends it at once. */
export async function untilSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const end = (signal: NodeJS.Signals) => {
    stopListening();
    ended.abort(new BootlayerError('INTERRUPTED', `ended by ${signal}`));
  };
  const stopListening = () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    return await work(ended.signal);
  } finally {
    stopListening();
  }
}
