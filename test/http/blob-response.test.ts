import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BlobResponse } from '../../src/http/blob-response.js';
import { BufferPool } from '../../src/http/buffer-pool.js';

const LOOK = 10_000;
const SIZE = 300_000;
const READER = {
  available: async (position: number) => SIZE - position,
  read: async (target: Uint8Array) => target.length,
};

type Done = (error?: Error) => void;

/** A connection. */
const ALIVE = { destroyed: false, errored: null };

/** `writes`: of each, how many bytes, and what takes them; `calls`: what was done, in order. */
function sending({ pool = new BufferPool(), end = SIZE, more = {} } = {}) {
  const writes: { readonly bytes: number; readonly taken: Done }[] = [];
  const calls: string[] = [];
  const response = {
    write: (bytes: Uint8Array, taken: Done) => {
      calls.push('write');
      writes.push({ bytes: bytes.length, taken });
    },
    end: (done?: Done) => {
      calls.push('end');
      done?.();
    },
    destroy: () => void calls.push('destroy'),
  };
  Object.defineProperties(response, Object.getOwnPropertyDescriptors(more));
  const gone = new AbortController();
  const sent = new BlobResponse(response as unknown as ServerResponse, pool, gone.signal);
  const outcome = sent.send(READER, { start: 0, end }).then(
    () => 'sent',
    (thrown: Error) => thrown.message,
  );
  const settled = () => vi.advanceTimersByTimeAsync(0);
  return { sent, writes, calls, gone, outcome, settled };
}

describe('BlobResponse', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes a turn when the last was taken, and ends with the last of them in one go', async () => {
    const { sent, writes, calls, outcome, settled } = sending();
    await settled();
    expect([calls, sent.sent]).toEqual([['write'], 0]);
    writes[0]?.taken();
    await settled();
    expect([calls, sent.sent]).toEqual([['write', 'write', 'end'], writes[0]?.bytes]);
    writes[1]?.taken();
    expect([await outcome, sent.sent, vi.getTimerCount()]).toEqual(['sent', SIZE, 0]);
  });

  it('waits for nothing that the kernel has taken at once', async () => {
    const { sent, outcome } = sending({ more: { writableLength: 0, socket: ALIVE } });
    expect([await outcome, sent.sent, vi.getTimerCount()]).toEqual(['sent', SIZE, 0]);
  });

  it('hears first of a write that failed at once', async () => {
    const write = (_: Uint8Array, taken: Done) => process.nextTick(taken, new Error('write EPIPE'));
    const { sent, outcome } = sending({ more: { writableLength: 0, socket: ALIVE, write } });
    expect([await outcome, sent.sent]).toEqual(['write EPIPE', 0]);
  });

  it('takes what is told late of one write for nothing of the next', async () => {
    let asked = 0;
    const more = {
      socket: ALIVE,
      // The first is taken at once, the second not.
      get writableLength() {
        asked += 1;
        return asked === 1 ? 0 : 1;
      },
    };
    const { sent, writes, gone, outcome, settled } = sending({ more });
    await settled();
    writes[0]?.taken();
    await settled();
    expect([writes.length, sent.sent]).toEqual([2, writes[0]?.bytes]);
    gone.abort(new Error('the client is gone'));
    expect(await outcome).toBe('the client is gone');
  });

  it.each([
    ['a connection that was cut', { writableLength: 0, socket: { ...ALIVE, destroyed: true } }],
    ['a connection that failed just now', { writableLength: 0, socket: { ...ALIVE, errored: new Error('EPIPE') } }],
    ['a response without a connection', { writableLength: 0, socket: null }],
  ])('takes nothing for sent of %s', async (_, more) => {
    const { sent, gone, outcome, settled } = sending({ more });
    await settled();
    expect(sent.sent).toBe(0);
    gone.abort(new Error('the client is gone'));
    expect([await outcome, sent.sent, vi.getTimerCount()]).toEqual(['the client is gone', 0, 0]);
  });

  it('ends what has no bytes', async () => {
    const { calls, outcome } = sending({ end: 0 });
    expect([await outcome, calls]).toEqual(['sent', ['end']]);
  });

  it.each([
    ['it hung up', (gone: AbortController) => gone.abort(new Error('it went')), 'it went'],
    ['the kernel says so', (_gone: AbortController, taken?: Done) => taken?.(new Error('EIO')), 'EIO'],
  ])('ends when the client is gone: %s', async (_which, leave, reason) => {
    const { writes, gone, outcome, settled } = sending();
    await settled();
    leave(gone, writes[0]?.taken);
    expect([await outcome, vi.getTimerCount()]).toEqual([reason, 0]);
  });

  it('ends when the client goes while the last of it is on its way, of which nobody tells then', async () => {
    const { writes, gone, outcome, settled } = sending();
    await settled();
    writes[0]?.taken();
    await settled();
    expect(writes).toHaveLength(2);
    gone.abort(new Error('it went'));
    expect([await outcome, vi.getTimerCount()]).toEqual(['it went', 0]);
  });

  it('gives up a client that takes nothing for two minutes', async () => {
    const { writes, calls, outcome, settled } = sending();
    await vi.advanceTimersByTimeAsync(12 * LOOK);
    // The time counts anew with what it takes.
    writes[0]?.taken();
    await settled();
    await vi.advanceTimersByTimeAsync(12 * LOOK);
    expect(calls).not.toContain('destroy');
    await vi.advanceTimersByTimeAsync(LOOK);
    expect([await outcome, calls.at(-1)]).toEqual(['the client takes bytes too slowly', 'destroy']);
  });

  it('gives it up after ten seconds where others wait for its buffer', async () => {
    const pool = new BufferPool(SIZE);
    const { outcome, settled } = sending({ pool });
    await settled();
    const waiting = sending({ pool });
    await vi.advanceTimersByTimeAsync(LOOK);
    expect(waiting.writes).toEqual([]);
    await vi.advanceTimersByTimeAsync(LOOK);
    expect([await outcome, waiting.writes.length]).toEqual(['the client takes bytes too slowly', 1]);
    waiting.gone.abort(new Error('it went'));
    expect(await waiting.outcome).toBe('it went');
  });
});

