import { describe, expect, it, onTestFinished } from 'vitest';
import type { Peer } from '../../src/net/datagram.js';
import { ADMISSION_LIMITS, type AdmissionLimits, Admissions } from '../../src/tftp/admission.js';
import { fileOf } from '../../src/tftp/file.js';
import { TftpServer } from '../../src/tftp/server.js';
import type { Opened, TftpServerParts, TransferReport, UnbegunOutcome, Wanted } from '../../src/tftp/server-parts.js';
import { FakePort } from '../fixtures/fake-port.js';
import { FakeTftpClock } from '../fixtures/tftp-clock.js';
import { gate, settled } from '../fixtures/waiting.js';

const CLIENT: Peer = { address: '10.0.0.7', port: 2_000 };
const bytes = (text: string) => Buffer.from(text, 'latin1');
const rrq = (filename = 'file', mode = 'octet', options = '') => bytes(`\0\x01${filename}\0${mode}\0${options}`);
const ack = (block: number) => Buffer.from([0, 4, block >> 8, block & 0xff]);
const CONTENTS = Buffer.from(`${'a'.repeat(512)}b`);

type Ended = Parameters<NonNullable<TftpServerParts['ended']>>[0];

type Options = Partial<TftpServerParts> & {
  readonly isSinglePort?: boolean;
  readonly limits?: Partial<AdmissionLimits>;
};

function serve({ isSinglePort = false, limits, ...others }: Options = {}) {
  const port = new FakePort();
  const ports: FakePort[] = [];
  const reports: (Wanted & TransferReport)[] = [];
  const unbegun: (Wanted & { readonly outcome: UnbegunOutcome })[] = [];
  const faults: unknown[] = [];
  const clock = new FakeTftpClock();
  let closed = 0;
  const close = async () => {
    closed += 1;
  };
  const openPort = async () => {
    const own = new FakePort(40_000 + ports.length);
    ports.push(own);
    return own;
  };
  const open = async ({ filename }: { readonly filename: string }): Promise<Opened> =>
    filename === 'none'
      ? { kind: 'refused', error: 'notFound', message: 'no such file' }
      : { kind: 'file', file: { ...fileOf(CONTENTS), close } };
  const server = new TftpServer({
    port,
    openPort: isSinglePort ? undefined : openPort,
    open,
    explain: (thrown) => ({ error: 'undefined', message: 'it broke', reason: String(thrown) }),
    unbegun: (wanted, outcome) => unbegun.push({ ...wanted, outcome }),
    begun: (wanted) => (report) => reports.push({ ...wanted, ...report }),
    fault: (thrown) => faults.push(thrown),
    negotiation: { maxBlockSize: 1_468, maxWindowSize: 16 },
    clock,
    admissions: new Admissions({ ...ADMISSION_LIMITS, ...limits }),
    ...others,
  });
  onTestFinished(() => server.close());
  const told = (at: FakePort | undefined) => at?.sent.splice(0).map((one) => inShort(one.bytes)) ?? [];
  return { server, port, ports, reports, unbegun, faults, clock, told, closed: () => closed };
}

function inShort(packet: Buffer): string {
  const opcode = packet.readUInt16BE(0);
  if (opcode === 3) return `data ${packet.readUInt16BE(2)}:${packet.length - 4}`;
  if (opcode === 6) return `oack ${packet.subarray(2).toString('latin1').replaceAll('\0', ' ').trim()}`;
  return `error ${packet.readUInt16BE(2)} ${packet.subarray(4, -1).toString()}`;
}

const BUSY = 'error 0 the server is busy: try again';

