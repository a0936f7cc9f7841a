/** What a capture holds of one packet. */
export type Frame = {
  /** Milliseconds since the epoch, with fractions; 0 where the capture does not say. */
  readonly at: number;
  /** A LINKTYPE of tcpdump.org, which says what it begins with. */
  readonly link: number;
  readonly bytes: Buffer;
};

/** What one reading of the bytes at hand comes to. */
export type Read =
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** Read, and nothing that is a packet. */
  | { readonly kind: 'other' }
  /** More bytes are needed. */
  | { readonly kind: 'more' }
  /** Nothing behind it can be read. */
  | { readonly kind: 'broken'; readonly reason: string };

/** One form of capture file, from its first byte on. */
export interface FrameFormat {
  next(bytes: ByteQueue): Read;
}

/** libpcap's own limit of what it writes of one packet (MAXIMUM_SNAPLEN). */
export const MAX_FRAME_BYTES = 262_144;

export const MORE = { kind: 'more' } as const satisfies Read;
export const OTHER = { kind: 'other' } as const satisfies Read;

export function broken(reason: string): Read {
  return { kind: 'broken', reason };
}

/** Bytes that are there and not read yet. */
export class ByteQueue {
  #bytes: Buffer = Buffer.alloc(0);
  /** Of what is passed over, and is not there yet. */
  #skip = 0;

  get length(): number {
    return this.#bytes.length;
  }

  /** Bytes that were to be passed over, and have not come. */
  get owed(): number {
    return this.#skip;
  }

  push(chunk: Buffer): void {
    const passed = Math.min(this.#skip, chunk.length);
    this.#skip -= passed;
    const rest = chunk.subarray(passed);
    this.#bytes = this.#bytes.length === 0 ? rest : Buffer.concat([this.#bytes, rest]);
  }

  /** The next so many, which stay where they are; undefined while there are fewer. */
  peek(count: number): Buffer | undefined {
    return this.#bytes.length < count ? undefined : this.#bytes.subarray(0, count);
  }

  /** The same, and they are read. */
  take(count: number): Buffer | undefined {
    const taken = this.peek(count);
    if (taken !== undefined) this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** Passes over so many, whether they are there yet or not: nothing of them is kept. */
  skip(count: number): void {
    const here = Math.min(count, this.#bytes.length);
    this.#bytes = this.#bytes.subarray(here);
    this.#skip += count - here;
  }
}

/** The numbers of a file, in the order of bytes of the host that wrote it. */
export type Numbers = {
  readonly u16: (bytes: Buffer, at: number) => number;
  readonly u32: (bytes: Buffer, at: number) => number;
};

export const LITTLE_ENDIAN: Numbers = {
  u16: (bytes, at) => bytes.readUInt16LE(at),
  u32: (bytes, at) => bytes.readUInt32LE(at),
};
export const BIG_ENDIAN: Numbers = {
  u16: (bytes, at) => bytes.readUInt16BE(at),
  u32: (bytes, at) => bytes.readUInt32BE(at),
};
