import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ActiveTransfers } from '../../../src/booter/active-transfers.js';
import type { Booter } from '../../../src/booter/booter.js';
import { describeEvent } from '../../../src/booter/event-text.js';
import { BootlayerError } from '../../../src/errors.js';
import { createListener } from '../../../src/http/app.js';
import { BufferPool } from '../../../src/http/buffer-pool.js';
import type { HandOverParts } from '../../../src/http/hand-over.js';
import { closeListener, listen } from '../../../src/http/listen.js';
import { blobRoutes } from '../../../src/http/routes/blobs.js';
import type { Artifact } from '../../../src/image/image.js';
import { ukiParts } from '../../../src/image/uki-parts.js';
import { createLog } from '../../../src/log.js';
import { type IpAddress, parseIp, parseSubnet } from '../../../src/net/ip.js';
import { descriptorOf } from '../../../src/oci/descriptor.js';
import { ScriptedSource } from '../../fakes/blob-source.js';
import { ask } from '../../fixtures/ask.js';
import { blobOf } from '../../fixtures/blobs.js';
import { testBooter } from '../../fixtures/booter.js';
import { assignment } from '../../fixtures/mappings.js';
import { resolvedImage } from '../../fixtures/plans.js';
import { isWaiting } from '../../fixtures/waiting.js';

const SIZE = 1_000_000;
const { bytes, descriptor } = blobOf(SIZE);
const KERNEL = { role: 'kernel', descriptor } as const;

/** It claims an architecture, so that its image is resolved before a machine comes. */
const MAPPED = assignment({ match: { arch: ['amd64'] } });

async function serve(
  booter: Booter,
  transfers = new ActiveTransfers(),
  handing: HandOverParts = { proxies: [] },
): Promise<string> {
  const app = createListener(createLog('silent', { write: () => undefined }));
  blobRoutes(app, { booter, pool: new BufferPool(), transfers, ...handing });
  const { port } = await listen(app, { host: parseIp('127.0.0.1') as IpAddress, port: 0 }, 'http.listen');
  onTestFinished(() => closeListener(app));
  return `http://127.0.0.1:${port}`;
}

/** A server whose only image has one kernel, whose bytes the test feeds. */
async function withKernel(handing?: HandOverParts, artifact: Artifact = KERNEL) {
  const source = new ScriptedSource();
  const image = resolvedImage([], { artifacts: [artifact] });
  const { booter, events, blobs } = testBooter({ image, source, assignments: [MAPPED] });
  await booter.mapped.resolveAll(new AbortController().signal);
  const transfers = new ActiveTransfers();
  const base = await serve(booter, transfers, handing);
  onTestFinished(() => blobs.close());
  const url = `${base}/blobs/sha256/${descriptor.digest.slice(7)}/vmlinuz`;
  return { base, transfers, url, source, events, booter };
}

/** The same with the blob in the cache. */
async function withCachedKernel(handing?: HandOverParts, artifact?: Artifact) {
  const parts = await withKernel(handing, artifact);
  const first = fetch(parts.url);
  const feed = await parts.source.feed();
  await feed.send(bytes);
  feed.end();
  await (await first).arrayBuffer();
  parts.events.length = 0;
  return parts;
}