describe('TftpServer', () => {
  it('sends a file from a port of its own, and reports', async () => {
    const { port, ports, reports, told, closed, server } = serve();
    port.arrive(rrq(), CLIENT);
    await settled();
    expect([told(port), told(ports[0]), server.count]).toEqual([[], ['data 1:512'], 1]);
    ports[0]?.arrive(ack(1), CLIENT);
    expect(told(ports[0])).toEqual(['data 2:1']);
    ports[0]?.arrive(ack(2), CLIENT);
    await settled();
    expect(reports).toMatchObject([
      {
        client: CLIENT,
        filename: 'file',
        file: { size: 513 },
        sent: 513,
        outcome: { kind: 'complete', isConfirmed: true },
      },
    ]);
    expect([closed(), ports[0]?.isClosed, server.count]).toEqual([1, true, 0]);
  });

  it('says of every request what became of it', async () => {
    const ends: Ended[] = [];
    const { port, ports, clock } = serve({ ended: (end) => ends.push(end) });
    const from = (client: number) => ({ ...CLIENT, port: client });
    for (const client of [2_001, 2_002, 2_003]) port.arrive(rrq('file', 'octet', 'tsize\x000\0'), from(client));
    port.arrive(rrq('none'), from(2_004));
    port.arrive(rrq('file', 'mail'), from(2_005));
    await settled();
    for (const block of [0, 1]) {
      ports[0]?.arrive(ack(block), from(2_001));
      await settled();
    }
    clock.pass(1_500);
    await settled();
    ports[0]?.arrive(ack(2), from(2_001));
    ports[1]?.arrive(bytes('\0\x05\0\x08no\0'), from(2_002));
    for (let times = 0; times < 5; times += 1) {
      clock.pass(10_000);
      await settled();
    }
    expect(ends).toMatchObject([
      { outcome: 'refused' },
      { outcome: 'refused' },
      { outcome: 'sent', bytes: 513, resends: 1, milliseconds: 1_500 },
      { outcome: 'probed', bytes: 0 },
      { outcome: 'unanswered', bytes: 0 },
    ]);
  });

  it('sends it through the one port where that is wanted', async () => {
    const { port, told } = serve({ isSinglePort: true });
    const other = { ...CLIENT, port: 3_000 };
    for (const client of [CLIENT, other]) port.arrive(rrq('file', 'octet', 'blksize\x001000\0'), client);
    await settled();
    expect(told(port)).toEqual(['oack blksize 1000', 'oack blksize 1000']);
    port.arrive(ack(0), other);
    await settled();
    const sent = port.sent.splice(0).map(({ bytes: packet, to }) => [inShort(packet), to.port]);
    expect(sent).toEqual([['data 1:513', 3_000]]);
    port.arrive(ack(1), { ...CLIENT, port: 4_000 });
    expect(told(port)).toEqual([]);
  });

  it('says no to what it has not, does not do, or cannot read', async () => {
    const { port, ports, told } = serve();
    const write = bytes('\0\x02file\0octet\0');
    const error = bytes('\0\x05\0\0no\0');
    for (const request of [rrq('none'), rrq('../none'), write, rrq('file', 'mail'), bytes('\0\x01'), error, ack(1)]) {
      port.arrive(request, CLIENT);
    }
    await settled();
    expect(told(port).sort()).toEqual([
      'error 1 no such file',
      'error 1 there is no such file',
      'error 2 nothing is written here',
      'error 4 not understood: it is too short',
      'error 4 the mode must be octet',
    ]);
    expect(ports).toEqual([]);
  });

  it.each(['NetASCII', 'OCTET'])('takes the mode %s', async (mode) => {
    const { port, ports, told } = serve();
    port.arrive(rrq('file', mode), CLIENT);
    await settled();
    expect(told(ports[0])).toEqual(['data 1:512']);
  });

  it('joins a request that is repeated to what it began', async () => {
    const opening = gate();
    const open = async (): Promise<Opened> => {
      await opening.passed;
      return { kind: 'file', file: fileOf(CONTENTS) };
    };
    const { port, ports, told, server } = serve({ open });
    for (let times = 0; times < 3; times += 1) port.arrive(rrq(), CLIENT);
    await settled();
    opening.open();
    await settled();
    expect([told(ports[0]), server.count]).toEqual([['data 1:512'], 1]);
    port.arrive(rrq('//file'), CLIENT);
    expect([told(ports[0]), ports.length]).toEqual([['data 1:512'], 1]);
  });

  it.each([
    ['the same after a while', rrq(), 2_000, 2],
    ['a late copy', rrq(), 1_999, 1],
    ['the same with other options', rrq('file', 'octet', 'blksize\x008\0'), 0, 2],
  ])('begins anew for a client that was reset: %s', async (_, request, milliseconds, transfers) => {
    const { port, ports, server, clock } = serve();
    port.arrive(rrq(), CLIENT);
    await settled();
    ports[0]?.arrive(ack(1), CLIENT);
    clock.pass(milliseconds);
    port.arrive(request, CLIENT);
    await settled();
    expect([ports.length, server.count]).toEqual([transfers, 1]);
  });

  it('makes room by leaving whoever takes next to nothing', async () => {
    const { port, ports, told, clock, server } = serve({ limits: { maxTransfers: 1 } });
    port.arrive(rrq('file', 'octet', 'blksize\x008\0'), CLIENT);
    await settled();
    const ask = async () => {
      port.arrive(rrq(), { ...CLIENT, address: '10.0.0.8' });
      await settled();
    };
    for (let block = 0; block < 9; block += 1) {
      ports[0]?.arrive(ack(block), CLIENT);
      clock.pass(1_000);
    }
    await ask();
    expect(told(port)).toEqual([BUSY]);
    clock.pass(1_000);
    await ask();
    expect([told(port), ports[0]?.isClosed, server.count]).toEqual([[], true, 1]);
  });

  it('gives up what a client asked for before when it asks for something else', async () => {
    const { port, ports, told, server } = serve();
    port.arrive(rrq('one'), CLIENT);
    await settled();
    port.arrive(rrq('other'), CLIENT);
    await settled();
    expect([told(ports[0]), told(ports[1]), server.count]).toEqual([['data 1:512'], ['data 1:512'], 1]);
    expect(ports.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  it('tells of a transfer once its client has answered, and apart of one that never does', async () => {
    const { port, ports, reports, unbegun, clock, server } = serve();
    port.arrive(rrq('heard'), CLIENT);
    port.arrive(rrq('silent'), { ...CLIENT, port: 2_001 });
    await settled();
    ports[0]?.arrive(ack(1), CLIENT);
    ports[0]?.arrive(bytes('\0\x05\0\0no\0'), CLIENT);
    for (let second = 0; second < 60; second += 1) clock.pass(1_000);
    await settled();
    expect(reports).toMatchObject([{ filename: 'heard', outcome: { kind: 'aborted' } }]);
    expect(unbegun).toEqual([
      { client: { ...CLIENT, port: 2_001 }, filename: 'silent', outcome: { kind: 'unanswered' } },
    ]);
    expect(server.count).toBe(0);
  });

  it('tells strangers at a transfer’s port that it is not theirs, and goes on', async () => {
    const { port, ports, told } = serve();
    port.arrive(rrq(), CLIENT);
    await settled();
    const [own] = ports;
    own?.arrive(ack(1), { ...CLIENT, port: 2_001 });
    own?.arrive(ack(1), { ...CLIENT, address: '10.0.0.8' });
    own?.arrive(bytes('\0\x05\0\0no\0'), { ...CLIENT, address: '10.0.0.8' });
    expect(own?.sent.map(({ bytes: packet, to }) => `${inShort(packet)} ${to.address} ${to.port}`)).toEqual([
      'data 1:512 10.0.0.7 2000',
      'error 5 this transfer is not yours 10.0.0.7 2001',
      'error 5 this transfer is not yours 10.0.0.8 2000',
    ]);
    own?.arrive(ack(1), CLIENT);
    expect(told(own).at(-1)).toBe('data 2:1');
  });

  it('answers no service', async () => {
    const { port, ports, server } = serve();
    for (const from of [0, 19, 53, 1_023]) port.arrive(rrq(), { ...CLIENT, port: from });
    await settled();
    expect([port.sent, ports, server.count]).toEqual([[], [], 0]);
  });

  it('has a limit for each address, and for how often one asks', async () => {
    const { port, ports, told, server, unbegun } = serve({ limits: { maxPerAddress: 2, burst: 5, perSecond: 1 } });
    const ask = async (number: number) => {
      port.arrive(rrq(), { ...CLIENT, port: 2_000 + number });
      await settled();
    };
    for (const number of [0, 1]) {
      await ask(number);
      ports[number]?.arrive(ack(1), { ...CLIENT, port: 2_000 + number });
    }
    for (let number = 2; number < 9; number += 1) await ask(number);
    expect([told(port), server.count]).toEqual([Array(3).fill(BUSY), 2]);
    const reasons = unbegun.map(({ outcome }) => (outcome.kind === 'refused' ? outcome.reason : outcome.kind));
    expect(reasons.map((reason) => reason.slice(0, 13))).toEqual([
      ...Array<string>(3).fill('too many tran'),
      ...Array<string>(4).fill('more requests'),
    ]);
  });

  it('makes room for an address by leaving its own oldest that never answered', async () => {
    const { port, ports, told, server } = serve({ limits: { maxPerAddress: 2 } });
    for (let number = 0; number < 3; number += 1) port.arrive(rrq(), { ...CLIENT, port: 2_000 + number });
    await settled();
    expect([told(port), server.count, ports.length]).toEqual([[], 2, 2]);
  });

  it('makes room for whoever comes by leaving the oldest that never answered', async () => {
    const { port, ports, told, server } = serve({ limits: { maxTransfers: 3 } });
    const at = (number: number) => ({ address: `10.0.1.${number}`, port: 2_000 });
    for (const number of [1, 2, 3]) port.arrive(rrq(), at(number));
    await settled();
    ports[0]?.arrive(ack(1), at(1));
    port.arrive(rrq(), at(4));
    await settled();
    expect([server.count, ports.map(({ isClosed }) => isClosed)]).toEqual([3, [false, true, false, false]]);
    for (const number of [2, 3]) ports[number]?.arrive(ack(1), at(number + 1));
    port.arrive(rrq(), at(5));
    await settled();
    expect(told(port)).toEqual([BUSY]);
  });

  it('makes room for nobody who is refused anyway', async () => {
    const { port, told, server } = serve({ limits: { maxTransfers: 2, burst: 3 } });
    const from = (last: number) => ({ ...CLIENT, address: `10.0.0.${last}` });
    for (const last of [1, 2]) port.arrive(rrq(), from(last));
    for (const request of [bytes('\0\x02file\0octet\0'), rrq('file', 'mail'), rrq('../x'), rrq('x'), bytes('\0\x01')])
      port.arrive(request, from(3));
    await settled();
    expect([server.count, told(port)]).toEqual([
      2,
      ['error 2 nothing is written here', 'error 4 the mode must be octet', 'error 1 there is no such file'],
    ]);
  });

  it('makes room by leaving one whose file is still being opened', async () => {
    const opening = gate();
    const open = async ({ filename }: Wanted): Promise<Opened> => {
      if (filename === 'slow') await opening.passed;
      return { kind: 'file', file: fileOf(CONTENTS) };
    };
    const { port, ports, told, server } = serve({ open, limits: { maxTransfers: 1 } });
    port.arrive(rrq('slow'), CLIENT);
    port.arrive(rrq(), { ...CLIENT, address: '10.0.0.8' });
    await settled();
    expect([told(ports[0]), server.count]).toEqual([['data 1:512'], 1]);
    opening.open();
    await settled();
    expect([ports.length, server.count]).toEqual([1, 1]);
  });

  it('makes room by leaving who has said nothing for long, where all have answered once', async () => {
    const { port, ports, told, clock } = serve({ limits: { maxTransfers: 2 } });
    const from = (last: number) => ({ ...CLIENT, address: `10.0.0.${last}` });
    const ask = async (last: number) => {
      port.arrive(rrq('file', 'octet', 'blksize\x008\0'), from(last));
      await settled();
    };
    for (const last of [1, 2]) {
      await ask(last);
      ports[last - 1]?.arrive(ack(0), from(last));
    }
    await ask(3);
    expect(told(port)).toEqual([BUSY]);
    clock.pass(10_000);
    ports[0]?.arrive(ack(1), from(1));
    await ask(3);
    expect([told(port), ports.map(({ isClosed }) => isClosed)]).toEqual([[], [false, true, false]]);
  });

  it('leaves nothing behind when it ends, whatever is under way', async () => {
    const opening = gate();
    const { port, ports, server, closed } = serve();
    const open = async (): Promise<Opened> => {
      await opening.passed;
      return { kind: 'file', file: fileOf(CONTENTS) };
    };
    const late = serve({ open });
    port.arrive(rrq(), CLIENT);
    late.port.arrive(rrq(), CLIENT);
    await settled();
    await Promise.all([server.close(), late.server.close()]);
    opening.open();
    await settled();
    expect([closed(), ports[0]?.isClosed, port.isClosed, late.ports]).toEqual([1, true, true, []]);
    expect(ports[0]?.sent.map(({ bytes: packet }) => inShort(packet)).at(-1)).toBe('error 0 the server ends');
  });

  it('says that it is busy when there is no port to be had', async () => {
    const openPort = () => Promise.reject(new Error('EMFILE'));
    const ends: Ended[] = [];
    const { port, told, closed, server, unbegun } = serve({ openPort, ended: (end) => ends.push(end) });
    port.arrive(rrq(), CLIENT);
    await settled();
    expect([told(port), closed(), server.count]).toEqual([[BUSY], 1, 0]);
    expect(ends).toMatchObject([{ outcome: 'failed', bytes: 0 }]);
    expect(unbegun).toMatchObject([
      { outcome: { kind: 'failed', reason: expect.stringContaining('EMFILE') as string } },
    ]);
  });

  it('ends nothing but the transfer when something of it breaks', async () => {
    const broken = async () => {
      throw new Error('broken');
    };
    const { port, ports, faults, told, server, reports } = serve({
      open: async ({ filename }) => (filename === 'bad' ? broken() : { kind: 'file', file: fileOf(CONTENTS) }),
    });
    port.arrive(rrq('bad'), CLIENT);
    await settled();
    expect([faults.length, server.count]).toEqual([1, 0]);
    port.arrive(rrq(), CLIENT);
    await settled();
    if (ports[0] !== undefined) ports[0].send = () => expect.unreachable();
    ports[0]?.arrive(ack(1), CLIENT);
    await settled();
    expect([faults.length, server.count, reports.map(({ outcome }) => outcome.kind)]).toEqual([2, 0, ['failed']]);
    port.arrive(rrq(), CLIENT);
    await settled();
    expect(told(ports[1])).toEqual(['data 1:512']);
  });

  it.each([
    ['fd77::7', '1448'],
    ['::ffff:10.0.0.7', '1468'],
    ['10.0.0.7', '1468'],
  ])('gives %s blocks that fit into its packets', async (address, blksize) => {
    const { port, ports, told } = serve();
    port.arrive(rrq('file', 'octet', 'blksize\x001468\0'), { address, port: 2_000 });
    await settled();
    expect(told(ports[0])).toEqual([`oack blksize ${blksize}`]);
  });
});
