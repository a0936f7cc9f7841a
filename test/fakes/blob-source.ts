import type { BlobSource } from '../../src/blob/blob-store.js';
import { withoutFirst } from '../../src/oci/image-source.js';

/** A source that gives the same chunks to every download, and counts the downloads. */
export class ReadySource implements BlobSource {
  readonly name = 'registry.example/ready';
  fetches = 0;
  readonly #chunks: readonly Uint8Array[];

  constructor(...chunks: readonly Uint8Array[]) {
    this.#chunks = chunks;
  }

  async fetch(_descriptor: unknown, _signal: AbortSignal, from: number): Promise<AsyncIterable<Uint8Array>> {
    this.fetches += 1;
    return withoutFirst(from, this.#all());
  }

  async *#all(): AsyncIterable<Uint8Array> {
    yield* this.#chunks;
  }
}

/** A source whose downloads are fed by hand. */
export class ScriptedSource implements BlobSource {
  readonly name: string;
  readonly #feeds: Feed[] = [];
  readonly #expected = new Map<number, (feed: Feed) => void>();

  constructor(name = 'registry.example/scripted') {
    this.name = name;
  }

  get fetches(): number {
    return this.#feeds.length;
  }

  /** The download of that number, counted from 0, as soon as somebody asks for it. */
  feed(number = 0): Promise<Feed> {
    const there = this.#feeds[number];
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => this.#expected.set(number, resolve));
  }

  async fetch(_descriptor: unknown, signal: AbortSignal, from: number): Promise<AsyncIterable<Uint8Array>> {
    const feed = new Feed(signal, from);
    this.#feeds.push(feed);
    this.#expected.get(this.#feeds.length - 1)?.(feed);
    return feed;
  }
}

type Step = { readonly bytes: Uint8Array; readonly taken: () => void } | { readonly end: Error | undefined };

/** One download. Ends when it is aborted, as every source must. */
export class Feed implements AsyncIterable<Uint8Array> {
  /** Whether whoever took the bytes has let go of it. */
  released = false;
  /** From which byte on it was asked for. */
  readonly from: number;
  readonly #signal: AbortSignal;
  readonly #steps: Step[] = [];
  #more: () => void = () => undefined;

  constructor(signal: AbortSignal, from: number) {
    this.from = from;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#more());
  }

  /** Resolves when the receiver comes back for more, and so is done with these. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((taken) => this.#add({ bytes, taken }));
  }

  end(): void {
    this.#add({ end: undefined });
  }

  fail(error: Error): void {
    this.#add({ end: error });
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        this.#signal.throwIfAborted();
        const step = this.#steps.shift();
        if (step === undefined) {
          await new Promise<void>((resolve) => {
            this.#more = resolve;
          });
        } else if ('bytes' in step) {
          yield step.bytes;
          step.taken();
        } else if (step.end === undefined) {
          return;
        } else {
          throw step.end;
        }
      }
    } finally {
      this.released = true;
    }
  }

  #add(step: Step): void {
    this.#steps.push(step);
    this.#more();
  }
}
