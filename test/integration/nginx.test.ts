import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { tlsPair } from '../fixtures/certificates.js';
import { DEPLOY, judged } from '../fixtures/deploy.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { buildTestImage } from '../fixtures/program.js';
import { kernelUrl, scriptFrom, serve } from '../fixtures/serving.js';
import { freePort } from '../setup/free-port.js';
import { nginxProgram } from '../setup/parts.js';
import { payloadFiles } from '../setup/payload.js';
import { ChildProcess } from '../setup/process.js';

/** The sample's ports, by those that it has. */
type Ports = { readonly http: number; readonly https: number; readonly upstream: string };

/** nginx's own configuration around our sample, for a user without rights, in a folder. */
async function writeNginx(folder: string, { http, https, upstream }: Ports): Promise<string> {
  const { ca, pair } = await tlsPair();
  for (const [name, pem] of Object.entries({ 'ca.pem': ca, 'cert.pem': pair.cert, 'key.pem': pair.key }))
    await writeFile(join(folder, name), pem);
  const sample = readFileSync(join(DEPLOY, 'nginx.conf'), 'utf8')
    .replace('listen 80 ', `listen 127.0.0.1:${http} `)
    .replace('listen 443 ', `listen 127.0.0.1:${https} `)
    .replace('server 127.0.0.1:8080', `server ${upstream}`)
    .replaceAll('/etc/bootlayer/', `${folder}/`)
    .replace('/var/lib/bootlayer/', `${folder}/data/`);
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const file = join(folder, 'nginx.conf');
  await writeFile(
    file,
    `daemon off; master_process off; ${process.getuid?.() === 0 ? 'user root; ' : ''}pid ${folder}/pid; error_log stderr notice;
    events { worker_connections 64; }
    http { ${scratch.join(' ')} access_log off; ${sample} }`,
  );
  return file;
}

/** A site with nginx in front. */
async function startSite({ accel }: { readonly accel: boolean }) {
  const folder = await temporaryFolder();
  const [http, https] = [await freePort(), await freePort()];
  await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64']);
  const config = join(folder, 'bootlayer.yaml');
  const listen = '{ listen: "127.0.0.1:0" }';
  const behind = `{ listen: "127.0.0.1:0", trustedProxies: 127.0.0.1${accel ? ', accelRedirect: /bootlayer-cache/' : ''} }`;
  await writeFile(
    config,
    `advertise: "http://127.0.0.1:${http}"\ndata: data\ntftp: { enabled: false }\napi: ${listen}\nhttp: ${behind}
assignments: [{ name: all, match: {}, image: "oci:image:1" }]\n`,
  );
  const { server, log } = await serve(config);
  const file = await writeNginx(folder, { http, https, upstream: server.http });
  const nginx = new ChildProcess(nginxProgram(), ['-e', 'stderr', '-p', folder, '-c', file], { name: 'nginx' });
  onTestFinished(async () => void (await nginx.stop()));
  await nginx.waitForLine((line) => (line.includes('using the "epoll"') ? line : undefined), 10);
  return { folder, http: `127.0.0.1:${http}`, https: `127.0.0.1:${https}`, server, log };
}

it('the sample is one to nginx itself, which would refuse another', async () => {
  const folder = await temporaryFolder();
  const file = await writeNginx(folder, { http: 80, https: 443, upstream: '127.0.0.1:8080' });
  const test = () => judged('nginx', ['-e', 'stderr', '-p', folder, '-t', '-c', file]);
  expect(test()).toEqual({ status: 0, out: expect.not.stringMatching(/warn|emerg/) as string });
  await writeFile(file, (await readFile(file, 'utf8')).replace('proxy_buffering off', 'proxy_buffering maybe'));
  expect(test()).toEqual({ status: 1, out: expect.stringContaining('proxy_buffering') as string });
});

it.each([{ accel: false }, { accel: true }])(
  'machines boot through nginx as they do without it, $accel',
  async ({ accel }) => {
    const { folder, http, https, server, log } = await startSite({ accel });
    const script = await scriptFrom({ ...server, http });
    expect(script).toContain(`http://${http}/blobs/`);
    const kernel = await readFile(payloadFiles('amd64').kernel);
    const digest = createHash('sha256').update(kernel).digest('hex');

    const path = new URL(kernelUrl(script)).pathname;
    const sent = () => log.filter(({ event, role }) => event === 'artifact.sent' && role === 'kernel');
    // By the first it is downloaded, if it is not there yet.
    for (const times of [1, 2]) {
      const whole = await fetch(kernelUrl(script));
      expect(kernel.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
      const direct = await fetch(`http://${server.http}${path}`, { method: 'HEAD' });
      const names = ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges', 'cache-control'];
      const seen = (answer: Response) => names.map((name) => [name, answer.headers.get(name)]);
      expect(seen(whole)).toEqual(seen(direct));
      expect(whole.headers.get('etag')).toBe(`"sha256:${digest}"`);
      expect(whole.headers.has('x-accel-redirect')).toBe(false);
      await expect.poll(() => sent().length).toBe(times);
    }
    expect(sent()[1]).toMatchObject(accel ? { isHanded: true, bytes: 0 } : { bytes: kernel.length });
    // Nobody gets at the cache but by asking us.
    expect((await fetch(`http://${http}/bootlayer-cache/blobs/sha256/${digest}`)).status).toBe(404);
    const same = await fetch(kernelUrl(script), { headers: { 'if-none-match': `"sha256:${digest}"` } });
    expect(same.status).toBe(304);
    const resumed = { range: 'bytes=10-19', 'if-range': `"sha256:${digest}"` };
    expect((await fetch(kernelUrl(script), { headers: resumed })).status).toBe(206);
    const other = await fetch(kernelUrl(script), { headers: { ...resumed, 'if-range': '"other"' } });
    expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, kernel.length]);

    const part = await fetch(kernelUrl(script), { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${kernel.length}`]);
    expect(kernel.subarray(10, 20).equals(Buffer.from(await part.arrayBuffer()))).toBe(true);

    const stranger = await fetch(`http://${http}/blobs/sha256/${'0'.repeat(64)}/kernel`);
    expect([stranger.status, await stranger.text()]).toEqual([404, expect.stringContaining('BLOB_UNKNOWN')]);

    // As firmware comes that has nothing newer.
    const ca = await readFile(join(folder, 'ca.pem'));
    const greeting = await new Promise<string>((resolve, reject) => {
      const options = { ca, agent: false, ciphers: 'AES128-SHA256', maxVersion: 'TLSv1.2' } as const;
      get(`https://${https}/boot.ipxe`, options, (answer) => resolve(text(answer))).once('error', reject);
    });
    expect(greeting).toMatch(/^#!ipxe\n/);
  },
);
