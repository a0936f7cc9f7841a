import { type Wait, waitFor } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Descriptor } from '../oci/descriptor.js';
import type { BlobSource } from './blob-store.js';
import { Pace } from './pace.js';

export type DownloadParts = {
  /** In the order in which they are asked; at least one. */
  readonly sources: readonly BlobSource[];
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
 * The bytes of a blob from a place on, in order, from whichever of its sources gives them: where one breaks, the next goes
 * on, and all of them once more as long as that brings it further.
 */
export class Download {
  readonly #descriptor: Descriptor;
  readonly #parts: DownloadParts;
  /** Names of the sources that gave any of its bytes. */
  readonly givers = new Set<string>();
  #position: number;
  #problem: BootlayerError | undefined;

  constructor(descriptor: Descriptor, from: number, parts: DownloadParts) {
    this.#descriptor = descriptor;
    this.#parts = parts;
    this.#position = from;
  }

  /** Throws the last error of the sources. One that gives too much is for whoever takes the bytes to notice. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    const { sources, signal, wait = waitFor } = this.#parts;
    for (let round = 0; round < MAX_ROUNDS && !this.#isWhole(); round += 1) {
      const begun = this.#position;
      if (round > 0) await wait(Math.min(LONGEST_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * round), signal);
      for (const source of sources) yield* this.#from(source);
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
    if (this.#problem !== undefined) onResume(source, this.#position, this.#problem.message);
    try {
      for await (const chunk of paced(source, this.#descriptor, this.#position, this.#parts)) {
        this.#position += chunk.length;
        if (chunk.length > 0) this.givers.add(source.name);
        yield chunk;
      }
      if (!this.#isWhole()) this.#broke(source, endedEarly(source.name, this.#position, this.#descriptor));
    } catch (thrown) {
      // After the last byte it is nobody's loss.
      signal.throwIfAborted();
      this.#broke(source, BootlayerError.from(thrown));
    }
  }

  #broke(source: BlobSource, problem: BootlayerError): void {
    this.#problem = problem;
    source.failed?.(problem);
  }
}

async function* paced(
  source: BlobSource,
  descriptor: Descriptor,
  from: number,
  { signal, now }: DownloadParts,
): AsyncGenerator<Uint8Array> {
  const pace = new Pace(now);
  for await (const chunk of await source.fetch(descriptor, signal, from)) {
    signal.throwIfAborted();
    if (pace.isTooSlow(chunk.length)) throw tooSlow(source.name);
    yield chunk;
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
