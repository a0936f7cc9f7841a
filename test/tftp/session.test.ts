import { describe, expect, it } from 'vitest';
import { fileOf, type TftpFile } from '../../src/tftp/file.js';
import { negotiate } from '../../src/tftp/negotiation.js';
import { decodePacket, type Option } from '../../src/tftp/packet.js';
import { TftpSession } from '../../src/tftp/session.js';
import type { Outcome } from '../../src/tftp/transfer.js';
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
    explain: (thrown) => ({ error: 'notFound', message: String(thrown) }),
    answered: () => answers.push(clock.ticks()),
    ended: (outcome) => void outcomes.push(outcome),
    fault: (thrown) => expect.unreachable(String(thrown)),
  });
  session.start();
  const ack = (block: number) => session.deliver({ kind: 'ack', block });
  /** In short, since the last time. */
  const told = () => sent.splice(0).map(inShort);
  return { session, clock, ack, told, outcomes, answers };
}

function inShort(packet: Buffer): string {
  if (packet.readUInt16BE(0) === 3)
    return `data ${packet.readUInt16BE(2)} ${packet.subarray(4).toString('latin1').slice(0, 3)}:${packet.length - 4}`;
  if (packet.readUInt16BE(0) === 6) return `oack ${packet.subarray(2).toString('latin1').replaceAll('\0', ' ').trim()}`;
  const error = decodePacket(packet);
  return error.kind === 'error' ? `error ${error.code} ${error.message}` : error.kind;
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
    const { ack, told, clock, outcomes } = begin(file);
    await settled();
    expect(told()).toEqual(['data 1 aaa:512']);
    ack(1);
    clock.pass(60_000);
    await settled();
    ack(1);
    expect([told(), outcomes]).toEqual([[], []]);
    more.open();
    await settled();
    expect(told()).toEqual(['data 2 bbb:512']);
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
    expect(told()).toEqual(['error 1 Error: EIO']);
    expect(outcomes).toEqual([{ kind: 'aborted', reason: 'Error: EIO' }]);
    clock.pass(100_000);
    expect([told(), clock.waiting]).toEqual([[], 0]);
  });

  it('has a file that ends before its time for broken', async () => {
    const short: TftpFile = { ...fileOf(Buffer.from('abc')), size: 600, available: async () => 600 };
    const { outcomes } = begin(short);
    await settled();
    expect(outcomes).toMatchObject([{ kind: 'aborted', reason: expect.stringContaining('before its time') as string }]);
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
    expect(outcomes).toEqual([{ kind: 'aborted', reason: 'the server ends' }]);
  });
});
