import { type Wait, waitFor } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { BlobSource } from './blob-store.js';
import { Pace } from './pace.js';

export type DownloadParts = {
  /** In the order in which they are asked; at least one. More may come while it runs. */
  readonly sources: readonly BlobSource[];
  /** Asked only where none of those brings it further. */
  readonly lastResort?: readonly BlobSource[];
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly now: () => number;
  /** Something broke, and it goes on at byte `from` with this source. */
  readonly onResume: (source: BlobSource, from: number, reason: string) => void;
  readonly wait?: Wait;
};

const FIRST_PAUSE_MILLISECONDS = 1_000;
const LONGEST_PAUSE_MILLISECONDS = 10_000;
/** A source that breaks ever and again gives a little each time; at some point it is better to say so. */
const MAX_ROUNDS = 20;

/**
 * The bytes of a blob from a place on, in order, from whichever of its sources gives them: where one breaks, or is slow and
 * another was not asked yet, the next goes on, and all of them once more as long as that brings it further.
 */
export class Download {
  readonly #descriptor: Descriptor;
  readonly #parts: DownloadParts;
  readonly #asked = new Set<BlobSource>();
  readonly #givers = new Set<string>();
  #position: number;
  #problem: BootlayerError | undefined;

  constructor(descriptor: Descriptor, from: number, parts: DownloadParts) {
    this.#descriptor = descriptor;
    this.#parts = parts;
    this.#position = from;
  }

  /** Names of those who gave any of its bytes. */
  get givers(): readonly string[] {
    return [...this.#givers];
  }

  /** Throws the last error of the sources. One that gives too much is for whoever takes the bytes to notice. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    const { sources, signal, wait = waitFor, lastResort = [] } = this.#parts;
    for (let round = 0; round < MAX_ROUNDS && !this.#isWhole(); round += 1) {
      const begun = this.#position;
      if (round > 0) await wait(Math.min(LONGEST_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * round), signal);
      for (const source of sources) yield* this.#from(source);
      if (this.#position > begun) continue;
      for (const source of lastResort) yield* this.#from(source);
      if (this.#position === begun) break;
    }
    if (!this.#isWhole()) throw this.#problem ?? new Error('there is no source');
  }

  #isWhole(): boolean {
    return this.#position >= this.#descriptor.size;
  }

  /** What one source gives of what is missing. */
  async *#from(source: BlobSource): AsyncGenerator<Uint8Array> {
    const { signal, onResume } = this.#parts;
    signal.throwIfAborted();
    if (this.#isWhole()) return;
    this.#asked.add(source);
    if (this.#problem !== undefined) onResume(source, this.#position, this.#problem.message);
    try {
      for await (const chunk of this.#paced(source)) {
        this.#position += chunk.length;
        if (chunk.length > 0) this.#givers.add(source.name);
        yield chunk;
      }
      if (!this.#isWhole()) this.#broke(source, endedEarly(source.name, this.#position, this.#descriptor));
    } catch (thrown) {
      // After the last byte it is nobody's loss.
      signal.throwIfAborted();
      this.#broke(source, BootlayerError.from(thrown));
    }
  }

  async *#paced(source: BlobSource): AsyncGenerator<Uint8Array> {
    const { sources, signal, now } = this.#parts;
    const pace = new Pace();
    let asked = now();
    for await (const chunk of await source.fetch(this.#descriptor, signal, this.#position)) {
      signal.throwIfAborted();
      const hasOther = sources.some((one) => !this.#asked.has(one));
      if (pace.isTooSlow(chunk.length, now() - asked, { hasOther })) throw tooSlow(source.name);
      yield chunk;
      // How long whoever takes it has it is not the source's affair.
      asked = now();
    }
  }

  #broke(source: BlobSource, problem: BootlayerError): void {
    this.#problem = problem;
    source.failed?.(problem);
  }
}

/** Too few are not wrong ones: the rest may come. */
function endedEarly(source: string, position: number, { digest, size }: Descriptor): BootlayerError {
  const why = `${digest}: ${size} bytes were promised, and ${source} ended after ${position}`;
  return new BootlayerError('BLOB_UNAVAILABLE', why, {
    remedy: 'the registry or a proxy before it is damaged: push the image again or mend the registry',
  });
}

function tooSlow(source: string): BootlayerError {
  return new BootlayerError('BLOB_UNAVAILABLE', `${source} sends too slowly`, {
    remedy: 'see why the registry or the way to it is slow',
  });
}
