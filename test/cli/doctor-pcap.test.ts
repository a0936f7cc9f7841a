import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeStory } from '../../src/cli/pcap-judge.js';
import { Replay } from '../../src/cli/pcap-replay.js';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import {
  aborts,
  agrees,
  answer,
  asks,
  confirms,
  connects,
  discover,
  gets,
  gives,
  hangsUp,
  httpDiscover,
  httpRequest,
  LEASED,
  refuses,
  request,
  sends,
} from '../fixtures/boot-capture.js';
import type { Captured } from '../fixtures/captures.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';

function replayed(packets: readonly Captured[], end?: number, own?: string) {
  const replay = new Replay({ own: () => undefined, tftpPorts: [] });
  for (const { at, bytes } of packets) replay.hear({ at, bytes, link: 1 });
  replay.finish();
  const seen = { end: end ?? replay.end, hasTftpData: replay.hasTftpData, ...(own !== undefined && { own }) };
  const judged = replay.stories.all.map((story) => judgeStory(story, seen));
  return {
    replay,
    lines: replay.log.steps.map(({ what }) => what),
    notes: replay.log.steps.flatMap(({ notes }) => notes),
    judged,
  };
}

const SENT = [
  asks(5),
  agrees(5.1),
  confirms(5.2, 0),
  sends(5.3, 1, 512),
  confirms(5.4, 1),
  sends(5.5, 2, 88),
  confirms(5.6, 2),
];
const HTTP_OFFER = {
  asked: DHCP_PACKETS.ovmfHttpDiscover,
  file: 'http://192.168.77.1:8080/x.efi',
  options: [[OPTION.vendorClass, Buffer.from('HTTPClient')]],
} as const;
const URL_LEASED = [
  httpDiscover(0),
  answer(0.1, HTTP_OFFER),
  httpRequest(4),
  answer(4.1, { ...HTTP_OFFER, type: MESSAGE.ack }),
];

describe('where a machine stops', () => {
  it.each<[string, readonly Captured[], number, object]>([
    [
      'nobody answers',
      [discover(0), discover(4), discover(12)],
      13,
      {
        state: 'fail',
        step: 'DHCP',
        what: expect.stringContaining('3 DISCOVERs in 12.0 s, and nobody answers') as string,
      },
    ],
    ['the capture ends too early', [discover(0)], 1, { state: 'warn', step: 'DHCP' }],
    [
      'its address is refused',
      [discover(0), answer(0.1), request(4), answer(4.1, { type: MESSAGE.nak, yiaddr: '0.0.0.0' })],
      5,
      { state: 'fail', step: 'DHCP', what: 'its address is refused: 192.168.77.1' },
    ],
    [
      'nothing tells it what to boot',
      [discover(0), answer(0.1, { file: '' }), discover(4)],
      40,
      { state: 'fail', finding: 'answer-ignored', what: 'it takes no offer, and asks again: none says what to boot' },
    ],
    [
      'nobody acknowledges',
      [discover(0), answer(0.1), request(4)],
      40,
      { state: 'fail', what: 'it takes the offer of 192.168.77.1, which does not acknowledge it' },
    ],
    ['it does not ask for what it is told', LEASED, 60, { state: 'fail', finding: 'answer-ignored' }],
    ['HTTP Boot does not ask for its URL', URL_LEASED, 60, { state: 'fail', finding: 'http-boot-refused' }],
    [
      'a file is not there',
      [...LEASED, asks(5), refuses(5.1)],
      60,
      {
        state: 'fail',
        step: 'TFTP',
        finding: 'file-refused',
        remedy: expect.stringContaining('put that build of iPXE') as string,
      },
    ],
    [
      'TFTP is not answered',
      [...LEASED, asks(4.5, 'other', { port: 9 }), agrees(4.6, 9), aborts(4.7, 9), asks(5), asks(9), asks(13)],
      40,
      { state: 'fail', step: 'TFTP', what: '192.168.77.1 does not answer 3 requests for snponly.efi' },
    ],
    [
      'its own transfer breaks off',
      [...LEASED, ...SENT.slice(0, 4)],
      40,
      { state: 'fail', finding: 'loader-aborted', what: 'snponly.efi breaks off after 512 B in blocks of 512 bytes' },
    ],
    [
      'the answer of TFTP does not reach it',
      [...LEASED, asks(5), agrees(5.1), agrees(6.1)],
      40,
      { state: 'fail', finding: 'loader-unanswered' },
    ],
    [
      'it ends a transfer',
      [...LEASED, ...SENT.slice(0, 4), aborts(6)],
      40,
      { state: 'fail', finding: 'loader-aborted' },
    ],
    ['its loader does not start', [...LEASED, ...SENT], 90, { state: 'fail', finding: 'loader-not-started' }],
    [
      'its loader is of another kind',
      [...LEASED, asks(5, 'undionly.kpxe'), sends(5.3, 1, 88), confirms(5.4, 1)],
      6,
      { state: 'fail', finding: 'loader-of-other-architecture' },
    ],
    [
      'it cannot connect',
      [...LEASED, ...SENT, connects(9), hangsUp(9.1)],
      10,
      { state: 'fail', step: 'HTTP', finding: 'answer-ignored' },
    ],
    [
      'a blob is unknown',
      [...LEASED, ...SENT, gets(9, `/blobs/sha256/${'00'.repeat(32)}/vmlinuz`), gives(9.1, 404, 0)],
      10,
      { state: 'fail', finding: 'file-unknown' },
    ],
    [
      'UEFI is redirected',
      [...URL_LEASED, gets(5, '/x.efi', 'HEAD', 'UefiHttpBoot/1.0'), gives(5.1, 302, 0)],
      6,
      { state: 'fail', finding: 'http-boot-refused' },
    ],
    [
      'UEFI asks for the size alone',
      [...URL_LEASED, gets(5, '/x.efi', 'HEAD', 'UefiHttpBoot/1.0'), gives(5.1, 200, 9, 0)],
      60,
      { state: 'fail', finding: 'script-without-kernel' },
    ],
    [
      'it has its script, and no kernel',
      [...LEASED, gets(9, '/boot.ipxe'), gives(9.1, 200, 50)],
      60,
      { state: 'fail', finding: 'script-without-kernel' },
    ],
    [
      'a download breaks off',
      [...LEASED, gets(9, '/vmlinuz'), gives(9.1, 200, 900, 400)],
      60,
      { state: 'fail', finding: 'download-aborted' },
    ],
    [
      'nothing keeps it',
      [...LEASED, ...SENT, gets(9, '/boot.ipxe'), gives(9.1, 200, 50), gets(9.2, '/vmlinuz'), gives(9.3, 200, 700)],
      60,
      { state: 'ok', step: 'HTTP' },
    ],
  ])('%s', (_, packets, end, expected) => expect(replayed(packets, end).judged[0]).toMatchObject(expected));

  it('is no matter of TFTP where the capture has none of its data', () => {
    const [judged] = replayed([...LEASED, asks(5)], 60).judged;
    expect(judged).toMatchObject({ state: 'warn', what: expect.stringContaining('is not in the capture') as string });
  });

  it('is by the offer of another server', () => {
    const [judged] = replayed(
      [
        ...LEASED.slice(0, 2),
        answer(0.2, { options: [[OPTION.serverId, Buffer.of(192, 168, 77, 9)]] }),
        ...LEASED.slice(2),
      ],
      60,
      '192.168.77.9',
    ).judged;
    expect(judged).toMatchObject({
      finding: 'other-server-won',
      what: expect.stringContaining('192.168.77.1') as string,
    });
  });

  it('is not told of who asks for an address alone', () => {
    const system = { at: 0, bytes: Buffer.from(discover(0).bytes) };
    system.bytes.write('XXX', system.bytes.indexOf('PXEClient'));
    expect(replayed([system]).judged).toEqual([undefined]);
  });
});

