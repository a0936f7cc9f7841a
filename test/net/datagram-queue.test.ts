import { describe, expect, it } from 'vitest';
import { DatagramQueue, QueuedPort } from '../../src/net/datagram-queue.js';
import { FakePort } from '../fixtures/fake-port.js';

const FROM = { address: '10.0.0.7', port: 2_000 };

function queue(limit: number) {
  const handled: string[] = [];
  const faults: unknown[] = [];
  const turns: (() => void)[] = [];
  let dropped = 0;
  const handle = (bytes: Buffer) => {
    handled.push(bytes.toString());
    if (bytes.toString() === '13') throw new Error('unlucky');
  };
  const made = new DatagramQueue(handle, {
    limit,
    later: (run) => turns.push(run),
    dropped: (count) => {
      dropped += count;
    },
    fault: (thrown) => faults.push(thrown),
  });
  const push = (from: number, to: number) => {
    for (let number = from; number <= to; number += 1) made.push(Buffer.from(String(number)), FROM);
  };
  const pushFrom = (address: string, text: string) => made.push(Buffer.from(text), { ...FROM, address });
  /** Lets it run once; whether it wants to again. */
  const turn = () => {
    turns.shift()?.();
    return turns.length > 0;
  };
  return { handled, push, pushFrom, turn, faults, dropped: () => dropped };
}

describe('DatagramQueue', () => {
  it('handles everything in its order, a few at once', () => {
    const { handled, push, turn, dropped } = queue(1_000);
    push(1, 40);
    expect(handled).toEqual([]);
    expect([turn(), handled.length]).toEqual([true, 16]);
    push(41, 41);
    expect([turn(), handled.length]).toEqual([true, 32]);
    expect([turn(), handled.length, handled.at(-1)]).toEqual([false, 41, '41']);
    expect(dropped()).toBe(0);
    push(42, 42);
    expect([turn(), handled.at(-1)]).toEqual([false, '42']);
  });

  it('goes on when one of them is too much for whoever handles it', () => {
    const { handled, push, turn, faults } = queue(1_000);
    push(12, 14);
    expect([turn(), handled, faults]).toEqual([false, ['12', '13', '14'], [new Error('unlucky')]]);
  });

  it('drops the oldest of a flood, and counts them', () => {
    const { handled, push, turn, dropped } = queue(10);
    push(1, 1_000);
    while (turn());
    expect(handled.length).toBeLessThan(20);
    expect([handled.at(-1), handled.length + dropped()]).toEqual(['1000', 1_000]);
  });

  it('drops nothing of who sends little while others send much', () => {
    const { handled, push, pushFrom, turn, dropped } = queue(10);
    pushFrom('10.0.0.1', 'one');
    push(1, 500);
    pushFrom('10.0.0.2', 'two');
    for (let number = 0; number < 500; number += 1) pushFrom('10.0.0.8', `of 8: ${number}`);
    while (turn());
    expect(handled).toEqual(expect.arrayContaining(['one', '500', 'two', 'of 8: 499']));
    expect(handled.indexOf('one')).toBe(0);
    expect(handled.length + dropped()).toBe(1_002);
  });

  it.each([30, 1_000])('keeps half of the room for machines without an address while %i sources send', (sources) => {
    const { handled, pushFrom, turn, dropped } = queue(100);
    for (let number = 0; number < 2_000; number += 1) {
      pushFrom('0.0.0.0', `machine ${number}`);
      pushFrom(`10.0.${Math.floor((number % sources) / 250)}.${(number % sources) % 250}`, `other ${number}`);
    }
    while (turn());
    const machines = handled.filter((text) => text.startsWith('machine')).length;
    expect([machines >= 50, handled.length - machines >= 50]).toEqual([true, true]);
    expect(handled.slice(-2)).toEqual(['machine 1999', 'other 1999']);
    expect(handled.length).toBeLessThan(200);
    expect(handled.length + dropped()).toBe(4_000);
  });

  it('gives machines without an address no more room than is left when others want little', () => {
    const { handled, push, pushFrom, turn } = queue(10);
    push(1, 3);
    for (let number = 0; number < 17; number += 1) pushFrom('0.0.0.0', `machine ${number}`);
    while (turn());
    expect(handled).toEqual(['1', '2', '3', ...Array.from({ length: 7 }, (_, number) => `machine ${number + 10}`)]);
  });

  it('drops the oldest of so many sources that there is no room for one of each', () => {
    const { handled, pushFrom, turn, dropped } = queue(10);
    for (let number = 0; number < 1_000; number += 1) pushFrom(`10.0.1.${number}`, String(number));
    while (turn());
    expect(handled.length).toBeLessThan(20);
    expect([handled.at(-1), handled.length + dropped()]).toEqual(['999', 1_000]);
  });
});

describe('QueuedPort', () => {
  it('is the port, but for what comes in', async () => {
    const port = new FakePort();
    const turns: (() => void)[] = [];
    const queued = new QueuedPort(port, { later: (run) => turns.push(run), fault: () => undefined });
    const seen: string[] = [];
    queued.receive((bytes, { address }) => seen.push(`${bytes.toString()} ${address}`));
    port.arrive(Buffer.from('a'), FROM);
    expect(seen).toEqual([]);
    for (const run of turns) run();
    queued.send(Buffer.from('b'), FROM);
    await queued.close();
    expect([seen, port.sent.length, port.isClosed, queued.local]).toEqual([['a 10.0.0.7'], 1, true, port.local]);
  });

  it('sends the answers of a turn together at its end, and what is sent at other times at once', () => {
    const port = new FakePort();
    const turns: (() => void)[] = [];
    const queued = new QueuedPort(port, { later: (run) => turns.push(run), fault: () => undefined });
    const sentBefore: number[] = [];
    queued.receive((bytes, from) => {
      sentBefore.push(port.sent.length);
      queued.send(bytes, from);
      if (bytes.toString() === 'b') throw new Error('after its answer');
    });
    const turn = () => turns.shift()?.();
    const sent = () => port.sent.map(({ bytes }) => bytes.toString());
    for (const text of ['a', 'b', 'c']) port.arrive(Buffer.from(text), FROM);
    turn();
    expect([sentBefore, sent()]).toEqual([
      [0, 0, 0],
      ['a', 'b', 'c'],
    ]);
    queued.send(Buffer.from('d'), FROM);
    expect(sent()).toEqual(['a', 'b', 'c', 'd']);
    port.arrive(Buffer.from('e'), FROM);
    turn();
    expect(sent()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('tells of an answer that cannot be sent, and goes on', () => {
    const port = new FakePort();
    const turns: (() => void)[] = [];
    const faults: unknown[] = [];
    const queued = new QueuedPort(port, { later: (run) => turns.push(run), fault: (thrown) => faults.push(thrown) });
    const send = port.send.bind(port);
    port.send = (bytes, to) => {
      if (bytes.toString() === 'bad') throw new RangeError('no such port');
      send(bytes, to);
    };
    queued.receive((bytes, from) => queued.send(bytes, from));
    for (const text of ['bad', 'a']) port.arrive(Buffer.from(text), FROM);
    turns.shift()?.();
    port.arrive(Buffer.from('b'), FROM);
    turns.shift()?.();
    expect([port.sent.map(({ bytes }) => bytes.toString()), faults]).toEqual([['a', 'b'], [expect.any(RangeError)]]);
  });
});