describe('an ISO that is read as a disc', () => {
  const PART = 16 * 1024;
  const partOf = (at: number) => bytes.subarray(at, at + PART);
  const rangeOf = (at: number) => ({ range: `bytes=${at}-${at + PART - 1}` });

  it('is answered alike, whether there is something to wait for or not', async () => {
    const { url, booter, events } = await withCachedKernel(undefined, { role: 'iso', descriptor });
    const open = vi.spyOn(booter.artifacts, 'open');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const count = 50;
    const heads: object[] = [];
    for (let at = 0; at < count * PART; at += PART) {
      const { head, body } = await ask(url, { agent, headers: rangeOf(at) });
      const { 'content-range': range, date: _date, ...headers } = head.headers;
      expect([head.statusCode, range]).toEqual([206, `bytes ${at}-${at + PART - 1}/${SIZE}`]);
      expect([at, body.equals(partOf(at))]).toEqual([at, true]);
      heads.push(headers);
    }
    // Most of them without a promise: what was to be waited for was opened.
    expect(open.mock.calls.length).toBeLessThan(count / 2);
    expect(heads).toEqual(Array<object>(count).fill(heads[0] ?? expect.fail('')));
    await booter.artifacts.endReads();
    expect(events.map(({ event }) => event)).toEqual(['artifact.started', 'artifact.sent']);
    expect(events[1]).toMatchObject({ isDisc: true, reads: count, bytes: count * PART });
  });

  it('is answered in turn, conditions and all', async () => {
    const { url, transfers } = await withCachedKernel(undefined, { role: 'iso', descriptor });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (let at = 0; at < 4 * PART; at += PART) await ask(url, { agent, headers: rangeOf(at) });
    const next = rangeOf(4 * PART);
    const asked = async (more: object, method = 'GET') => {
      const { head, body } = await ask(url, { agent, method, headers: { ...next, ...more } });
      return [head.statusCode, body.length];
    };
    const etag = `"${descriptor.digest}"`;
    expect(await asked({ 'if-none-match': etag })).toEqual([304, 0]);
    expect(await asked({ 'if-match': '"other"' })).toEqual([412, 0]);
    expect(await asked({ 'if-range': '"other"' })).toEqual([200, SIZE]);
    expect(await asked({}, 'HEAD')).toEqual([200, 0]);
    expect(await asked({ range: `bytes=${SIZE}-` })).toEqual([416, 0]);
    // A part of it as a file of its own, from which that is something else.
    const slice = url.replace('/vmlinuz', `/1+${8 * PART}/vmlinuz`);
    const { body } = await ask(slice, { agent, headers: next });
    expect(body.equals(bytes.subarray(4 * PART + 1, 5 * PART + 1))).toBe(true);
    expect(await asked({ 'if-range': etag })).toEqual([206, PART]);

    // In one go, the last of which waits for the first.
    const { hostname, port, pathname } = new URL(url);
    const socket = connect(Number(port), hostname);
    const lines = [5, 6, 7, 8, 9].map((at, index) => {
      const close = index === 4 ? 'connection: close\r\n' : '';
      return `GET ${pathname} HTTP/1.1\r\nhost: a\r\nrange: ${rangeOf(at * PART).range}\r\n${close}\r\n`;
    });
    socket.write(lines.join(''));
    const answered = await buffer(socket);
    const ranges = [...answered.toString('latin1').matchAll(/content-range: bytes (\d+)-/g)].map(([, at]) =>
      Number(at),
    );
    expect(ranges).toEqual([5, 6, 7, 8, 9].map((at) => at * PART));
    let from = 0;
    for (const at of ranges) {
      from = answered.indexOf(`content-range: bytes ${at}-`, from);
      const body = answered.indexOf('\r\n\r\n', from) + 4;
      expect([at, answered.subarray(body, body + PART).equals(partOf(at))]).toEqual([at, true]);
      from = body + PART;
    }
    expect(transfers.count).toBe(0);
  });
});

