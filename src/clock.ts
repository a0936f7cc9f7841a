import { setTimeout as sleep } from 'node:timers/promises';

/** Time as the parts that wait or measure see it; tests give one of their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only go forward, for durations: the time of day may be set while something runs. */
  ticks(): number;
  /** The work's result, or that it took longer than so many milliseconds; late work goes on, and its failure is nobody's. */
  within<T>(milliseconds: number, work: Promise<T>): Promise<Timely<T>>;
}

/** Ticks as elapsed seconds, to the millisecond. */
export function secondsSince(started: number, now: number): number {
  return Math.round(now - started) / 1000;
}

export type Timely<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'late' };

export const systemClock: Clock = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  within: async <T>(milliseconds: number, work: Promise<T>) => {
    work.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Timely<T>>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'late' }), milliseconds);
    });
    try {
      return await Promise.race([work.then((value): Timely<T> => ({ kind: 'done', value })), late]);
    } finally {
      clearTimeout(timer);
    }
  },
};

/** Runs it after so many milliseconds, unless what it answers is called before. */
export type After = (milliseconds: number, run: () => void) => () => void;

export const after: After = (milliseconds, run) => {
  const timer = setTimeout(run, milliseconds);
  return () => clearTimeout(timer);
};

/** Runs it again and again, so many milliseconds apart, until what it answers is called. */
export function every(milliseconds: number, run: () => void): () => void {
  const timer = setInterval(run, milliseconds);
  return () => clearInterval(timer);
}

/** Waits so many milliseconds; rejects when the signal says so. */
export type Wait = (milliseconds: number, signal: AbortSignal | undefined) => Promise<unknown>;

export const waitFor: Wait = (milliseconds, signal) =>
  sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
