import { expect, it, onTestFinished } from 'vitest';
import { Api } from '../../../src/http/api.js';
import { createListener } from '../../../src/http/app.js';
import { closeListener, listen } from '../../../src/http/listen.js';
import { eventRoutes, type ToldStep } from '../../../src/http/routes/events.js';
import { createLog } from '../../../src/log.js';
import { type IpAddress, parseIp } from '../../../src/net/ip.js';
import { BOOT_STEPS } from '../../fixtures/boot-steps.js';

const STEP: ToldStep = { at: 1_000, boot: 'ab12', event: BOOT_STEPS.script };
const OTHERS: ToldStep = { at: 2_000, event: { ...BOOT_STEPS.script, machine: 'node-02' } };

async function serve() {
  const app = createListener(createLog('silent', { write: () => undefined }));
  const listeners = new Set<(step: ToldStep) => void>();
  eventRoutes(new Api(app), {
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
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
  return { app, listeners, tell, get };
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
    text: 'node-01 gets the script for registry.lab:5000/os/debian:12 (assignment all)',
  });
});

it('tells of one machine alone, and forgets who goes', async () => {
  const { tell, get, listeners } = await serve();
  const { response, end } = await get('?machine=node-02');
  tell(STEP, OTHERS);
  expect(await readUntil(response, 'node-02')).not.toContain('node-01');
  end();
  await expect.poll(() => listeners.size).toBe(0);
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
  const { get, listeners } = await serve();
  expect((await get('?node=1')).response.status).toBe(400);
  for (let count = 0; count < 64; count += 1) await get();
  expect(listeners.size).toBe(64);
  expect((await get()).response.status).toBe(429);
});
