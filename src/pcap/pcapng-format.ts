import {
  BIG_ENDIAN,
  type ByteQueue,
  broken,
  type Frame,
  type FrameFormat,
  LITTLE_ENDIAN,
  MAX_FRAME_BYTES,
  MORE,
  type Numbers,
  OTHER,
  type Read,
} from './frame.js';

/** Types of blocks (draft-ietf-opsawg-pcapng, 4). The one of a section reads the same in both orders of bytes. */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
/** Of old versions of Wireshark. */
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const HELD: ReadonlySet<number> = new Set([INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET]);

const BYTE_ORDER = 0x1a2b3c4d;
/** Type and length before it, the length once more behind it. */
const FRAME_BYTES = 12;
const SECTION_BYTES = 28;
/** A packet with its options. */
const MAX_BLOCK_BYTES = 2 * MAX_FRAME_BYTES;
const MAX_INTERFACES = 1_024;

/** Options of an interface: what part of a second its times count in, and what is to be added, in seconds. */
const TIME_RESOLUTION = 9;
const TIME_OFFSET = 14;

type Interface = {
  readonly link: number;
  /** Of packets whose block does not say how much of them there is; 0: all. */
  readonly snaplen: number;
  readonly unitsPerSecond: number;
  readonly offsetSeconds: number;
};

/** The file of Wireshark and dumpcap; undefined where the first four bytes are of something else. */
export function pcapngFormat(magic: Buffer): FrameFormat | undefined {
  return magic.readUInt32BE(0) === SECTION ? new PcapngFormat() : undefined;
}

class PcapngFormat implements FrameFormat {
  #numbers: Numbers = LITTLE_ENDIAN;
  /** Of this section. */
  #interfaces: Interface[] = [];

  next(bytes: ByteQueue): Read {
    const head = bytes.peek(FRAME_BYTES);
    if (head === undefined) return MORE;
    if (head.readUInt32BE(0) === SECTION) return this.#section(head, bytes);
    const type = this.#numbers.u32(head, 0);
    const length = this.#numbers.u32(head, 4);
    if (length < FRAME_BYTES || length % 4 !== 0) return broken(`a block of ${length} bytes is none`);
    if (!HELD.has(type)) return skipped(bytes, length);
    if (length > MAX_BLOCK_BYTES) return broken(`a block of ${length} bytes is none of a packet`);
    const block = bytes.take(length);
    if (block === undefined) return MORE;
    return this.#block(type, block.subarray(8, length - 4));
  }

  /** Another may follow, with an order of bytes and interfaces of its own. */
  #section(head: Buffer, bytes: ByteQueue): Read {
    const numbers = [LITTLE_ENDIAN, BIG_ENDIAN].find(({ u32 }) => u32(head, 8) === BYTE_ORDER);
    if (numbers === undefined) return broken('a section does not say the order of its bytes');
    const length = numbers.u32(head, 4);
    if (length < SECTION_BYTES || length % 4 !== 0) return broken(`a section of ${length} bytes is none`);
    this.#numbers = numbers;
    this.#interfaces = [];
    return skipped(bytes, length);
  }

  #block(type: number, body: Buffer): Read {
    switch (type) {
      case INTERFACE:
        return this.#interface(body);
      case SIMPLE_PACKET:
        return this.#simple(body);
      default:
        return this.#packet(type, body);
    }
  }

  #interface(body: Buffer): Read {
    if (body.length < 8 || this.#interfaces.length >= MAX_INTERFACES) return broken('an interface of it is none');
    const { u16, u32 } = this.#numbers;
    const options = this.#options(body.subarray(8));
    const offset = options.get(TIME_OFFSET);
    this.#interfaces.push({
      link: u16(body, 0),
      snaplen: u32(body, 4),
      unitsPerSecond: unitsOf(options.get(TIME_RESOLUTION)?.[0]),
      offsetSeconds: offset?.length === 8 ? this.#signed(offset) : 0,
    });
    return OTHER;
  }

  #signed(bytes: Buffer): number {
    const [low, high] = this.#numbers === LITTLE_ENDIAN ? [0, 4] : [4, 0];
    return (this.#numbers.u32(bytes, high) | 0) * 2 ** 32 + this.#numbers.u32(bytes, low);
  }

  #options(bytes: Buffer): ReadonlyMap<number, Buffer> {
    const found = new Map<number, Buffer>();
    for (let at = 0; at + 4 <= bytes.length; ) {
      const code = this.#numbers.u16(bytes, at);
      const end = at + 4 + this.#numbers.u16(bytes, at + 2);
      if (code === 0 || end > bytes.length) break;
      found.set(code, bytes.subarray(at + 4, end));
      at = end + ((4 - (end % 4)) % 4);
    }
    return found;
  }

  /** All of it, or as much as its interface keeps; when it came, nobody has written. */
  #simple(body: Buffer): Read {
    const on = this.#interfaces[0];
    if (on === undefined || body.length < 4) return broken('a packet is of no interface');
    const original = this.#numbers.u32(body, 0);
    const length = Math.min(original, on.snaplen === 0 ? original : on.snaplen, body.length - 4);
    return framed({ at: 0, link: on.link, bytes: body.subarray(4, 4 + length) });
  }

  #packet(type: number, body: Buffer): Read {
    const { u16, u32 } = this.#numbers;
    const isWhole = body.length >= 20;
    const on = isWhole ? this.#interfaces[type === OLD_PACKET ? u16(body, 0) : u32(body, 0)] : undefined;
    if (on === undefined) return broken('a packet is of no interface');
    const length = u32(body, 12);
    if (length > body.length - 20) return broken(`a packet of ${length} bytes is none`);
    const seconds = (u32(body, 4) * 2 ** 32 + u32(body, 8)) / on.unitsPerSecond + on.offsetSeconds;
    return framed({ at: seconds * 1_000, link: on.link, bytes: body.subarray(20, 20 + length) });
  }
}

/** Microseconds, unless it is said otherwise: a power of 10, or with the upper bit one of 2. */
function unitsOf(resolution = 6): number {
  return (resolution & 0x80) === 0 ? 10 ** resolution : 2 ** (resolution & 0x7f);
}

function framed(frame: Frame): Read {
  return { kind: 'frame', frame };
}

function skipped(bytes: ByteQueue, length: number): Read {
  bytes.skip(length);
  return OTHER;
}
