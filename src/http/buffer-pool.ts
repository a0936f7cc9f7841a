const KIB = 1024;
const MIB = 1024 * KIB;

/** What all transfers together may hold. */
const POOL_BYTES = 96 * MIB;
/** Measured: 256 KiB turns are best; more clients than 192 get smaller ones. */
const LARGEST_TURN = 256 * KIB;
const SMALLEST_TURN = 16 * KIB;
/** Sizes are few, so that buffers fit others. */
const STEP = 64 * KIB;

/**
 * Buffers for sending blobs: at most 96 MiB however many clients there are, used again and again. A transfer takes one
 * for each turn and gives it back when the kernel has its bytes; when there is none it waits in line.
 */
export class BufferPool {
  readonly #limit: number;
  readonly #free = new Map<number, Buffer[]>();
  readonly #waiting = new Set<(buffer: Buffer) => void>();
  /** Bytes of all buffers that exist, taken or free. */
  #held = 0;
  #transfers = 0;

  constructor(limit: number = POOL_BYTES) {
    this.#limit = limit;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** Somebody waits for a buffer: whoever holds one and does not move is in the way. */
  get pressed(): boolean {
    return this.#waiting.size > 0;
  }

  /** One transfer more: everybody's turns may get smaller. */
  join(): void {
    this.#transfers += 1;
  }

  leave(): void {
    this.#transfers -= 1;
  }

  /** A buffer for one turn. Rejects when the signal aborts while it waits. */
  async take(signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    return this.takeNow() ?? this.#wait(signal);
  }

  /** The same; undefined where one would have to be waited for. */
  takeNow(): Buffer | undefined {
    return this.#waiting.size === 0 ? this.#find(this.#turn()) : undefined;
  }

  giveBack(buffer: Buffer): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      next(buffer);
      return;
    }
    const free = this.#free.get(buffer.length);
    if (free === undefined) this.#free.set(buffer.length, [buffer]);
    else free.push(buffer);
  }

  /** The pool shared by all, each with two: one that is read into, one that is on its way. */
  #turn(): number {
    const share = this.#limit / 2 / Math.max(1, this.#transfers);
    const size = share < STEP ? 2 ** Math.floor(Math.log2(share)) : Math.floor(share / STEP) * STEP;
    return Math.min(LARGEST_TURN, Math.max(SMALLEST_TURN, size));
  }

  #find(size: number): Buffer | undefined {
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) return free;
    if (this.#held + size > this.#limit) this.#dropFree();
    if (this.#held + size > this.#limit) return undefined;
    this.#held += size;
    return Buffer.allocUnsafeSlow(size);
  }

  /** Buffers of sizes that are no longer asked for make room. */
  #dropFree(): void {
    for (const [size, buffers] of this.#free) this.#held -= size * buffers.length;
    this.#free.clear();
  }

  #wait(signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const served = (buffer: Buffer) => {
        signal.removeEventListener('abort', aborted);
        resolve(buffer);
      };
      const aborted = () => {
        this.#waiting.delete(served);
        reject(signal.reason as Error);
      };
      this.#waiting.add(served);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }
}
