import { expect, it, onTestFinished } from 'vitest';
import { newBoot, withStep } from '../../../src/boot/boot.js';
import type { FindingListener } from '../../../src/booter/boot-findings.js';
import type { ToldStep } from '../../../src/booter/journal.js';
import type { RunningTransfer } from '../../../src/booter/running-transfers.js';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { closeListener, listen } from '../../../src/http/listen.js';
import { eventRoutes } from '../../../src/http/routes/events.js';
import { createLog } from '../../../src/log.js';
import { type IpAddress, parseIp } from '../../../src/net/ip.js';
import { BOOT_STEPS } from '../../fixtures/boot-steps.js';
import { isWaiting, settled } from '../../fixtures/waiting.js';

const STEP: ToldStep = {
  at: 1_000,
  event: BOOT_STEPS.script,
  boot: withStep(newBoot('ab12', 'node-01', 500), { at: 1_000, event: BOOT_STEPS.script }),
};
const OTHERS: ToldStep = { at: 2_000, event: { ...BOOT_STEPS.script, machine: 'node-02' } };

const { event: _, ...KERNEL } = BOOT_STEPS.kernelStarted;
const UNDER_WAY: RunningTransfer = { ...KERNEL, id: 1, size: 100, bytes: 50, seconds: 0.5 };

