import { Worker } from 'node:worker_threads';
import type { IpAddress } from './ip.js';
import { MAX_PING_MILLISECONDS, type Pinged } from './ping-process.js';

/** Structured-clone values only. */
export type PingRequest = { readonly id: number; readonly address: IpAddress; readonly maxMilliseconds: number };
export type PingReply = { readonly id: number; readonly pinged: Pinged };

const THREAD = new URL('./ping-thread-process.js', import.meta.url);
/** For a thread that starts one process after the other, and for its own start. */
const MOST_BEHIND_MILLISECONDS = 2_000;
const QUIET: Pinged = { kind: 'quiet' };

/** Pings from a thread of its own, so that packets do not wait for processes to be started. A thread that ends is replaced. */
export class Pinger {
  readonly #script: URL;
  readonly #pending = new Map<number, (pinged: Pinged) => void>();
  #worker: Worker | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor(script: URL = THREAD) {
    this.#script = script;
  }

  /**
   * As `ping`; `failed` also where its thread ends. What is not known within that time and what a thread is behind by at most is
   * quiet. Never rejects.
   */
  ping(address: IpAddress, maxMilliseconds = MAX_PING_MILLISECONDS): Promise<Pinged> {
    if (this.#isClosed) return Promise.resolve(QUIET);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#settle({ id, pinged: QUIET }), maxMilliseconds + MOST_BEHIND_MILLISECONDS);
      this.#pending.set(id, (pinged) => {
        clearTimeout(late);
        resolve(pinged);
      });
      try {
        this.#worker ??= this.#start();
        // No ping keeps this program from its end, unless somebody waits for it.
        this.#worker.ref();
        this.#worker.postMessage({ id, address, maxMilliseconds } satisfies PingRequest);
      } catch (thrown) {
        this.#settle({ id, pinged: failed(messageOf(thrown)) });
      }
    });
  }

  /** Whoever waits waits no longer; a ping that runs ends by itself within a second. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#settleAll(QUIET);
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(this.#script);
    let reason = 'it ended';
    worker.on('message', (reply: PingReply) => this.#settle(reply));
    worker.on('error', (thrown) => {
      reason = messageOf(thrown);
    });
    worker.once('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#settleAll(failed(reason));
    });
    return worker;
  }

  #settle({ id, pinged }: PingReply): void {
    const resolve = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker?.unref();
    resolve?.(pinged);
  }

  #settleAll(pinged: Pinged): void {
    for (const id of [...this.#pending.keys()]) this.#settle({ id, pinged });
  }
}

function failed(reason: string): Pinged {
  return { kind: 'failed', reason: `the thread of the pings failed (${reason}): start the server again` };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
