import type { EventSink } from '../boot/event.js';
import type { Wait } from '../clock.js';
import { BootlayerError } from '../errors.js';
import type { Digest } from '../oci/digest.js';
import type { BlobStore } from './blob-store.js';

export type ScrubberParts = {
  readonly store: Pick<BlobStore, 'holdings' | 'recheck'>;
  readonly events: EventSink;
  readonly wait: Wait;
  /** From 0 to below 1. */
  readonly random: () => number;
};

/** Bytes a second: next to nothing beside what machines read, and a terabyte in less than a day. */
const RATE = 16 * 1024 * 1024;

/** Disks forget. Reads blobs again before somebody boots from them, at a low rate, and drops what is damaged. */
export class Scrubber {
  readonly #parts: ScrubberParts;

  constructor(parts: ScrubberParts) {
    this.#parts = parts;
  }

  /**
   * Once over all blobs. It begins anywhere: passes that a restart cuts short must not all be about the same ones. Answers how
   * many were damaged, each told as an event. Throws DATA_UNUSABLE where the folder cannot be listed, BLOB_UNAVAILABLE when
   * nothing can be read now, and the signal's reason.
   */
  async pass(signal: AbortSignal): Promise<number> {
    const { store, events, random } = this.#parts;
    const blobs = (await store.holdings()).filter(({ isPart }) => !isPart);
    const first = Math.floor(random() * blobs.length);
    let damaged = 0;
    for (const { digest, size: bytes } of [...blobs.slice(first), ...blobs.slice(0, first)]) {
      signal.throwIfAborted();
      const found = await this.#recheck(digest, signal);
      if (found !== 'damaged') continue;
      damaged += 1;
      events({ event: 'blob.damaged', digest, bytes });
    }
    return damaged;
  }

  async #recheck(digest: Digest, signal: AbortSignal): Promise<'intact' | 'damaged' | 'gone' | 'unreadable'> {
    const { store, events, wait } = this.#parts;
    try {
      return await store.recheck(digest, (read) => this.#pause(read, signal, wait));
    } catch (thrown) {
      const { code, message: reason } = BootlayerError.from(thrown);
      if (code !== 'DATA_UNUSABLE') throw thrown;
      events({ event: 'blob.unreadable', digest, reason });
      return 'unreadable';
    }
  }

  async #pause(bytes: number, signal: AbortSignal, wait: Wait): Promise<void> {
    signal.throwIfAborted();
    await wait((bytes / RATE) * 1000, signal);
  }
}
