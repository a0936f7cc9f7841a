import type { BootEvent, EventSink } from '../boot/event.js';
import { secondsSince } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { BlobSource, BlobStore, Ingest } from './blob-store.js';
import { Pace } from './pace.js';

/** Nobody receives these last bytes of a blob before its digest is proven. */
export const HOLD_BACK_BYTES = 64 * 1024;
/** Sockets deliver little at a time; the disk and those who follow are better off with larger pieces. */
const PIECE_BYTES = 256 * 1024;

export type FillParts = {
  readonly store: BlobStore;
  readonly source: BlobSource;
  readonly events: EventSink;
  /** Milliseconds. */
  readonly now: () => number;
};

type State =
  | { readonly kind: 'growing' }
  | { readonly kind: 'committed' }
  | { readonly kind: 'failed'; readonly error: BootlayerError };

/**
 * The one download of a blob into the store, whoever wants it. It belongs to the cache: readers follow it and may hang
 * up, it goes on. Readers get what has arrived but for the last bytes, and those only when the digest is proven.
 */
export class Fill {
  readonly descriptor: Descriptor;
  readonly #parts: FillParts;
  readonly #abort = new AbortController();
  readonly #waiting = new Set<() => void>();
  #ingest: Ingest | undefined;
  #state: State = { kind: 'growing' };
  /** The download itself holds one; the ingest is closed when nobody does. */
  #holders = 1;

  constructor(descriptor: Descriptor, parts: FillParts) {
    this.descriptor = descriptor;
    this.#parts = parts;
  }

  /** Whether more readers may follow it: once it has ended, its ingest may be closed any moment. */
  get growing(): boolean {
    return this.#state.kind === 'growing';
  }

  /** Downloads, verifies, commits. Never rejects: failures go to the readers and the events. */
  async run(): Promise<void> {
    const { source, events, now } = this.#parts;
    const { digest, size } = this.descriptor;
    const started = now();
    events({ event: 'fill.started', digest, size, source: source.name });
    try {
      await this.#download();
      this.#state = { kind: 'committed' };
    } catch (thrown) {
      this.#state = { kind: 'failed', error: this.#errorOf(thrown) };
      await this.#ingest?.abort().catch(() => undefined);
      if (this.#state.error.code === 'INTERNAL') this.#reportFault(this.#state.error);
    }
    this.#wake();
    events(this.#outcome(secondsSince(started, now())));
    await this.release();
  }

  /** Gives up: the server ends. */
  abort(): void {
    this.#abort.abort();
  }

  hold(): void {
    this.#holders += 1;
  }

  async release(): Promise<void> {
    this.#holders -= 1;
    // What is read no more need not be closed well: a committed file was synced before it became a blob.
    if (this.#holders === 0) await this.#ingest?.close().catch(() => undefined);
  }

  /** How many bytes from `position` on can be read; waits until there are some, 0 at the end. Throws the fill's error. */
  async available(position: number, signal?: AbortSignal): Promise<number> {
    if (position >= this.descriptor.size) await this.whole(signal);
    while (position < this.descriptor.size) {
      const count = this.#readable() - position;
      if (count > 0) return count;
      await this.#change(signal);
    }
    return 0;
  }

  /** Resolves when the digest is proven. Throws the fill's error. */
  async whole(signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#state.kind === 'failed') throw this.#state.error;
      if (this.#state.kind === 'committed') return;
      await this.#change(signal);
    }
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const length = Math.min(target.length, this.#readable() - position);
    if (length <= 0 || this.#ingest === undefined) return 0;
    return this.#ingest.read(target.subarray(0, length), position);
  }

  async #download(): Promise<void> {
    const { store, source, now } = this.#parts;
    this.#abort.signal.throwIfAborted();
    this.#ingest = await store.ingest(this.descriptor);
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(1, this.descriptor.size)));
    let filled = 0;
    const pace = new Pace(now);
    for await (const chunk of await source.fetch(this.descriptor, this.#abort.signal)) {
      this.#abort.signal.throwIfAborted();
      if (pace.isTooSlow(chunk.length)) throw tooSlow(source.name);
      for (let taken = 0; taken < chunk.length; ) {
        const part = chunk.subarray(taken, taken + piece.length - filled);
        piece.set(part, filled);
        filled += part.length;
        taken += part.length;
        if (filled < piece.length) continue;
        await this.#take(piece);
        filled = 0;
      }
    }
    await this.#take(piece.subarray(0, filled));
    await this.#ingest.commit();
  }

  async #take(bytes: Uint8Array): Promise<void> {
    await this.#ingest?.write(bytes);
    this.#wake();
  }

  /** Up to where readers may read now. Throws the fill's error. */
  #readable(): number {
    if (this.#state.kind === 'failed') throw this.#state.error;
    if (this.#state.kind === 'committed') return this.descriptor.size;
    return Math.max(0, Math.min(this.#ingest?.written ?? 0, this.descriptor.size - HOLD_BACK_BYTES));
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const gone = () => {
        this.#waiting.delete(wake);
        reject(signal?.reason as Error);
      };
      const wake = () => {
        signal?.removeEventListener('abort', gone);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', gone, { once: true });
    });
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #outcome(seconds: number): BootEvent {
    const { digest, size } = this.descriptor;
    const told = { digest, seconds, source: this.#parts.source.name };
    if (this.#state.kind !== 'failed') return { event: 'fill.finished', ...told, bytes: size };
    const { code, message } = this.#state.error;
    return { event: 'fill.failed', ...told, bytes: this.#ingest?.written ?? 0, code, reason: message };
  }

  #reportFault({ message: reason, cause }: BootlayerError): void {
    const stack = cause instanceof Error ? (cause.stack ?? '') : '';
    this.#parts.events({ event: 'fault', doing: `downloading ${this.descriptor.digest}`, reason, stack });
  }

  #errorOf(thrown: unknown): BootlayerError {
    if (this.#abort.signal.aborted) return new BootlayerError('BLOB_UNAVAILABLE', 'the server ends', { cause: thrown });
    return BootlayerError.from(thrown);
  }
}

function tooSlow(source: string): BootlayerError {
  return new BootlayerError('BLOB_UNAVAILABLE', `${source} sends too slowly`, {
    remedy: 'see why the registry or the way to it is slow',
  });
}
