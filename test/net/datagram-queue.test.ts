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
  /** Lets it run once; whether it wants to again. */
  const turn = () => {
    turns.shift()?.();
    return turns.length > 0;
  };
  return { handled, push, turn, faults, dropped: () => dropped };
}

describe('DatagramQueue', () => {
  it('handles everything in its order, a few at once', () => {
    const { handled, push, turn, dropped } = queue(1_000);
    push(1, 130);
    expect(handled).toEqual([]);
    expect([turn(), handled.length]).toEqual([true, 64]);
    push(131, 131);
    expect([turn(), handled.length]).toEqual([true, 128]);
    expect([turn(), handled.length, handled.at(-1)]).toEqual([false, 131, '131']);
    expect(dropped()).toBe(0);
    push(132, 132);
    expect([turn(), handled.at(-1)]).toEqual([false, '132']);
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
});
