import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureReader } from '../../src/pcap/capture-reader.js';
import type { Frame } from '../../src/pcap/frame.js';
import { type Captured, classicCapture, pcapngCapture } from '../fixtures/captures.js';

const PACKETS: readonly Captured[] = [
  { at: 1_700_000_000_000.5, bytes: Buffer.from('first') },
  { at: 1_700_000_000_250, bytes: Buffer.alloc(0) },
  { at: 1_700_000_061_000, bytes: Buffer.alloc(1_501, 7) },
];

function read(bytes: Buffer, piece = bytes.length) {
  const reader = new CaptureReader();
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; at += piece) frames.push(...reader.push(bytes.subarray(at, at + piece)));
  const remark = reader.end();
  return { frames, remark, other: reader.other };
}

const FORMS = [
  ['pcap', (packets: readonly Captured[]) => classicCapture(packets)],
  ['pcap of a big-endian host', (packets: readonly Captured[]) => classicCapture(packets, { isBig: true })],
  ['pcap in nanoseconds', (packets: readonly Captured[]) => classicCapture(packets, { isNano: true })],
  ['pcapng', (packets: readonly Captured[]) => pcapngCapture(packets)],
  ['pcapng of a big-endian host', (packets: readonly Captured[]) => pcapngCapture(packets, { isBig: true })],
] as const;

describe.each(FORMS)('%s', (_, capture) => {
  it('is read in pieces of any size', () => {
    for (const piece of [1, 7, 64, 1_000_000]) {
      const { frames, remark } = read(capture(PACKETS), piece);
      expect(frames.map(({ bytes, link }) => [bytes.toString('hex'), link])).toEqual(
        PACKETS.map(({ bytes }) => [bytes.toString('hex'), 1]),
      );
      for (const [index, { at }] of frames.entries()) expect(at).toBeCloseTo(PACKETS[index]?.at ?? 0, 2);
      expect(remark).toBeUndefined();
    }
  });

  it('is read as far as it goes, wherever it is cut off', () => {
    const whole = capture(PACKETS);
    for (let length = 4; length < whole.length; length += 13) {
      const { frames } = read(whole.subarray(0, length));
      expect(frames.length).toBeLessThan(PACKETS.length);
    }
    expect(read(whole.subarray(0, whole.length - 1))).toMatchObject({
      remark: expect.stringContaining('cut off') as string,
    });
  });

  it('never throws, whatever is in it, and ends', () => {
    const whole = capture(PACKETS);
    const spoiled = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(spoiled, fc.integer({ min: 1, max: 2_000 }), (changes, piece) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        expect(read(bytes, piece).frames.length).toBeLessThanOrEqual(whole.length / 12);
      }),
    );
  });
});

it('says what a packet that cannot be is', () => {
  const bytes = classicCapture(PACKETS);
  bytes.writeUInt32LE(0x7fffffff, 24 + 8);
  expect(read(bytes)).toMatchObject({
    frames: [],
    remark: expect.stringContaining('2147483647 bytes is none') as string,
  });
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['something else', Buffer.from('#!ipxe\necho hello\n')],
])('knows that %s is no capture', (_, bytes) => {
  expect(read(bytes)).toMatchObject({
    frames: [],
    other: 'unknown',
    remark: expect.stringContaining('no capture') as string,
  });
});

it.each([
  ['gzip', gzipSync(classicCapture(PACKETS))],
  ['zstd', Buffer.from('28b52ffd04', 'hex')],
  ['xz', Buffer.from('fd377a585a00', 'hex')],
])('knows one that is packed by %s', (packer, bytes) => {
  expect(read(bytes)).toMatchObject({ frames: [], other: packer, remark: `it is packed by ${packer}` });
});
