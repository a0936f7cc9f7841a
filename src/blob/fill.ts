import type { BootEvent, EventSink } from '../boot/event.js';
import { secondsSince } from '../clock.js';
import { BootlayerError, type ErrorCode } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { BlobSource, BlobStore, Ingest } from './blob-store.js';
import { Download, type DownloadParts } from './download.js';
import { inPieces } from './pieces.js';

/** Nobody receives these last bytes of a blob before its digest is proven. */
export const HOLD_BACK_BYTES = 64 * 1024;
const PIECE_BYTES = 256 * 1024;

export type FillParts = {
  readonly store: BlobStore;
  /** In the order in which they are asked; at least one. */
  readonly sources: readonly BlobSource[];
  readonly lastResort?: DownloadParts['lastResort'];
  readonly events: EventSink;
  /** Milliseconds. */
  readonly now: () => number;
  /** So many more bytes were written. */
  readonly received?: (bytes: number) => void;
  readonly wait?: DownloadParts['wait'];
  /** Waits until it is its turn to take more from the source. */
  readonly turn?: (signal: AbortSignal) => Promise<void>;
  /** The disk is full, and so many bytes are to come: makes room, and answers how much. */
  readonly makeRoom?: (bytes: number) => Promise<number>;
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
  /** Of whom it may come, with those that were offered while it ran. */
  readonly #sources: BlobSource[];
  readonly #abort = new AbortController();
  readonly #waiting = new Set<() => void>();
  #ingest: Ingest | undefined;
  #source: string;
  #download: Download | undefined;
  /** How many bytes are of an earlier download, of which nobody knows who gave them. */
  #kept = 0;
  #state: State = { kind: 'growing' };
  /** What was received is wrong, or cannot be kept; else the next download goes on there. */
  #isSpoilt = false;
  /** The download itself holds one; the ingest is closed when nobody does. */
  #holders = 1;

  constructor(descriptor: Descriptor, parts: FillParts) {
    this.descriptor = descriptor;
    this.#parts = parts;
    this.#sources = [...parts.sources];
    this.#source = parts.sources[0]?.name ?? '';
  }

  /** Whether more readers may follow it: once it has ended, its ingest may be closed any moment. */
  get growing(): boolean {
    return this.#state.kind === 'growing';
  }

  get failure(): ErrorCode | undefined {
    return this.#state.kind === 'failed' ? this.#state.error.code : undefined;
  }

  /** Who gave bytes that turned out wrong: one of them lies. None where the lie may have been there before. */
  get liars(): readonly string[] {
    return this.failure === 'DIGEST_MISMATCH' && this.#kept === 0 ? (this.#download?.givers ?? []) : [];
  }

  /** Whoever wants it, too, may know others that have it. */
  offer(sources: readonly BlobSource[]): void {
    const known = new Set(this.#allSources().map(({ name }) => name));
    this.#sources.push(...sources.filter(({ name }) => !known.has(name)));
  }

  /** Downloads, verifies, commits. Never rejects: failures go to the readers and the events. */
  async run(): Promise<void> {
    const { events, now } = this.#parts;
    const { digest, size } = this.descriptor;
    const started = now();
    events({ event: 'fill.started', digest, size, source: this.#source });
    try {
      await this.#fetch();
      this.#state = { kind: 'committed' };
    } catch (thrown) {
      const error = this.#errorOf(thrown);
      this.#state = { kind: 'failed', error };
      if (this.#isSpoilt) await this.#ingest?.abort().catch(() => undefined);
      else this.#ingest?.keep();
      this.#blame(error);
      if (error.code === 'INTERNAL') this.#reportFault(error);
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

  async #fetch(): Promise<void> {
    const { store, lastResort = [], now, wait, turn } = this.#parts;
    const { signal } = this.#abort;
    signal.throwIfAborted();
    this.#ingest = await store.ingest(this.descriptor, signal);
    const { written } = this.#ingest;
    this.#kept = written;
    this.#wake();
    const onResume = this.#tellResumed.bind(this);
    if (written > 0) onResume({ name: this.#source }, written, 'an earlier download ended there');
    const parts = { sources: this.#sources, lastResort, signal, now, onResume, ...(wait !== undefined && { wait }) };
    const size = Math.min(PIECE_BYTES, Math.max(1, this.descriptor.size));
    this.#download = new Download(this.descriptor, written, parts);
    await this.#takeAll(inPieces(size, this.#download.bytes()), async () => turn?.(signal));
    await this.#unspoilt(this.#ingest.commit());
  }

  #tellResumed({ name: source }: Pick<BlobSource, 'name'>, from: number, reason: string): void {
    const { digest, size } = this.descriptor;
    this.#source = source;
    this.#parts.events({ event: 'fill.resumed', digest, size, source, bytes: from, reason });
  }

  /** One is written while the next is received. */
  async #takeAll(pieces: AsyncIterable<Uint8Array>, turn: () => Promise<void>): Promise<void> {
    let taken = Promise.resolve();
    try {
      for await (const piece of pieces) {
        await taken;
        taken = this.#take(piece);
        // It is told when it is waited for.
        taken.catch(() => undefined);
        await turn();
      }
    } finally {
      await taken;
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    await this.#unspoilt(this.#write(bytes));
    this.#parts.received?.(bytes.length);
    this.#wake();
  }

  /** Once more whenever there is room again. */
  async #write(bytes: Uint8Array): Promise<void> {
    for (;;) {
      try {
        return await this.#ingest?.write(bytes);
      } catch (thrown) {
        if (BootlayerError.from(thrown).code !== 'DISK_FULL') throw thrown;
        const missing = this.descriptor.size - (this.#ingest?.written ?? 0);
        if (((await this.#parts.makeRoom?.(missing)) ?? 0) === 0) throw thrown;
      }
    }
  }

  async #unspoilt(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      this.#isSpoilt = true;
      throw thrown;
    }
  }

  /** When wrong bytes are all of one source, that source is to know. */
  #blame(error: BootlayerError): void {
    const [liar, ...others] = this.#isSpoilt ? this.liars : [];
    if (others.length === 0)
      this.#allSources()
        .find(({ name }) => name === liar)
        ?.failed?.(error);
  }

  #allSources(): readonly BlobSource[] {
    return [...this.#sources, ...(this.#parts.lastResort ?? [])];
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
    const told = { digest, seconds, source: this.#source };
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
