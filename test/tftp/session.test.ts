import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileOf, type TftpFile } from '../../src/tftp/file.js';
import { negotiate } from '../../src/tftp/negotiation.js';
import { decodePacket, type Option } from '../../src/tftp/packet.js';
import { TftpSession } from '../../src/tftp/session.js';
import type { Outcome } from '../../src/tftp/transfer.js';
import { blobOf } from '../fixtures/blobs.js';
import { FakeTftpClock } from '../fixtures/tftp-clock.js';
import { gate, settled } from '../fixtures/waiting.js';

const CLIENT = { address: '10.0.0.7', port: 2_000 };
const LIMITS = { maxBlockSize: 1_468, maxWindowSize: 16 };

function begin(file: TftpFile, options: readonly Option[] = []) {
  const sent: Buffer[] = [];
  const outcomes: Outcome[] = [];
  const answers: number[] = [];
  const clock = new FakeTftpClock();
  const session = new TftpSession({
    client: CLIENT,
    file,
    terms: negotiate(options, file.size, LIMITS),
    port: { send: (bytes) => void sent.push(bytes) },
    clock,
    explain: (thrown) => ({ error: 'notFound', message: 'it broke', reason: String(thrown) }),
    answered: () => answers.push(clock.ticks()),
    ended: (outcome) => void outcomes.push(outcome),
    fault: (thrown) => expect.unreachable(String(thrown)),
  });
  session.start();
  const ack = (block: number) => session.deliver({ kind: 'ack', block });
  /** In short, since the last time. */
  const told = () => sent.splice(0).map(inShort);
  return { session, clock, ack, told, sent, outcomes, answers };
}

function inShort(packet: Buffer): string {
  if (packet.readUInt16BE(0) === 3)
    return `data ${packet.readUInt16BE(2)} ${packet.subarray(4).toString('latin1').slice(0, 3)}:${packet.length - 4}`;
  if (packet.readUInt16BE(0) === 6) return `oack ${packet.subarray(2).toString('latin1').replaceAll('\0', ' ').trim()}`;
  const error = decodePacket(packet);
  return error.kind === 'error' ? `error ${error.code} ${error.message}` : error.kind;
}

const CONTENTS = blobOf(300_000).bytes;

/** Plays these, then whatever is missing up to the end, and compares each block that is sent with the file. */
async function checkBlocks(blksize: string, windowsize: number, happenings: readonly (readonly [string, number])[]) {
  const reads: (() => void)[] = [];
  const file = fileOf(CONTENTS);
  const slow: TftpFile = {
    ...file,
    read: async (target, position) => {
      await new Promise<void>((resolve) => reads.push(resolve));
      return file.read(target, position);
    },
  };
  const options: Option[] = [
    ['blksize', blksize],
    ['windowsize', String(windowsize)],
  ];
  const { sent, clock, ack, outcomes } = begin(slow, options);
  let most = 0;
  const check = () => {
    for (const packet of sent.splice(0).filter((one) => one[1] === 3)) {
      const block = packet.readUInt16BE(2);
      const start = (block - 1) * Number(blksize);
      most = Math.max(most, block);
      expect([block, packet.subarray(4).equals(CONTENTS.subarray(start, start + Number(blksize)))]).toEqual([
        block,
        true,
      ]);
    }
  };
  const happen = async (what: string, number: number) => {
    // Up to the last block that was sent, and a few behind that.
    if (what === 'ack') ack(Math.max(0, most + 2 - number));
    if (what === 'pass') clock.pass(number * 10);
    if (what === 'read') reads.shift()?.();
    await settled();
    check();
  };
  for (const [what, number] of happenings) await happen(what, number);
  for (let turn = 0; outcomes.length === 0 && turn < 2_000; turn += 1) {
    await happen('read', 0);
    await happen('ack', 2);
  }
  expect(outcomes).toEqual([{ kind: 'complete', isConfirmed: true }]);
}

