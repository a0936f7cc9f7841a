import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { ActiveTransfers } from '../../src/booter/active-transfers.js';
import { BufferPool } from '../../src/http/buffer-pool.js';
import { type ReadySending, sendNow } from '../../src/http/send-now.js';

const KIB = 1024;
const SIZE = 100 * KIB;

type Asked = { range?: string; socket?: object | null; destroyed?: boolean; pool?: BufferPool; isThere?: boolean };

/** Whether it is sent, where nothing may be done unless it is. */
function sent({ range, socket = {}, destroyed = false, pool = new BufferPool(), isThere = true }: Asked) {
  const connection = { destroyed, errored: null, once: () => undefined };
  const request = { method: 'GET', headers: { ...(range && { range }) }, raw: { socket: connection } };
  const calls: string[] = [];
  const raw = {
    socket: socket === null ? null : connection,
    writableLength: 0,
    writeHead: () => void calls.push('head'),
    write: () => void calls.push('write'),
    end: () => void calls.push('end'),
  };
  const reply = { raw, hijack: () => void calls.push('hijack') };
  const sending: ReadySending = {
    entity: { size: SIZE, etag: '"a"', contentType: 'a/b', isImmutable: true },
    readNow: () => isThere,
    begun: () => () => void calls.push('ended'),
  };
  const transfers = new ActiveTransfers();
  const before = pool.takeNow() ?? expect.fail('');
  pool.giveBack(before);
  const isSent = sendNow(request as unknown as FastifyRequest, reply as unknown as FastifyReply, sending, {
    pool,
    transfers,
  });
  expect(calls).toEqual(isSent ? ['hijack', 'head', 'write', 'end', 'ended'] : []);
  expect([transfers.count, pool.takeNow()]).toEqual([0, before]);
  return isSent;
}

it('sends a part that is there', () => {
  expect(sent({ range: `bytes=0-${16 * KIB - 1}` })).toBe(true);
});

it.each<[string, Asked]>([
  ['all of it', {}],
  ['a part that is not there', { isThere: false }],
  ['a part that is longer than a buffer now', { pool: new BufferPool(16 * KIB), range: `bytes=0-${16 * KIB}` }],
  ['a part whose turn has not come', { socket: null }],
  ['a part that nobody waits for any more', { destroyed: true }],
])('does nothing for %s', (name, asked) => {
  const range = name === 'all of it' ? {} : { range: 'bytes=0-9' };
  expect(sent({ ...range, ...asked })).toBe(false);
});