async function serve() {
  const running: RunningTransfer[] = [];
  let isTicking = false;
  let tick = (): void => undefined;
  const app = createListener(createLog('silent', { write: () => undefined }));
  const listeners = new Set<(step: ToldStep) => void>();
  const findingListeners = new Set<FindingListener>();
  eventRoutes(new Api(app), {
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    listenToFindings: (listener) => {
      findingListeners.add(listener);
      return () => void findingListeners.delete(listener);
    },
    running: (most) => running.slice(0, most),
    clock: {
      now: () => 3_000,
      every: (_milliseconds, run) => {
        [isTicking, tick] = [true, run];
        return () => {
          isTicking = false;
        };
      },
    },
  });
  const { port } = await listen(app, { host: parseIp('127.0.0.1') as IpAddress, port: 0 }, 'api.listen');
  onTestFinished(() => closeListener(app));
  const tell = (...steps: readonly ToldStep[]) => {
    for (const step of steps) for (const listener of [...listeners]) listener(step);
  };
  const get = async (query = '', headers: Readonly<Record<string, string>> = {}) => {
    const ended = new AbortController();
    onTestFinished(() => ended.abort());
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/events${query}`, { headers, signal: ended.signal });
    return { response, end: () => ended.abort() };
  };
  const find: FindingListener = (told) => {
    for (const listener of [...findingListeners]) listener(told);
  };
  return { app, listeners, find, tell, get, running, tick: () => tick(), isTicking: () => isTicking };
}

/** What has come, up to the first text that is waited for. */
async function readUntil(response: Response, text: string): Promise<string> {
  let read = '';
  for await (const chunk of response.body ?? []) {
    read += Buffer.from(chunk).toString();
    if (read.includes(text)) break;
  }
  return read;
}

it('tells what happens as it happens', async () => {
  const { tell, get } = await serve();
  const { response } = await get();
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  tell(STEP, OTHERS);
  const read = await readUntil(response, 'node-02');
  const [first = ''] = read.split('\n\n');
  expect(first).toMatch(/^event: script\.sent\ndata: /);
  expect(JSON.parse(first.split('data: ')[1] ?? '')).toMatchObject({
    ...{ at: '1970-01-01T00:00:01.000Z', boot: 'ab12', machine: 'node-01' },
    ...{ state: 'planned', beganAt: '1970-01-01T00:00:00.500Z' },
    text: 'node-01 gets the script for registry.lab:5000/os/debian:12 (assignment all)',
  });
});

it('tells why a boot does not go on', async () => {
  const { find, tell, get } = await serve();
  const [all, one] = [await get(), await get('?machine=node-02')];
  const told = {
    machine: 'node-01',
    boot: 'ab12',
    finding: 'download-aborted',
    evidence: 'it broke off',
    remedy: 'see its screen',
  } as const;
  find({
    at: 2_000,
    event: { event: 'boot.finding', ...told },
    boot: { ...newBoot('ab12', 'node-01', 500), state: 'fetching' },
  });
  tell(OTHERS);
  const [first = ''] = (await readUntil(all.response, 'node-02')).split('\n\n');
  expect(first).toMatch(/^event: boot\.finding\ndata: /);
  expect(JSON.parse(first.split('data: ')[1] ?? '')).toMatchObject({
    ...{ ...told, at: '1970-01-01T00:00:02.000Z', state: 'fetching' },
    text: 'node-01 does not go on (download-aborted): it broke off; see its screen',
  });
  expect(await readUntil(one.response, 'node-02')).not.toContain('node-01');
});

it('tells of one machine alone, and forgets who goes', async () => {
  const { tell, get, listeners } = await serve();
  const { response, end } = await get('?machine=node-02');
  tell(STEP, OTHERS);
  expect(await readUntil(response, 'node-02')).not.toContain('node-01');
  end();
  await expect.poll(() => listeners.size).toBe(0);
});

it('tells what is under way, for as long as somebody listens and something is', async () => {
  const { tell, get, running, tick, isTicking } = await serve();
  expect(isTicking()).toBe(false);
  const [all, one] = [await get(), await get('?machine=node-02')];
  const look = async () => {
    tick();
    // So that what is told is on its way.
    await settled();
  };
  await look();
  running.push(UNDER_WAY, { ...UNDER_WAY, machine: 'node-02', id: 2 });
  await look();
  running.length = 0;
  await look();
  await look();
  tell(OTHERS);
  const framesIn = (text: string) =>
    [...text.matchAll(/event: transfers\ndata: (.*)/g)].map(([, data = '']) => JSON.parse(data) as unknown);
  const { digest: _digest, ...told } = { ...UNDER_WAY, digest: undefined };
  const at = '1970-01-01T00:00:03.000Z';
  expect(framesIn(await readUntil(all.response, 'script.sent'))).toEqual([
    { at, transfers: [told, { ...told, machine: 'node-02', id: 2 }] },
    { at, transfers: [] },
  ]);
  expect(framesIn(await readUntil(one.response, 'script.sent'))).toEqual([
    { at, transfers: [{ ...told, machine: 'node-02', id: 2 }] },
    { at, transfers: [] },
  ]);
  for (const { end } of [all, one]) end();
  await expect.poll(isTicking).toBe(false);
});

it('shows who reads slowly what is under way later, and does not keep it', async () => {
  const { get, running, tick, listeners } = await serve();
  const { response } = await get();
  const long = 'x'.repeat(64_000);
  for (let id = 1; id <= 16; id += 1) running.push({ ...UNDER_WAY, machine: long, id });
  for (let times = 0; times < 1_000; times += 1) {
    tick();
    await new Promise((resolve) => setImmediate(resolve));
  }
  // A gigabyte: whoever is told of steps would have been dropped.
  expect(listeners.size).toBe(1);
  running.splice(0, 16, { ...UNDER_WAY, machine: 'node-09' });
  const reading = readUntil(response, 'node-09');
  while (await isWaiting(reading)) tick();
  expect((await reading).length).toBeLessThan(100_000_000);
});

it('ends with the listener', async () => {
  const { app, get, listeners } = await serve();
  await get();
  // It waits for every connection that is in use.
  await app.close();
  await expect.poll(() => listeners.size).toBe(0);
});

it('drops who does not read', async () => {
  const { tell, get, listeners } = await serve();
  await get();
  const long = { ...STEP, event: { ...BOOT_STEPS.script, image: 'x'.repeat(60_000) } };
  for (let times = 0; times < 1_000 && listeners.size > 0; times += 1) {
    tell(long);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => listeners.size).toBe(0);
});

it('refuses what it does not know, pages of others, and more than it can bear', async () => {
  const { get } = await serve();
  expect((await get('?node=1')).response.status).toBe(400);
  for (let count = 0; count < 64; count += 1) expect((await get()).response.status).toBe(200);
  expect((await get()).response.status).toBe(429);
});
