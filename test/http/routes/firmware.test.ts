import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ActiveTransfers } from '../../../src/booter/active-transfers.js';
import { firmwarePath } from '../../../src/booter/firmware-path.js';
import { createListener } from '../../../src/http/app.js';
import { BufferPool } from '../../../src/http/buffer-pool.js';
import { closeListener, listen } from '../../../src/http/listen.js';
import { firmwareRoutes } from '../../../src/http/routes/firmware.js';
import { IpxeBinaries } from '../../../src/ipxe/disk-binaries.js';
import { createLog } from '../../../src/log.js';
import { type IpAddress, parseIp } from '../../../src/net/ip.js';
import { testBooter } from '../../fixtures/booter.js';
import { temporaryFolder } from '../../fixtures/folder.js';
import { MAC, UUID } from '../../fixtures/mappings.js';
import { contentsOf, resolvedImage } from '../../fixtures/plans.js';

const UKI = contentsOf('uki').toString();
const PATH = firmwarePath({ architecture: 'amd64', mac: MAC, uuid: UUID });

async function serve(more: Parameters<typeof testBooter>[0] = {}) {
  const folder = await temporaryFolder();
  const test = testBooter({ image: resolvedImage(['kernel', 'initramfs', 'uki'], { commandLine: '' }), ...more });
  const app = createListener(createLog('silent', { write: () => undefined }));
  const parts = { pool: new BufferPool(), transfers: new ActiveTransfers() };
  firmwareRoutes(app, { ...parts, booter: test.booter, binaries: new IpxeBinaries([folder]) });
  const { port } = await listen(app, { host: parseIp('127.0.0.1') as IpAddress, port: 0 }, 'http.listen');
  onTestFinished(async () => {
    await closeListener(app);
    await test.blobs.close();
  });
  const ask = (path = PATH, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init });
  return { ...test, folder, ask };
}

/** The same where the image has no UKI. */
const withoutUki = () => serve({ image: resolvedImage(['kernel', 'initramfs']) });