describe('a proxy in front that can send files', () => {
  const proxies = [parseSubnet('127.0.0.0/8') ?? expect.fail('')];
  const accelRedirect = '/cache/';

  it('is handed a blob that is there, and that is told', async () => {
    const { url, events } = await withCachedKernel({ proxies, accelRedirect });
    const response = await fetch(url);
    expect(await response.text()).toBe('');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-accel-redirect': `/cache/blobs/sha256/${descriptor.digest.slice(7)}`,
      'content-type': 'application/octet-stream',
      etag: `"${descriptor.digest}"`,
    });
    expect(events.map(({ event }) => event)).toEqual(['artifact.started', 'artifact.sent']);
    expect(events[1]).toMatchObject({ role: 'kernel', bytes: 0, isHanded: true });
    expect(describeEvent(events[1] ?? expect.fail(''))).toBe(
      'the kernel for 127.0.0.1 was handed to the proxy in front, which sends it',
    );
  });

  it.each<[string, HandOverParts, RequestInit]>([
    ['who is no proxy', { proxies: [], accelRedirect }, {}],
    ['a proxy that cannot', { proxies }, {}],
    ['who wants a part', { proxies, accelRedirect }, { headers: { range: 'bytes=0-9' } }],
    ['who has something', { proxies, accelRedirect }, { headers: { 'if-none-match': '"other"' } }],
    ['who only looks', { proxies, accelRedirect }, { method: 'HEAD' }],
  ])('is not %s', async (_name, handing, init) => {
    const { url } = await withCachedKernel(handing);
    const response = await fetch(url, init);
    expect(response.headers.has('x-accel-redirect')).toBe(false);
    expect(response.headers.get('content-length')).toBe(response.status === 206 ? '10' : String(SIZE));
  });

  it('is sent what is still being downloaded', async () => {
    const { url, source } = await withKernel({ proxies, accelRedirect });
    const asked = fetch(url);
    const feed = await source.feed();
    await feed.send(bytes);
    feed.end();
    expect(Buffer.from(await (await asked).arrayBuffer()).equals(bytes)).toBe(true);
  });
});

