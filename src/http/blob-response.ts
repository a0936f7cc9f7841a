import type { ServerResponse } from 'node:http';
import { BootlayerError, systemErrorCode } from '../errors.js';
import type { BufferPool } from './buffer-pool.js';

/** A blob that may still be growing; what the cache opens is one. */
export interface BodyReader {
  /** How many bytes from `position` on can be read now; waits until there are some. */
  available(position: number, signal?: AbortSignal): Promise<number>;
  read(target: Uint8Array, position: number): Promise<number>;
}

export type Span = { readonly start: number; readonly end: number };

/** How often a client is looked at, which may come right after something was written. */
const LOOK_MILLISECONDS = 10_000;
/** A client that does not take a whole turn for this long is given up (iPXE itself gives up after 120 s of silence). */
const STALL_LOOKS = 12;

/**
 * Sends the bytes of a body whose head is written already: the next turn is read while the last is on its way. Resolves
 * when the kernel has everything; rejects when the client is gone or too slow, or the reader fails, and then the
 * connection must be cut, since the promised length cannot be kept. `sent` counts as it goes.
 */
export class BlobResponse {
  readonly #response: ServerResponse;
  readonly #pool: BufferPool;
  /** Aborts when the client is gone. */
  readonly #gone: AbortSignal;
  #sent = 0;
  /** Ends the wait for the kernel to take what was written last; undefined while nothing is waited for. */
  #settle: Settle | undefined;
  /** How often that was looked at in vain. */
  #looks = 0;
  /** Ends the looking; undefined until something has to be waited for: to look takes as long as to send a small part does. */
  #stopWatching: (() => void) | undefined;

  constructor(response: ServerResponse, pool: BufferPool, gone: AbortSignal) {
    this.#response = response;
    this.#pool = pool;
    this.#gone = gone;
  }

  get sent(): number {
    return this.#sent;
  }

  async send(reader: BodyReader, { start, end }: Span): Promise<void> {
    this.#pool.join();
    let writing: Promise<void> = start < end ? Promise.resolve() : this.#accepted((done) => this.#response.end(done));
    try {
      for (let position = start; position < end; ) {
        const turn = await this.#readTurn(reader, { start: position, end });
        await this.#unlessItFails(writing, turn);
        position += turn.bytes.length;
        writing = this.#write(turn, position === end);
        // Awaited in the next round or below; without this a failure in between would be nobody's.
        writing.catch(() => undefined);
      }
      await writing;
    } finally {
      this.#stopWatching?.();
      this.#pool.leave();
    }
  }

  /**
   * Sends a body that is there, in a buffer of the pool, with its end. undefined where the kernel took all of it at once, as it does of
   * what is small; else as `send`.
   */
  sendTurn(turn: Turn): Promise<void> | undefined {
    let told: Settle = () => undefined;
    // Not by `end`, which is told for done where this failed.
    this.#response.write(turn.bytes, (error) => told(error));
    this.#response.end();
    if (!this.#isTaken())
      return this.#finish(turn, (done) => {
        told = done;
      });
    this.#sent = turn.bytes.length;
    this.#pool.giveBack(turn.buffer);
    return undefined;
  }

  /** `listen`: who is told when the kernel has it. */
  async #finish(turn: Turn, listen: (done: Settle) => void): Promise<void> {
    this.#pool.join();
    try {
      await this.#taken(turn, listen);
    } finally {
      this.#stopWatching?.();
      this.#pool.leave();
    }
  }

  async #readTurn(reader: BodyReader, { start, end }: Span): Promise<Turn> {
    const available = await reader.available(start, this.#gone);
    const buffer = await this.#pool.take(this.#gone);
    try {
      const target = buffer.subarray(0, Math.min(available, end - start, buffer.length));
      const count = await reader.read(target, start);
      if (count === 0)
        throw new BootlayerError('BLOB_UNAVAILABLE', `the stored blob ends at ${start}, before its time`);
      return { buffer, bytes: target.subarray(0, count) };
    } catch (thrown) {
      this.#pool.giveBack(buffer);
      throw thrown;
    }
  }

  async #unlessItFails(writing: Promise<void>, turn: Turn): Promise<void> {
    try {
      await writing;
    } catch (thrown) {
      this.#pool.giveBack(turn.buffer);
      throw thrown;
    }
  }

  #write(turn: Turn, isLast: boolean): Promise<void> {
    return this.#taken(turn, (done) => {
      this.#response.write(turn.bytes, done);
      // In one go with them: a small part is one packet less, and done with sooner.
      if (isLast) this.#response.end();
    });
  }

  /** Until the kernel has the turn, whose buffer is the pool's again then. */
  async #taken({ buffer, bytes }: Turn, start: (done: Settle) => void): Promise<void> {
    try {
      await this.#accepted(start);
      this.#sent += bytes.length;
    } finally {
      this.#pool.giveBack(buffer);
    }
  }

  /** Waits until the kernel took the bytes, the client is gone, or it has taken nothing for too long. */
  #accepted(start: (done: Settle) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#gone.aborted) return reject(this.#gone.reason as Error);
      this.#looks = 0;
      const settle: Settle = (error) => {
        if (this.#settle !== settle) return;
        this.#settle = undefined;
        if (error) reject(hungUp(error));
        else resolve();
      };
      this.#settle = settle;
      start(settle);
      // A write that failed at once says so in this turn, before that.
      if (this.#isTaken()) process.nextTick(settle);
      else this.#stopWatching ??= this.#watch();
    });
  }

  /** The kernel has all that was written, as it has most times when the end of something small is. Of TLS that is never known so soon. */
  #isTaken(): boolean {
    const { writableLength, socket } = this.#response;
    // One that was destroyed takes nothing, and tells nobody; one that failed tells of it later.
    return writableLength === 0 && socket?.destroyed === false && socket.errored === null;
  }

  /** Looks after the client until what it answers is called. */
  #watch(): () => void {
    const gone = () => this.#settle?.(this.#gone.reason as Error);
    const timer = setInterval(() => this.#look(), LOOK_MILLISECONDS);
    this.#gone.addEventListener('abort', gone, { once: true });
    return () => {
      clearInterval(timer);
      this.#gone.removeEventListener('abort', gone);
    };
  }

  #look(): void {
    if (this.#settle === undefined) return;
    this.#looks += 1;
    if (this.#looks <= (this.#pool.pressed ? 1 : STALL_LOOKS)) return;
    this.#settle(new BootlayerError('BLOB_UNAVAILABLE', 'the client takes bytes too slowly'));
    this.#response.destroy();
  }
}

type Settle = (error?: Error | null) => void;

/** `bytes`: those of the buffer that are to be sent. */
export type Turn = { readonly buffer: Buffer; readonly bytes: Buffer };

const HUNG_UP: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED']);

/** The system's word for a client that is gone, as ours. */
function hungUp(error: Error): Error {
  if (!HUNG_UP.has(systemErrorCode(error))) return error;
  return new BootlayerError('BLOB_UNAVAILABLE', 'the client closed the connection', { cause: error });
}