/** A body in a buffer of the pool that is sent; `finish`: the kernel has all of it. */
function sendingTurn(more: object) {
  const pool = new BufferPool();
  const calls: string[] = [];
  let finish: Done = () => expect.fail('nobody waits for it');
  const response = {
    write: (bytes: Uint8Array, done: Done) => {
      calls.push(`write ${bytes.length}`);
      finish = done;
    },
    end: () => void calls.push('end'),
    destroy: () => void calls.push('destroy'),
    ...more,
  };
  const gone = new AbortController();
  const sent = new BlobResponse(response as unknown as ServerResponse, pool, gone.signal);
  const buffer = pool.takeNow() ?? expect.fail('');
  const rest = sent.sendTurn({ buffer, bytes: buffer.subarray(0, 10) });
  const outcome = rest?.then(
    () => 'sent',
    (thrown: Error) => thrown.message,
  );
  const isBack = () => pool.takeNow() === buffer;
  return { sent, calls, gone, outcome, isBack, finish: (error?: Error) => finish(error) };
}

describe('a body in one buffer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is sent when the kernel takes it at once', () => {
    const { sent, calls, outcome, isBack } = sendingTurn({ writableLength: 0, socket: ALIVE });
    expect([outcome, sent.sent, calls, vi.getTimerCount(), isBack()]).toEqual([
      undefined,
      10,
      ['write 10', 'end'],
      0,
      true,
    ]);
  });

  it('is waited for where it does not', async () => {
    const { sent, outcome, isBack, finish } = sendingTurn({ writableLength: 10, socket: ALIVE });
    await vi.advanceTimersByTimeAsync(12 * LOOK);
    expect([sent.sent, isBack()]).toEqual([0, false]);
    finish();
    expect([await outcome, sent.sent, vi.getTimerCount(), isBack()]).toEqual(['sent', 10, 0, true]);
  });

  it('has failed where writing it did', async () => {
    const socket = { ...ALIVE, errored: new Error('write EPIPE') };
    const { sent, outcome, isBack, finish } = sendingTurn({ writableLength: 0, socket });
    finish(socket.errored);
    expect([await outcome, sent.sent, isBack()]).toEqual(['write EPIPE', 0, true]);
  });

  it('ends with a client that is gone, and one that takes nothing', async () => {
    const left = sendingTurn({ writableLength: 0, socket: { ...ALIVE, errored: new Error('EPIPE') } });
    left.gone.abort(new Error('it went'));
    expect([await left.outcome, left.sent.sent, left.isBack()]).toEqual(['it went', 0, true]);
    const slow = sendingTurn({ writableLength: 10, socket: ALIVE });
    await vi.advanceTimersByTimeAsync(13 * LOOK);
    expect([await slow.outcome, slow.calls]).toEqual([
      'the client takes bytes too slowly',
      ['write 10', 'end', 'destroy'],
    ]);
    expect(slow.isBack()).toBe(true);
  });
});