describe('GET and HEAD of a blob', () => {
  it('sends it whole, with everything firmware needs to know', async () => {
    const { url, events } = await withCachedKernel();
    const response = await fetch(url);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(SIZE),
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      etag: `"${descriptor.digest}"`,
    });
    expect(response.headers.has('transfer-encoding')).toBe(false);
    expect(events.map(({ event }) => event)).toEqual(['artifact.started', 'artifact.sent']);
    expect(events[1]).toMatchObject({ role: 'kernel', bytes: SIZE, address: '127.0.0.1' });
  });

  it('answers HEAD like GET without reading or fetching anything', async () => {
    const { url, source, events } = await withKernel();
    for (const headers of [{}, { range: 'bytes=5-9' }]) {
      const response = await fetch(url, { method: 'HEAD', headers });
      expect([response.status, response.headers.get('content-length')]).toEqual([200, String(SIZE)]);
    }
    expect([source.fetches, events.filter(({ event }) => event.startsWith('artifact'))]).toEqual([0, []]);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=1000-', 1000, SIZE],
    ['bytes=-7', SIZE - 7, SIZE],
  ])('sends the range %s', async (range, start, end) => {
    const { url } = await withCachedKernel();
    const response = await fetch(url, { headers: { range, 'if-match': `"${descriptor.digest}"` } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${SIZE}`);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end))).toBe(true);
  });

  it('refuses ranges outside, and conditions that do not hold', async () => {
    const { url } = await withCachedKernel();
    const outside = await fetch(url, { headers: { range: `bytes=${SIZE}-` } });
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, `bytes */${SIZE}`]);
    expect((await fetch(url, { headers: { 'if-match': '"other"' } })).status).toBe(412);
    expect((await fetch(url, { headers: { 'if-none-match': `"${descriptor.digest}"` } })).status).toBe(304);
    const changed = await fetch(url, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } });
    expect([changed.status, changed.headers.get('content-length')]).toEqual([200, String(SIZE)]);
  });

  it('takes doubled slashes, which firmware makes of boot file names', async () => {
    const { base, url } = await withCachedKernel();
    expect((await fetch(url.replace(base, `${base}/`))).status).toBe(200);
  });

  it.each([
    ['a digest that nothing leads to', `/blobs/sha256/${'0'.repeat(64)}/vmlinuz`, 404, 'BLOB_UNKNOWN'],
    ['what is no digest', '/blobs/sha256/..%2f..%2fetc/passwd', 400, 'DIGEST_INVALID'],
    ['a path that is not there', '/blobs/', 404, 'NOT_FOUND'],
    ['a broken escape', '/blobs/sha256/%zz/x', 400, 'REQUEST_INVALID'],
  ])('refuses %s', async (_name, path, status, code) => {
    const { base } = await withKernel();
    const response = await fetch(base + path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
  });
});

it('tells of a blob that nothing leads to: a machine may have an old script', async () => {
  const { base, events } = await withKernel();
  const file = `blobs/sha256/${'0'.repeat(64)}/vmlinuz`;
  await (await fetch(`${base}/${file}`)).arrayBuffer();
  const asked = { event: 'file.refused', address: '127.0.0.1', protocol: 'http', file, code: 'BLOB_UNKNOWN' };
  expect(events).toEqual([{ ...asked, reason: expect.stringContaining('no issued plan leads to') as string }]);
});

describe('GET of a blob that is still arriving', () => {
  it('sends bytes before the end is there, and the end only when it is proven', async () => {
    const { url, source } = await withKernel();
    const getting = fetch(url);
    const feed = await source.feed();
    await feed.send(bytes.subarray(0, SIZE - 10));
    const reader = (await getting).body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
    let received = 0;
    while (received < 512 * 1024) received += (await reader?.read())?.value?.length ?? 0;
    expect(received).toBeLessThanOrEqual(SIZE - 64 * 1024);
    await feed.send(bytes.subarray(SIZE - 10));
    feed.end();
    for (;;) {
      const part = await reader?.read();
      if (part?.done !== false) break;
      received += part.value.length;
    }
    expect(received).toBe(SIZE);
    expect(source.fetches).toBe(1);
  });

  it('cuts the connection when the digest does not match, without the last bytes', async () => {
    const { url, source, events } = await withKernel();
    const getting = fetch(url);
    const feed = await source.feed();
    const wrong = Buffer.from(bytes);
    wrong[5] = (wrong[5] ?? 0) ^ 1;
    await feed.send(wrong);
    feed.end();
    await expect(getting.then((response) => response.arrayBuffer())).rejects.toThrow();
    expect(events.find(({ event }) => event === 'artifact.aborted')).toMatchObject({ role: 'kernel' });
    const aborted = events.find((event) => event.event === 'artifact.aborted');
    expect(aborted?.event === 'artifact.aborted' && aborted.bytes <= SIZE - 64 * 1024).toBe(true);
  });

  it('says what is wrong when not a byte could be had', async () => {
    const { url, source } = await withKernel();
    const getting = fetch(url);
    (await source.feed()).fail(new BootlayerError('REGISTRY_UNREACHABLE', 'no route'));
    const response = await getting;
    expect([response.status, response.statusText]).toEqual([503, 'Service Unavailable']);
    expect(response.headers.get('content-length')).not.toBeNull();
  });

  it.each([0, 5])('lets a range from %d wait for the proof', async (start) => {
    const { url, source, events } = await withKernel();
    const getting = fetch(url, { headers: { range: `bytes=${start}-9` } });
    const feed = await source.feed();
    await feed.send(bytes);
    expect(await isWaiting(getting)).toBe(true);
    expect(events.some(({ event }) => event === 'artifact.started')).toBe(false);
    feed.end();
    const response = await getting;
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, 10))).toBe(true);
  });

  it('lets a range that is the whole follow its download', async () => {
    const { url, source, events } = await withKernel();
    const getting = fetch(url, { headers: { range: 'bytes=0-' } });
    const feed = await source.feed();
    await feed.send(bytes);
    const response = await getting;
    expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes 0-${SIZE - 1}/${SIZE}`]);
    expect(events.some(({ event }) => event === 'artifact.started')).toBe(true);
    feed.end();
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('forgets everything that waited on a connection that is gone', async () => {
    const { url, source, transfers } = await withKernel();
    const { hostname, port, pathname } = new URL(url);
    const leaving = connect({ host: hostname, port: Number(port) });
    leaving.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(10));
    const feed = await source.feed();
    await feed.send(bytes.subarray(0, 600_000));
    await once(leaving, 'data');
    // The others wait for their turn, and hold nothing.
    expect(transfers.count).toBe(1);
    leaving.destroy();
    await transfers.idle();
    feed.end();
  });

  it('goes on for the others when one reader hangs up', async () => {
    const { url, source, events } = await withKernel();
    const { hostname, port } = new URL(url);
    const leaving = connect({ host: hostname, port: Number(port) });
    leaving.write(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const feed = await source.feed();
    const staying = fetch(url);
    await feed.send(bytes.subarray(0, 600_000));
    await once(leaving, 'data');
    leaving.destroy();
    await feed.send(bytes.subarray(600_000));
    feed.end();
    expect((await (await staying).arrayBuffer()).byteLength).toBe(SIZE);
    expect(events.filter(({ event }) => event === 'fill.finished')).toHaveLength(1);
  });

  it('sends two requests on one connection one after the other', async () => {
    const { url } = await withCachedKernel();
    const { hostname, port, pathname } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    const ask = (extra: string) =>
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\n${extra}\r\n`);
    ask('');
    ask('Connection: close\r\n');
    const answer = await text(socket);
    expect(answer.match(/HTTP\/1\.1 206/g)).toHaveLength(2);
  });
});

it('serves an empty blob', async () => {
  const empty = descriptorOf('application/octet-stream', Buffer.alloc(0));
  const source = new ScriptedSource();
  const { booter } = testBooter({
    source,
    image: resolvedImage([], { artifacts: [{ role: 'kernel', descriptor: empty }] }),
    assignments: [MAPPED],
  });
  await booter.mapped.resolveAll(new AbortController().signal);
  const response = await fetch(`${await serve(booter)}/blobs/sha256/${empty.digest.slice(7)}/x`);
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '0']);
  // Nobody is asked for nothing.
  expect(source.fetches).toBe(0);
});

describe('GET of a part as if it were a file of its own', () => {
  it('sends that, by an ETag of its own', async () => {
    const { url, events } = await withCachedKernel();
    const slice = url.replace('/vmlinuz', '/1000+500/vmlinuz');
    const response = await fetch(slice);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(1_000, 1_500))).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '500',
      etag: `"${descriptor.digest}:1000+500"`,
    });
    const part = await fetch(slice, { headers: { range: 'bytes=10-19' } });
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1_010, 1_020))).toBe(true);
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/500']);
    const ranges = events.flatMap((event) => (event.event === 'artifact.sent' ? [event.range] : []));
    expect(ranges).toEqual(['1000-1499', '1010-1019']);
  });

  it('is the rest of something where a plan names the part, and never where a client made it up', async () => {
    const { url, events, booter } = await withCachedKernel();
    const [linux, initrd] = [
      { offset: 0, length: 1_000 },
      { offset: 1_000, length: SIZE - 1_000 },
    ];
    const kernel = { kind: 'bzimage', architecture: 'amd64', hasEfiStub: true } as const;
    const uki = { architecture: 'amd64', isSigned: false, profiles: [{ linux, initrds: [initrd], kernel }] } as const;
    booter.mapped.opened(ukiParts(KERNEL, uki));
    const get = async (slice: string, range: string) => {
      const response = await fetch(url.replace('/vmlinuz', `/${slice}/vmlinuz`), { headers: { range } });
      return (await response.arrayBuffer()).byteLength;
    };
    expect([await get('0+1000', 'bytes=1-9'), await get('0+1000', 'bytes=10-')]).toEqual([9, 990]);
    expect(await get(`1000+${SIZE - 1_000}`, 'bytes=-1')).toBe(1);
    expect(await get('999990+10', 'bytes=0-')).toBe(10);
    const sent = events.flatMap((event) => (event.event === 'artifact.sent' ? [event] : []));
    const told = sent.map(({ role, slice, range, isRest = false }) => [role, slice, range, isRest]);
    expect(told).toEqual([
      ['kernel', 'earlier', '1-9', false],
      ['kernel', 'earlier', '10-999', true],
      ['initramfs', 'last', `${SIZE - 1}-${SIZE - 1}`, true],
      ['kernel', 'unplanned', '999990-999999', false],
    ]);
  });

  it.each([`0+${SIZE + 1}`, `${SIZE}+1`, '5+0', '1-2', '1+', '1+2+3', '99999999999999999+1'])(
    'is refused where there is none: %s',
    async (slice) => {
      const { url } = await withCachedKernel();
      for (const method of ['GET', 'HEAD'])
        expect((await fetch(url.replace('/vmlinuz', `/${slice}/vmlinuz`), { method })).status).toBe(400);
    },
  );
});
