import { classicFormat } from './classic-format.js';
import { ByteQueue, type Frame, type FrameFormat } from './frame.js';
import { pcapngFormat } from './pcapng-format.js';

/**
 * The packets of a capture, as its bytes come in pieces of any size: of pcap (pcap-savefile(5)) and of pcapng
 * (draft-ietf-opsawg-pcapng). Keeps no more than one packet and one piece. Never throws for what comes: where it cannot be read
 * on, `remark` says why, and nothing more is answered.
 */
export class CaptureReader {
  readonly #bytes = new ByteQueue();
  #format: FrameFormat | undefined;
  #remark: string | undefined;
  /** It begins as no capture does. */
  #isOther = false;

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
    if (this.#format === undefined) return this.#remark ?? this.#other();
    if (this.#remark !== undefined) return this.#remark;
    const isCut = this.#bytes.length > 0 || this.#bytes.owed > 0;
    return isCut ? 'the file is cut off, or still written to: its last packet is not all there' : undefined;
  }

  /** Whether it is no capture at all. */
  get isOther(): boolean {
    return this.#isOther;
  }

  #begin(magic: Buffer): void {
    this.#format = classicFormat(magic) ?? pcapngFormat(magic);
    if (this.#format === undefined) this.#other();
  }

  #other(): string {
    this.#isOther = true;
    this.#remark = 'it is no capture of pcap or pcapng';
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
