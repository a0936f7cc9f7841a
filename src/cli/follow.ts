import { waitFor } from '../clock.js';
import { BootlayerError } from '../errors.js';
import { authorization, type ServerApi, unreachable } from './api-server.js';
import { askServer } from './ask-server.js';
import { eventsIn, type StreamedEvent } from './event-lines.js';
import { readStep, readTransfers, type ToldEvent, type ToldTransfers } from './told.js';

/** Asks the server for more; undefined where it does not answer. */
export type Ask = (path: string) => Promise<unknown>;

/** Who is told what the server streams. */
export type Watcher = {
  /** The server answers. What it tells from now on is told afterwards. `ahead`: milliseconds by which its clock is. */
  readonly opened: (ask: Ask, ahead: number) => Promise<void>;
  readonly step: (event: ToldEvent) => void;
  readonly transfers: (told: ToldTransfers) => void;
  /** It does not answer any more. Told once, until it does. */
  readonly lost: () => void;
};

export type Following = {
  /** Of the events: `/api/v1/events`. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly watcher: Watcher;
  /** How long nothing may come before the connection is taken for dead, milliseconds. The server gives a sign of life every 15 s. */
  readonly patience?: number;
};

const PATIENCE_MILLISECONDS = 45_000;
const FIRST_WAIT_MILLISECONDS = 1_000;
const LONGEST_WAIT_MILLISECONDS = 5_000;
/** Clocks of one host that differ by less do not differ: the server tells its time in seconds. */
const LEAST_AHEAD = 2_000;

/** Until the signal says so, which is thrown; a server that ends is waited for. Throws when there is none at first. */
export async function follow(api: ServerApi, following: Following): Promise<never> {
  const { signal, watcher } = following;
  let isLost = false;
  let wait = FIRST_WAIT_MILLISECONDS;
  for (let isFirst = true; ; isFirst = false) {
    const opened = await open(api, following);
    if (opened.kind === 'open') {
      isLost = false;
      wait = FIRST_WAIT_MILLISECONDS;
      await tellAll(api, opened, following);
    } else if (isFirst || opened.error.code === 'UNAUTHORIZED') throw opened.error;
    else if (!isLost) {
      isLost = true;
      watcher.lost();
    }
    signal.throwIfAborted();
    await waitFor(wait, signal).catch(() => signal.throwIfAborted());
    if (isLost) wait = Math.min(wait * 2, LONGEST_WAIT_MILLISECONDS);
  }
}

type Opened = OpenStream | { readonly kind: 'closed'; readonly error: BootlayerError };
type OpenStream = {
  readonly kind: 'open';
  readonly events: AsyncGenerator<StreamedEvent | undefined>;
  readonly ahead: number;
  readonly end: () => void;
};

async function open(api: ServerApi, { path, signal }: Following): Promise<Opened> {
  try {
    const asked = { headers: authorization(api), signal, redirect: 'error' } as const;
    const { ok, headers, body } = await fetch(`${api.url}${path}`, asked);
    if (ok && headers.get('content-type') === 'text/event-stream' && body !== null)
      return { kind: 'open', ahead: aheadBy(headers.get('date')), ...endable(body, signal) };
    await body?.cancel();
    // It has an error to tell, maybe.
    await askServer(api, { path, signal });
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof BootlayerError) return { kind: 'closed', error: thrown };
  }
  return { kind: 'closed', error: unreachable(api) };
}

/**
 * Its events until it ends, is ended, or the signal says so. By reading, since fetch does not hold the signal that it was given
 * once it has answered: after a collection of garbage that ends nothing (undici in Node 20).
 */
function endable(body: ReadableStream<Uint8Array>, signal: AbortSignal): Pick<OpenStream, 'events' | 'end'> {
  const reader = body.getReader();
  const end = () => {
    signal.removeEventListener('abort', end);
    reader.cancel().catch(() => undefined);
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return { events: eventsIn(chunksOf(reader)), end };
}

async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function aheadBy(date: string | null): number {
  const ahead = Date.parse(date ?? '') + 500 - Date.now();
  return Math.abs(ahead) >= LEAST_AHEAD ? ahead : 0;
}

/** Until they end, in whichever way. */
async function tellAll(
  api: ServerApi,
  { events, ahead, end }: OpenStream,
  { signal, watcher, patience = PATIENCE_MILLISECONDS }: Following,
): Promise<void> {
  const ask: Ask = (path) => askServer(api, { path, signal });
  let timer = setTimeout(end, patience);
  try {
    await watcher.opened(ask, ahead);
    for await (const event of events) {
      clearTimeout(timer);
      timer = setTimeout(end, patience);
      tell(event, watcher);
    }
  } catch {
    // Whoever ended it, the next attempt shows whether the server is there.
  } finally {
    clearTimeout(timer);
    end();
  }
}

function tell(event: StreamedEvent | undefined, watcher: Watcher): void {
  if (event === undefined) return;
  if (event.name === 'transfers') {
    const transfers = readTransfers(event.data);
    if (transfers !== undefined) watcher.transfers(transfers);
    return;
  }
  const step = readStep(event.name, event.data);
  if (step !== undefined) watcher.step(step);
}
