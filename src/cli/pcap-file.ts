import { createReadStream } from 'node:fs';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { formatBytes } from '../format.js';
import { CaptureReader, type Packer } from '../pcap/capture-reader.js';
import type { Frame } from '../pcap/frame.js';

/** Nobody waits for more; what a machine boots by is at the beginning. */
const MAX_BYTES = 8 * 1024 ** 3;
const MAX_PACKETS = 10_000_000;

/**
 * Hands on each packet of a capture, which is never in memory whole; answers why it was not read to its end, if it was not. Throws
 * USAGE for what is no capture, or cannot be read.
 */
export async function readCapture(file: string, hear: (frame: Frame) => void): Promise<string | undefined> {
  const reader = new CaptureReader();
  let [bytes, packets] = [0, 0];
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      for (const frame of reader.push(chunk)) {
        packets += 1;
        if (packets <= MAX_PACKETS) hear(frame);
      }
      if (packets > MAX_PACKETS) return `no more than the first ${MAX_PACKETS} packets were looked at`;
      if (bytes > MAX_BYTES) return `no more than the first ${formatBytes(MAX_BYTES)} were looked at`;
      if (reader.other !== undefined) break;
    }
  } catch (cause) {
    const why = systemErrorCode(cause);
    if (why === undefined) throw cause;
    throw new BootlayerError('USAGE', `${file} cannot be read (${why})`, { cause });
  }
  const remark = reader.end();
  const { other } = reader;
  if (other === undefined) return remark;
  if (other !== 'unknown') {
    const remedy = `unpack it: ${UNPACK[other]} ${file} > unpacked.pcap`;
    throw new BootlayerError('USAGE', `${file} is packed by ${other}`, { remedy });
  }
  throw new BootlayerError('USAGE', `${file} is no capture of pcap or pcapng`, {
    remedy: "take one by: tcpdump -i br0 -w boot.pcap 'udp or tcp port 8080'",
  });
}

/** Of a file of any name. */
const UNPACK: Readonly<Record<Packer, string>> = { gzip: 'zcat', zstd: 'zstdcat', xz: 'xzcat' };
