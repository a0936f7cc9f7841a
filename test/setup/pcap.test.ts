import { expect, it } from 'vitest';
import { datagramsOf, framesOf } from './pcap.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const HEADER = hex('d4c3b2a1 0200 0400 00000000 00000000 00000100 01000000');
const ETHERNET = hex('ffffffffffff 525400123456 0800');
const UDP = hex('4500 001f 0000 0000 40 11 0000 0a000201 ffffffff 0043 0044 000b 0000 616263');
const record = (seconds: number, frame: Buffer): Buffer => {
  const header = Buffer.alloc(16);
  for (const [index, number] of [seconds, 500_000, frame.length, frame.length].entries())
    header.writeUInt32LE(number, index * 4);
  return Buffer.concat([header, frame]);
};

it('reads datagrams, without what Ethernet has filled up', () => {
  const padded = Buffer.concat([ETHERNET, UDP, Buffer.alloc(15)]);
  const arp = Buffer.concat([hex('ffffffffffff 525400123456 0806'), Buffer.alloc(46)]);
  expect(datagramsOf(Buffer.concat([HEADER, record(1, arp), record(2, padded)]))).toEqual([
    {
      seconds: 2.5,
      from: { address: '10.0.2.1', port: 67 },
      to: { address: '255.255.255.255', port: 68 },
      payload: Buffer.from('abc'),
    },
  ]);
});

it('leaves out what is not yet written whole', () => {
  const whole = Buffer.concat([HEADER, record(1, ETHERNET), record(2, ETHERNET)]);
  expect(framesOf(whole)).toHaveLength(2);
  for (const missing of [1, ETHERNET.length, ETHERNET.length + 1, ETHERNET.length + 16])
    expect(framesOf(whole.subarray(0, -missing))).toHaveLength(1);
  expect(framesOf(HEADER.subarray(0, 20))).toEqual([]);
});

it('refuses what is no pcap', () => {
  expect(() => framesOf(Buffer.alloc(100))).toThrow('this is no pcap');
});
