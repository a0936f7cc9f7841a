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

/** How often a silent client is looked at. */
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
    let writing: Promise<void> = Promise.resolve();
    try {
      for (let position = start; position < end; ) {
        const turn = await this.#readTurn(reader, { start: position, end });
        await this.#unlessItFails(writing, turn);
        writing = this.#write(turn);
        // Awaited in the next round or below; without this a failure in between would be nobody's.
        writing.catch(() => undefined);
        position += turn.bytes.length;
      }
      await writing;
      await this.#finish();
    } finally {
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

  async #write({ buffer, bytes }: Turn): Promise<void> {
    try {
      await this.#accepted((done) => this.#response.write(bytes, done));
      this.#sent += bytes.length;
    } finally {
      this.#pool.giveBack(buffer);
    }
  }

  #finish(): Promise<void> {
    return this.#accepted((done) => this.#response.end(done));
  }

  /** Waits until the kernel took the bytes, the client is gone, or it has taken nothing for too long. */
  #accepted(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let looks = 0;
      const settle = (error?: Error | null) => {
        clearInterval(timer);
        this.#gone.removeEventListener('abort', gone);
        if (error) reject(hungUp(error));
        else resolve();
      };
      const gone = () => settle(this.#gone.reason as Error);
      const timer = setInterval(() => {
        looks += 1;
        if (looks < STALL_LOOKS && !this.#pool.pressed) return;
        settle(new BootlayerError('BLOB_UNAVAILABLE', 'the client takes bytes too slowly'));
        this.#response.destroy();
      }, LOOK_MILLISECONDS);
      if (this.#gone.aborted) return gone();
      this.#gone.addEventListener('abort', gone, { once: true });
      start(settle);
    });
  }
}

type Turn = { readonly buffer: Buffer; readonly bytes: Buffer };

const HUNG_UP: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED']);

/** The system's word for a client that is gone, as ours. */
function hungUp(error: Error): Error {
  if (!HUNG_UP.has(systemErrorCode(error))) return error;
  return new BootlayerError('BLOB_UNAVAILABLE', 'the client closed the connection', { cause: error });
}