describe('TftpSession', () => {
  it('sends a file block by block', async () => {
    const { ack, told, outcomes, session, answers } = begin(fileOf(Buffer.from(`${'a'.repeat(512)}bcd`)));
    await settled();
    expect([told(), answers]).toEqual([['data 1 aaa:512'], []]);
    ack(1);
    expect([told(), answers]).toEqual([['data 2 bcd:3'], [0]]);
    expect(session.sentBytes).toBe(512);
    ack(2);
    expect([told(), outcomes, session.sentBytes]).toEqual([[], [{ kind: 'complete', isConfirmed: true }], 515]);
    expect(answers).toEqual([0]);
  });

  it('sends an empty file', async () => {
    const { ack, told, outcomes } = begin(fileOf(Buffer.alloc(0)));
    await settled();
    expect(told()).toEqual(['data 1 :0']);
    ack(1);
    expect(outcomes).toEqual([{ kind: 'complete', isConfirmed: true }]);
  });

  it('sends windows of what was agreed on, and reads in pieces', async () => {
    const contents = Buffer.alloc(500_000, 'x');
    const reads: number[] = [];
    const file = fileOf(contents);
    const counted = {
      ...file,
      read: (target: Uint8Array, at: number) => {
        reads.push(at);
        return file.read(target, at);
      },
    };
    const options: Option[] = [
      ['blksize', '1000'],
      ['windowsize', '4'],
    ];
    const { ack, told, outcomes } = begin(counted, options);
    expect(told()).toEqual(['oack blksize 1000 windowsize 4']);
    for (let block = 0; outcomes.length === 0; block += 4) {
      ack(Math.min(block, 501));
      await settled();
      if (block < 500) expect(told()).toHaveLength(4);
    }
    expect(told()).toEqual(['data 501 :0']);
    expect(reads.length).toBeLessThan(12);
    expect(outcomes).toEqual([{ kind: 'complete', isConfirmed: true }]);
  });

  it('follows a file that is still arriving, and does not take its wait for the client’s', async () => {
    const more = gate();
    const contents = Buffer.from(`${'a'.repeat(512)}${'b'.repeat(512)}c`);
    const file: TftpFile = {
      ...fileOf(contents),
      available: async (position) => {
        if (position >= 512) await more.passed;
        return position >= 512 ? contents.length - position : 512 - position;
      },
    };
    const { ack, told, clock, outcomes, session } = begin(file);
    await settled();
    expect(told()).toEqual(['data 1 aaa:512']);
    ack(1);
    clock.pass(60_000);
    await settled();
    expect([told(), outcomes, session.silentMilliseconds]).toEqual([[], [], 0]);
    more.open();
    await settled();
    expect(told()).toEqual(['data 2 bbb:512']);
    clock.pass(100);
    expect([told(), outcomes]).toEqual([['data 2 bbb:512'], []]);
  });

  it('sends every block as it is in the file, whatever comes while it reads', async () => {
    const happenings = fc.array(fc.tuple(fc.constantFrom('ack', 'ack', 'read', 'pass'), fc.nat(40)), {
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('512', '1000', '1468'),
        fc.integer({ min: 1, max: 16 }),
        happenings,
        checkBlocks,
      ),
      { numRuns: 200 },
    );
  });

  it('sends again what nobody acknowledges, and counts it', async () => {
    const { told, clock, session } = begin(fileOf(Buffer.from('abc')));
    await settled();
    clock.pass(1_000);
    clock.pass(2_000);
    expect([told(), session.resends]).toEqual([['data 1 abc:3', 'data 1 abc:3', 'data 1 abc:3'], 2]);
  });

  it('tells the client why a file cannot be read, and waits for nothing more', async () => {
    const broken: TftpFile = { ...fileOf(Buffer.from('abc')), read: () => Promise.reject(new Error('EIO')) };
    const { told, outcomes, clock } = begin(broken);
    await settled();
    expect(told()).toEqual(['error 1 it broke']);
    expect(outcomes).toEqual([{ kind: 'failed', reason: 'Error: EIO' }]);
    clock.pass(100_000);
    expect([told(), clock.waiting]).toEqual([[], 0]);
  });

  it('has a file that ends before its time for broken', async () => {
    const short: TftpFile = { ...fileOf(Buffer.from('abc')), size: 600, available: async () => 600 };
    const { outcomes } = begin(short);
    await settled();
    expect(outcomes).toMatchObject([{ kind: 'failed', reason: expect.stringContaining('before its time') as string }]);
  });

  it('ends while it reads', async () => {
    let signal: AbortSignal | undefined;
    const silent: TftpFile = {
      ...fileOf(Buffer.from('abc')),
      available: (_position, given) => {
        signal = given;
        return new Promise((_resolve, reject) => given?.addEventListener('abort', () => reject(new Error('over'))));
      },
    };
    const { session, told, outcomes } = begin(silent);
    session.abort('the server ends');
    await settled();
    expect([told(), signal?.aborted]).toEqual([['error 0 the server ends'], true]);
    expect(outcomes).toEqual([{ kind: 'failed', reason: 'the server ends' }]);
  });
});