it('tells a boot packet by packet', () => {
  const { lines, notes } = replayed([
    ...LEASED,
    asks(5),
    agrees(5.1),
    aborts(5.2),
    ...SENT.slice(0, 4),
    sends(6, 1, 512),
    sends(7, 2, 88),
    confirms(7.1, 2),
  ]);
  expect(lines).toEqual([
    'DISCOVER, x64 UEFI by PXE',
    'OFFER of 192.168.77.1: address 192.168.77.199, load snponly.efi, from 192.168.77.1',
    'REQUEST of 192.168.77.199, offered by 192.168.77.1, x64 UEFI by PXE',
    'ACK of 192.168.77.1: address 192.168.77.199, load snponly.efi, from 192.168.77.1',
    'asks 192.168.77.1 for snponly.efi by TFTP (tsize 0)',
    '192.168.77.1 agrees (tsize 600)',
    'ends snponly.efi: User aborted the transfer (TFTP error 8)',
    'asks 192.168.77.1 for snponly.efi by TFTP (tsize 0)',
    '192.168.77.1 agrees (tsize 600)',
    'has all of snponly.efi: 600 B in 2 blocks of 512 bytes, 1 sent again',
  ]);
  expect(notes).toEqual([
    'by what it is offered it loads snponly.efi by TFTP from 192.168.77.1',
    'it has asked for the size alone, as firmware does before it loads a file',
  ]);
});

it('tells what repeats itself once', () => {
  const ranges = Array.from({ length: 500 }, (_, index) => [
    gets(9 + index, '/boot.iso'),
    gives(9.1 + index, 206, 10),
  ]).flat();
  const { replay, lines } = replayed([discover(0), discover(4), discover(12), ...ranges]);
  expect(lines).toEqual(['DISCOVER, x64 UEFI by PXE', 'GET /boot.iso of 192.168.77.1:8080: 206, 10 B']);
  expect(replay.log.steps.map(({ times, until }) => [times, Math.round(until)])).toEqual([
    [3, 12],
    [500, 508],
  ]);
});

it('never throws, whatever is in it', () => {
  const all = [...LEASED, ...SENT, connects(9), gets(9, '/boot.ipxe'), gives(9.1, 200, 50)];
  const change = fc.tuple(fc.nat(all.length - 1), fc.nat(400), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const packets = all.map(({ at, bytes }) => ({ at, bytes: Buffer.from(bytes) }));
      for (const [index, offset, value] of changes) {
        const bytes = packets[index]?.bytes;
        if (bytes !== undefined && offset < bytes.length) bytes[offset] = value;
      }
      expect(replayed(packets, 100).replay.count).toBe(all.length);
    }),
  );
});
