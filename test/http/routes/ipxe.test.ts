import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ActiveTransfers } from '../../../src/booter/active-transfers.js';
import { createListener } from '../../../src/http/app.js';
import { BufferPool } from '../../../src/http/buffer-pool.js';
import { closeListener, listen } from '../../../src/http/listen.js';
import { ipxeRoutes } from '../../../src/http/routes/ipxe.js';
import { IpxeBinaries } from '../../../src/ipxe/disk-binaries.js';
import { createLog } from '../../../src/log.js';
import { type IpAddress, parseIp } from '../../../src/net/ip.js';
import { testBooter } from '../../fixtures/booter.js';
import { temporaryFolder } from '../../fixtures/folder.js';

async function serve() {
  const folder = await temporaryFolder();
  const { booter, events } = testBooter();
  const app = createListener(createLog('silent', { write: () => undefined }));
  const parts = { pool: new BufferPool(), transfers: new ActiveTransfers() };
  ipxeRoutes(app, { ...parts, booter, binaries: new IpxeBinaries([folder]) });
  const { port } = await listen(app, { host: parseIp('127.0.0.1') as IpAddress, port: 0 }, 'http.listen');
  onTestFinished(() => closeListener(app));
  return { folder, events, url: `http://127.0.0.1:${port}/ipxe` };
}

it('sends binaries as firmware wants them, whole and in parts', async () => {
  const { folder, events, url } = await serve();
  await writeFile(join(folder, 'snponly.efi'), '0123456789');
  const whole = await fetch(`${url}/snponly.efi`);
  const etag = whole.headers.get('etag') ?? '';
  expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'content-type': 'application/efi',
    'content-length': '10',
    'cache-control': 'no-cache',
  });
  expect(etag).toMatch(/^"[\w.-]+"$/);
  const head = await fetch(`${url}/snponly.efi`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([200, '10', etag]);
  const part = await fetch(`${url}/snponly.efi`, { headers: { range: 'bytes=2-4', 'if-match': etag } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
  expect(events).toMatchObject([
    { event: 'loader.sent', file: 'snponly.efi', protocol: 'http', bytes: 10 },
    { event: 'loader.sent', file: 'snponly.efi', protocol: 'http', bytes: 3 },
  ]);
});

it('knows another file by its ETag, and no dates', async () => {
  const { folder, url } = await serve();
  await writeFile(join(folder, 'undionly.kpxe'), 'old');
  const old = await fetch(`${url}/undionly.kpxe`);
  expect([old.headers.get('content-type'), old.headers.get('last-modified')]).toEqual([
    ...['application/octet-stream', null],
  ]);
  const etag = old.headers.get('etag') ?? '';
  const same = await fetch(`${url}/undionly.kpxe`, { headers: { 'if-none-match': etag } });
  expect(same.status).toBe(304);
  await writeFile(join(folder, 'undionly.kpxe'), 'another');
  const headers = { 'if-none-match': etag, 'if-modified-since': new Date().toUTCString() };
  const another = await fetch(`${url}/undionly.kpxe`, { headers });
  expect([another.status, await another.text()]).toEqual([200, 'another']);
});

it('has nothing else', async () => {
  const { folder, events, url } = await serve();
  await writeFile(join(folder, '.hidden'), 'x');
  for (const path of ['none.efi', '.hidden', '..%2f..%2fetc%2fpasswd', '%00', 'a%2fb', '%2e%2e']) {
    const response = await fetch(`${url}/${path}`);
    expect([path, response.status, await response.text()]).toMatchObject([
      path,
      404,
      expect.not.stringContaining(folder),
    ]);
  }
  expect(events[0]).toMatchObject({ event: 'file.refused', file: 'ipxe/none.efi', protocol: 'http' });
});

it('says of one that should be there that it is missing, and to the log alone where', async () => {
  const { folder, events, url } = await serve();
  const response = await fetch(`${url}/snponly.efi`);
  expect([response.status, await response.json()]).toEqual([
    404,
    { error: { code: 'NOT_FOUND', message: 'snponly.efi is missing' } },
  ]);
  expect(events).toMatchObject([
    {
      ...{ event: 'file.refused', file: 'ipxe/snponly.efi', platform: 'UEFI amd64', code: 'NOT_FOUND' },
      reason: `snponly.efi is missing; put it into one of ${folder}, as ipxe/README.md says`,
    },
  ]);
});