describe('the UKI', () => {
  it('is sent as EDK2 wants it: its size first, and then all of it, the same', async () => {
    const { ask, events, plans } = await serve();
    const head = await ask(PATH, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Object.fromEntries(head.headers)).toMatchObject({
      'content-type': 'application/efi',
      'content-length': String(UKI.length),
    });
    expect(events.map(({ event }) => event)).not.toContain('artifact.started');
    const all = await ask();
    expect([all.status, await all.text()]).toEqual([200, UKI]);
    for (const name of ['content-type', 'content-length', 'etag'])
      expect([name, all.headers.get(name)]).toEqual([name, head.headers.get(name)]);
    expect(all.headers.has('transfer-encoding')).toBe(false);
    expect(events.map(({ event }) => event).filter((event) => !event.startsWith('fill'))).toEqual([
      ...['uki.planned', 'artifact.started', 'artifact.sent'],
    ]);
    expect(events.at(-1)).toMatchObject({ machine: 'node-01', role: 'uki', bytes: UKI.length, address: '127.0.0.1' });
    expect(plans.plans).toMatchObject([{ kind: 'uki', machine: 'node-01' }]);
  });

  it('is sent in parts', async () => {
    const { ask } = await serve();
    const part = await ask(PATH, { headers: { range: 'bytes=1-2' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      ...[206, `bytes 1-2/${UKI.length}`, UKI.slice(1, 3)],
    ]);
    expect((await ask(PATH, { headers: { range: `bytes=${UKI.length}-` } })).status).toBe(416);
  });

  it('is for whom the path names, or for whoever asks from that address', async () => {
    const { ask, events } = await serve();
    for (const path of [
      `/uefi/x86_64/${MAC.toUpperCase()}/${UUID.toUpperCase()}/boot.efi`,
      '/uefi/amd64/-/-/boot.efi',
      '/uefi/amd64/nobody/%00/boot.efi',
      `//uefi//amd64/ff-ff-ff-ff-ff-ff/${'0'.repeat(32)}/boot.efi`,
    ])
      expect([path, await (await ask(path)).text()]).toEqual([path, UKI]);
    const machines = events.flatMap((event) => (event.event === 'uki.planned' ? [event.machine] : []));
    // What is no MAC and no UUID is nobody, who is asked for once.
    expect(machines).toEqual(['node-01', '127.0.0.1']);
  });
});

describe('iPXE in its place', () => {
  it('is sent like a UKI, the first of the table that there is', async () => {
    const { ask, folder, events } = await withoutUki();
    await writeFile(join(folder, 'ipxe.efi'), 'an iPXE');
    await writeFile(join(folder, 'ipxe-arm64.efi'), 'an iPXE for arm64');
    const head = await ask(PATH, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), head.headers.get('content-length')]).toEqual([
      ...[200, 'application/efi', '7'],
    ]);
    expect(await (await ask()).text()).toBe('an iPXE');
    await writeFile(join(folder, 'snponly.efi'), 'another');
    const part = await ask(PATH, { headers: { range: 'bytes=0-2' } });
    expect([part.status, await part.text()]).toEqual([206, 'ano']);
    expect(await (await ask(firmwarePath({ architecture: 'arm64', mac: MAC }))).text()).toBe('an iPXE for arm64');
    expect(events.filter(({ event }) => event === 'loader.sent')).toMatchObject([
      { file: 'ipxe.efi', protocol: 'http', address: '127.0.0.1' },
      { file: 'snponly.efi' },
      { file: 'ipxe-arm64.efi' },
    ]);
  });

  it.each([
    ['amd64', 'snponly.efi or ipxe.efi is missing', /is missing; put it into one of \//, { platform: 'UEFI amd64' }],
    ['riscv64', 'there is no iPXE for it', /^there is no iPXE for it$/, {}],
  ])('is missing, which is told: %s', async (architecture, reason, remedied, more) => {
    const { ask, events } = await withoutUki();
    const path = firmwarePath({ architecture });
    const refused = await ask(path);
    expect([refused.status, await refused.json()]).toEqual([404, { error: { code: 'NOT_FOUND', message: reason } }]);
    expect(events.at(-1)).toEqual({
      event: 'file.refused',
      address: '127.0.0.1',
      protocol: 'http',
      file: path,
      reason: expect.stringMatching(remedied) as string,
      ...{ code: 'NOT_FOUND', ...more },
    });
  });
});

describe('nothing', () => {
  it('is there for a machine that is not mapped', async () => {
    const { ask, events } = await serve({ machines: [], assignments: [] });
    for (const method of ['HEAD', 'GET']) expect((await ask(PATH, { method })).status).toBe(404);
    expect(events.map(({ event }) => event)).toEqual(['uki.refused', 'uki.refused']);
  });

  it.each([
    ['GET', `/uefi/z80/${MAC}/${UUID}/boot.efi`, 404],
    ['GET', `/uefi/__proto__/${MAC}/${UUID}/boot.efi`, 404],
    ['GET', `/uefi/amd64/${MAC}/${UUID}/boot.iso`, 404],
    ['GET', `/uefi/amd64/${MAC}/boot.efi`, 404],
    ['GET', `/uefi/..%2f..%2fetc/-/-/boot.efi`, 404],
    ['GET', `/uefi/amd64/%zz/-/boot.efi`, 400],
    ['GET', `/uefi/amd64/${'x'.repeat(5_000)}/-/boot.efi`, 414],
    ['POST', PATH, 404],
  ])('is at %s %.60s', async (method, path, status) => {
    const { ask, events, plans } = await serve();
    const answer = await ask(path, { method });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      ...[status, 'application/json; charset=utf-8'],
    ]);
    expect([events, plans.plans]).toEqual([[], []]);
  });
});
