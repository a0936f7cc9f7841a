import { classicFormat } from './classic-format.js';
import { ByteQueue, type Frame, type FrameFormat } from './frame.js';
import { pcapngFormat } from './pcapng-format.js';

/** What captures are packed by, and what such a file begins with (RFC 1952, 2.3.1; RFC 8878, 3.1.1; the .xz file format, 2.1.1.1). */
const PACKED = { gzip: '1f8b', zstd: '28b52ffd', xz: 'fd377a58' } as const;
export type Packer = keyof typeof PACKED;

/**
 * The packets of a capture, as its bytes come in pieces of any size: of pcap (pcap-savefile(5)) and of pcapng
 * (draft-ietf-opsawg-pcapng). Keeps no more than one packet and one piece. Never throws for what comes: where it cannot be read
 * on, `remark` says why, and nothing more is answered.
 */
export class CaptureReader {
  readonly #bytes = new ByteQueue();
  #format: FrameFormat | undefined;
  #remark: string | undefined;
  #other: Packer | 'unknown' | undefined;

  push(chunk: Buffer): readonly Frame[] {
    if (this.#remark !== undefined) return [];
    this.#bytes.push(chunk);
    const magic = this.#format === undefined ? this.#bytes.peek(4) : undefined;
    if (magic !== undefined) this.#begin(magic);
    const format = this.#format;
    return format === undefined ? [] : this.#frames(format);
  }

  /** Why it could not be read to its end, in a sentence, once all has come; undefined where it could. */
  end(): string | undefined {
    if (this.#format === undefined) return this.#remark ?? this.#refuse('unknown');
    if (this.#remark !== undefined) return this.#remark;
    const isCut = this.#bytes.length > 0 || this.#bytes.owed > 0;
    return isCut ? 'the file is cut off, or still written to: its last packet is not all there' : undefined;
  }

  /** What it is that is no capture; undefined where it is one, as far as has been seen. */
  get other(): Packer | 'unknown' | undefined {
    return this.#other;
  }

  #begin(magic: Buffer): void {
    this.#format = classicFormat(magic) ?? pcapngFormat(magic);
    if (this.#format === undefined) this.#refuse(packerOf(magic) ?? 'unknown');
  }

  #refuse(other: Packer | 'unknown'): string {
    this.#other = other;
    this.#remark = other === 'unknown' ? 'it is no capture of pcap or pcapng' : `it is packed by ${other}`;
    return this.#remark;
  }

  #frames(format: FrameFormat): readonly Frame[] {
    const frames: Frame[] = [];
    for (;;) {
      const read = format.next(this.#bytes);
      if (read.kind === 'frame') frames.push(read.frame);
      if (read.kind === 'broken') this.#remark = `the file is damaged, and read up to there: ${read.reason}`;
      if (read.kind === 'more' || read.kind === 'broken') return frames;
    }
  }
}

function packerOf(magic: Buffer): Packer | undefined {
  const begins = magic.toString('hex');
  return (Object.keys(PACKED) as Packer[]).find((packer) => begins.startsWith(PACKED[packer]));
}
