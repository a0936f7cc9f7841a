/** The magic number of a pcap whose numbers are little-endian, with microseconds (pcap-savefile(5)). */
const MAGIC = 0xa1b2c3d4;
const HEADER = 24;
const RECORD_HEADER = 16;

/**
 * The frames of a pcap as QEMU writes it (`-object filter-dump`), which may be written to still: a last one that is not all
 * there is left out.
 * @param {Buffer} bytes
 * @returns {{ seconds: number, frame: Buffer }[]} `seconds`: since the epoch
 */
export function framesOf(bytes) {
  if (bytes.length < HEADER) return [];
  if (bytes.readUInt32LE(0) !== MAGIC) throw new Error('this is no pcap');
  const frames = [];
  for (let at = HEADER; at + RECORD_HEADER <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    const frame = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    if (frame.length < length) break;
    frames.push({ seconds: bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / 1e6, frame });
    at += RECORD_HEADER + length;
  }
  return frames;
}

/**
 * The UDP datagrams over IPv4 among the frames.
 * @param {Buffer} bytes a pcap
 */
export function datagramsOf(bytes) {
  return framesOf(bytes).flatMap(({ seconds, frame }) => {
    const isUdp = frame.length >= 42 && frame.readUInt16BE(12) === 0x0800 && frame[23] === 17;
    if (!isUdp) return [];
    const udp = 14 + ((frame[14] ?? 0) & 0x0f) * 4;
    const address = (/** @type {number} */ at) => frame.subarray(at, at + 4).join('.');
    return [
      {
        seconds,
        from: { address: address(26), port: frame.readUInt16BE(udp) },
        to: { address: address(30), port: frame.readUInt16BE(udp + 2) },
        payload: frame.subarray(udp + 8, udp + frame.readUInt16BE(udp + 4)),
      },
    ];
  });
}
