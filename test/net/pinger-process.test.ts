import { expect, it, onTestFinished } from 'vitest';
import { Pinger } from '../../src/net/pinger-process.js';
import { PING_THREAD } from '../fixtures/built.js';
import { ip } from '../fixtures/leases.js';

const SELF = ip('127.0.0.1');
/** Whether or not `ping` is installed here. */
const ENDED = { kind: expect.stringMatching(/^(answered|failed)$/) as string };

function pinger(script: URL): Pinger {
  const made = new Pinger(script);
  onTestFinished(() => made.close());
  return made;
}

/** A thread that does that. */
function thread(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

const REPLIES = `import { parentPort } from 'node:worker_threads';
parentPort.on('message', ({ id, address }) => {
  if (address === '192.168.77.9') process.exit(3);
  parentPort.postMessage({ id, pinged: { kind: 'answered' } });
});`;

it('pings from its thread', async () => {
  expect(await pinger(PING_THREAD).ping(SELF, 10_000)).toMatchObject(ENDED);
});

it('says why its thread cannot run', async () => {
  expect(await pinger(thread('throw new Error("broken")')).ping(SELF)).toEqual({
    kind: 'failed',
    reason: 'the thread of the pings failed (broken): start the server again',
  });
  expect(await pinger(new URL('file:///nowhere.js')).ping(SELF)).toMatchObject({ kind: 'failed' });
});

it('replaces a thread that ends, and tells all who wait for it', async () => {
  const made = pinger(thread(REPLIES));
  expect(await made.ping(SELF)).toEqual({ kind: 'answered' });
  const both = [ip('192.168.77.9'), ip('192.168.77.10')].map((address) => made.ping(address));
  expect(await Promise.all(both)).toMatchObject([{ kind: 'failed' }, { kind: 'failed' }]);
  expect(await made.ping(SELF)).toEqual({ kind: 'answered' });
});

it('finds nobody once it is closed, for whoever waits as well', async () => {
  const made = pinger(thread('setInterval(() => undefined, 1_000);'));
  const waiting = made.ping(SELF);
  await made.close();
  expect([await waiting, await made.ping(SELF)]).toEqual([{ kind: 'quiet' }, { kind: 'quiet' }]);
});
