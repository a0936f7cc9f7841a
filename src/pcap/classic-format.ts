import {
  BIG_ENDIAN,
  type ByteQueue,
  broken,
  type FrameFormat,
  LITTLE_ENDIAN,
  MAX_FRAME_BYTES,
  MORE,
  type Numbers,
  type Read,
} from './frame.js';

/** pcap-savefile(5): what the file begins with says the order of its bytes, and what part of a second it counts in. */
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const HEADER_BYTES = 24;
const RECORD_BYTES = 16;

/** The file of tcpdump, and of QEMU's filter-dump; undefined where the first four bytes are of something else. */
export function classicFormat(magic: Buffer): FrameFormat | undefined {
  for (const numbers of [LITTLE_ENDIAN, BIG_ENDIAN]) {
    const number = numbers.u32(magic, 0);
    if (number === MICROSECONDS) return new ClassicFormat(numbers, 1_000);
    if (number === NANOSECONDS) return new ClassicFormat(numbers, 1_000_000);
  }
  return undefined;
}

class ClassicFormat implements FrameFormat {
  readonly #numbers: Numbers;
  /** How many of its units a millisecond has. */
  readonly #units: number;
  #link: number | undefined;

  constructor(numbers: Numbers, units: number) {
    this.#numbers = numbers;
    this.#units = units;
  }

  next(bytes: ByteQueue): Read {
    const { u32 } = this.#numbers;
    if (this.#link === undefined) {
      const header = bytes.take(HEADER_BYTES);
      if (header === undefined) return MORE;
      // The upper bits tell of a frame's checksum.
      this.#link = u32(header, 20) & 0xffff;
    }
    const record = bytes.peek(RECORD_BYTES);
    if (record === undefined) return MORE;
    const length = u32(record, 8);
    if (length > MAX_FRAME_BYTES) return broken(`a packet of ${length} bytes is none`);
    const whole = bytes.take(RECORD_BYTES + length);
    if (whole === undefined) return MORE;
    const at = u32(whole, 0) * 1_000 + u32(whole, 4) / this.#units;
    return { kind: 'frame', frame: { at, link: this.#link, bytes: whole.subarray(RECORD_BYTES) } };
  }
}
