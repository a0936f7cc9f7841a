import type { BlobReader } from '../blob/blob-reader.js';
import type { After } from '../clock.js';

type Kept<Reader> = {
  readonly opening: Promise<Reader>;
  /** When it is open. */
  reader?: Reader;
  users: number;
  /** Nobody is given it any more: it is closed with its last user. */
  isOver: boolean;
  cancelEnd: () => void;
};

/** A blob that was removed, or is damaged, is given for no longer to who asks for one part after another. */
const LIFE_MILLISECONDS = 5_000;

/** Open readers of blobs that are asked for in many small parts: to open a file takes longer than to read of it. */
export class KeptReaders<Reader extends BlobReader> {
  readonly #after: After;
  readonly #kept = new Map<string, Kept<Reader>>();

  constructor(after: After) {
    this.#after = after;
  }

  /** Who is given one closes it as if it were its own. Throws what `open` throws, which is not kept. */
  async of(name: string, open: () => Promise<Reader>): Promise<Reader> {
    const kept = this.#kept.get(name) ?? this.#open(name, open);
    kept.users += 1;
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      kept.users -= 1;
      await this.#closeUnused(kept);
    };
    try {
      return { ...(await kept.opening), close };
    } catch (thrown) {
      this.#end(name, kept);
      throw thrown;
    }
  }

  /** One that is open, for who is done with it before anything else happens, and does not close it. */
  opened(name: string): Reader | undefined {
    return this.#kept.get(name)?.reader;
  }

  /** Nobody asks any more. Resolves when those that nobody uses are closed. */
  async close(): Promise<void> {
    const all = [...this.#kept];
    for (const [name, kept] of all) this.#end(name, kept);
    await Promise.all(all.map(([, kept]) => this.#closeUnused(kept)));
  }

  #open(name: string, open: () => Promise<Reader>): Kept<Reader> {
    const opening = open().then((reader) => {
      kept.reader = reader;
      return reader;
    });
    const kept: Kept<Reader> = { opening, users: 0, isOver: false, cancelEnd: () => undefined };
    this.#kept.set(name, kept);
    kept.cancelEnd = this.#after(LIFE_MILLISECONDS, () => {
      this.#end(name, kept);
      void this.#closeUnused(kept);
    });
    return kept;
  }

  #end(name: string, kept: Kept<Reader>): void {
    kept.cancelEnd();
    kept.isOver = true;
    if (this.#kept.get(name) === kept) this.#kept.delete(name);
  }

  /** One that could not be opened has nothing to close. */
  async #closeUnused({ opening, users, isOver }: Kept<Reader>): Promise<void> {
    if (!isOver || users > 0) return;
    const reader = await opening.catch(() => undefined);
    await reader?.close();
  }
}
