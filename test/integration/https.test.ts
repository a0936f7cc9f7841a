import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Certificate, tlsPair } from '../fixtures/certificates.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { kernelUrl, scriptFrom, serve } from '../fixtures/serving.js';
import { ROOT } from '../setup/command.js';
import { program } from '../setup/parts.js';

let first: { readonly ca: string; readonly pair: Certificate };
let second: typeof first;

beforeAll(async () => {
  [first, second] = await Promise.all([tlsPair(), tlsPair()]);
});

const ACTIVATION = join(ROOT, 'test/setup/activation.js');
const LISTEN = 'listen: "127.0.0.1:0"';

/** A configuration for a server that speaks TLS with the first pair. */
async function setUp({ tls = `{ cert: cert.pem, key: key.pem, ${LISTEN} }`, assignments = '[]' } = {}) {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder, name);
  const config = at('bootlayer.yaml');
  const put = async (name: string, text: string) => {
    await writeFile(at(`${name}.new`), text);
    await rename(at(`${name}.new`), at(name));
  };
  const putPair = async ({ cert, key }: Certificate) => {
    await put('cert.pem', cert);
    await put('key.pem', key);
  };
  await putPair(first.pair);
  await writeFile(at('first-ca.pem'), first.ca);
  await writeFile(at('second-ca.pem'), second.ca);
  const lines = [
    ...['advertise: 127.0.0.1', 'data: data', 'tftp: { enabled: false }', `api: { ${LISTEN} }`],
    ...[`http: { ${LISTEN}, tls: ${tls} }`, `assignments: ${assignments}`],
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  return { folder, at, config, put, putPair };
}

async function serving(config: string, more: { readonly within?: readonly string[] } = {}) {
  const { server, log } = await serve(config, more);
  const https = String(log.find(({ event }) => event === 'server.listening')?.['https']);
  const seen = (event: string) => log.filter((line) => line.event === event);
  return { server, log, https, seen };
}

/** Debian's curl, which trusts the authority in the file. */
async function curl(ca: string, ...args: readonly string[]): Promise<Buffer> {
  const { command, libraryPath } = program('curl');
  const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
  const options = { env, encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 } as const;
  const { stdout } = await promisify(execFile)(command, ['-sS', '--max-time', '60', '--cacert', ca, ...args], options);
  return stdout;
}

/** An answer of which nothing is taken yet. */
function opened(url: string, ca: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { ca, agent: false }, resolve).once('error', reject));
}

async function shake(at: string, options: object): Promise<TLSSocket> {
  const { hostname: host, port } = new URL(`https://${at}`);
  const socket = connect({ host, port: Number(port), ...options });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket;
}

describe('HTTPS', () => {
  it('gives what HTTP gives, with what firmware and iPXE speak', async () => {
    const { at, config } = await setUp({ assignments: '[{ name: all, match: {}, image: "oci:image:1" }]' });
    await buildTestImage(`oci:${at('image')}:1`, ['amd64']);
    const { server, https } = await serving(config);
    const { pathname } = new URL(kernelUrl(await scriptFrom(server)));
    const wanted = Buffer.from(await (await fetch(`http://${server.http}${pathname}`)).arrayBuffer());
    const url = `https://${https}${pathname}`;
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    for (const ciphers of [
      'AES256-GCM-SHA384',
      'AES256-SHA256',
      'DHE-RSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES128-GCM-SHA256',
    ])
      expect([ciphers, sha256(await curl(at('first-ca.pem'), '--tls-max', '1.2', '--ciphers', ciphers, url))]).toEqual([
        ciphers,
        sha256(wanted),
      ]);
    expect(sha256(await curl(at('first-ca.pem'), '--tlsv1.3', url))).toBe(sha256(wanted));
    const part = await curl(at('first-ca.pem'), '-r', '1000000-1999999', url);
    expect(sha256(part)).toBe(sha256(wanted.subarray(1_000_000, 2_000_000)));
    const head = (await curl(at('first-ca.pem'), '-I', url)).toString();
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain(`content-length: ${wanted.length}\r\n`);
    expect((await curl(at('first-ca.pem'), `https://${https}/boot.ipxe`)).toString()).toMatch(/^#!ipxe\n/);
    for (const path of ['healthz', 'readyz']) expect((await fetch(`http://${server.http}/${path}`)).status).toBe(200);
    expect((await curl(at('first-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
  });

  it('finishes what it sends before it ends, and takes nobody new', async () => {
    const { at, config } = await setUp({ assignments: '[{ name: all, match: {}, image: "oci:image:1" }]' });
    await buildTestImage(`oci:${at('image')}:1`, ['amd64']);
    const { server, https, seen } = await serving(config);
    const { pathname } = new URL(kernelUrl(await scriptFrom(server)));
    const slow = await opened(`https://${https}${pathname}`, first.ca);
    server.process.kill('SIGTERM');
    await expect.poll(() => seen('server.stopping').length).toBe(1);
    const hash = createHash('sha256');
    for await (const piece of slow) hash.update(piece as Buffer);
    expect(pathname).toContain(hash.digest('hex'));
    await expect.poll(() => seen('server.ended').length).toBe(1);
    await expect(shake(https, { ca: first.ca })).rejects.toThrow('ECONNREFUSED');
  });

  it('shows a renewed certificate to whoever comes then, and refuses a bad one', async () => {
    const { config, at, put, putPair } = await setUp();
    const { server, https, seen } = await serving(config);
    const early = await shake(https, { ca: first.ca });
    await putPair(second.pair);
    await expect.poll(() => seen('mapping.reloaded')).toMatchObject([{ names: 'http.tls', level: 30 }]);
    await expect(shake(https, { ca: first.ca })).rejects.toThrow();
    const late = await shake(https, { ca: second.ca, maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES256-GCM-SHA384' });
    expect(late.authorized && !early.destroyed).toBe(true);
    const before = seen('mapping.refused').length;
    await put('cert.pem', first.pair.cert);
    await expect
      .poll(() => seen('mapping.refused').at(before))
      .toMatchObject({ level: 50, reason: expect.stringMatching(/:5:\d+: http\.tls\.key: .+ does not fit/) as string });
    await put('key.pem', 'nothing');
    server.process.kill('SIGHUP');
    await expect
      .poll(() => seen('mapping.refused').at(-1)?.['reason'])
      .toMatch(/http\.tls\.key: .+ holds no private key in PEM/);
    expect((await curl(at('second-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
    await put('key.pem', first.pair.key);
    await expect.poll(() => seen('mapping.reloaded').length).toBe(2);
    expect((await curl(at('first-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
  });

  it('may have its files elsewhere from now on, and its port from the next start on', async () => {
    const { config, at, put, putPair } = await setUp();
    const { https, seen, log } = await serving(config);
    await put('new.pem', `${second.pair.cert}${second.pair.key}`);
    const text = await readFile(config, 'utf8');
    await put('bootlayer.yaml', text.replace('cert: cert.pem, key: key.pem', 'cert: new.pem, key: new.pem'));
    await expect.poll(() => seen('mapping.reloaded')).toMatchObject([{ names: 'http.tls' }]);
    expect((await curl(at('second-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
    expect(log.filter(({ msg = '' }) => msg.includes('next start'))).toEqual([]);
    // It is the new file that is watched.
    await putPair(second.pair);
    await put('new.pem', `${first.pair.cert}${first.pair.key}`);
    await expect.poll(() => seen('mapping.reloaded').length).toBe(2);
    expect((await curl(at('first-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
    await put('bootlayer.yaml', text.replace(/, tls: \{.*\} \}/, ' }'));
    await expect.poll(() => log.map(({ msg }) => msg)).toContain('http: changed, which counts from the next start on');
    expect((await curl(at('first-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
  });

  it('has the sockets that it inherits by that name, several of them', async () => {
    const { config, at, putPair } = await setUp();
    const sockets = ['https=127.0.0.1@0', 'http=127.0.0.1@0', 'https=127.0.0.1@0'];
    const { server, https, seen } = await serving(config, { within: [process.execPath, ACTIVATION, ...sockets, '--'] });
    expect(https).not.toBe(server.http);
    expect((await curl(at('first-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
    expect(await (await fetch(`http://${server.http}/readyz`)).text()).toBe('ready\n');
    await putPair(second.pair);
    await expect.poll(() => seen('mapping.reloaded').length).toBe(1);
    expect((await curl(at('second-ca.pem'), `https://${https}/readyz`)).toString()).toBe('ready\n');
  });
});

/** The commands of the README's part about HTTPS. */
const COMMANDS =
  /```sh\n(openssl req [^\n]*Boot CA[\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1] ?? '';

describe('a server or a check', () => {
  it("finds nothing odd about what the README's commands make", async () => {
    const { folder, config, at } = await setUp();
    await promisify(execFile)('sh', ['-ec', COMMANDS.replaceAll('192.168.77.1', '127.0.0.1')], { cwd: folder });
    const { status, out } = await bootlayer(['check', '-c', config]);
    expect([status, out]).toEqual([0, expect.not.stringContaining('http.tls')]);
    const { https } = await serving(config);
    const ciphers = 'DHE-RSA-AES256-GCM-SHA384';
    const body = await curl(at('ca.pem'), '--tls-max', '1.2', '--ciphers', ciphers, `https://${https}/readyz`);
    expect(body.toString()).toBe('ready\n');
  });

  it('says what is wrong with the files before it opens anything', async () => {
    const { config, put, at } = await setUp();
    await put('key.pem', second.pair.key);
    for (const command of [['serve'], ['check', '--offline']]) {
      const { status, err } = await bootlayer([...command, '-c', config]);
      expect([status, err]).toEqual([
        2,
        expect.stringMatching(
          /^bootlayer: \S+bootlayer\.yaml:5:\d+: http\.tls\.key: the key in \S+key\.pem does not fit the certificate in \S+cert\.pem: name its own\n$/,
        ),
      ]);
    }
    // Who only looks need not be able to read it.
    await put('key.pem', '');
    expect((await bootlayer(['plan', '-c', config, '--mac', '52:54:00:00:00:01'])).status).toBe(0);
    await put('key.pem', first.pair.key);
    const { out } = await bootlayer(['check', '-c', config], { env: { BOOTLAYER_ADVERTISE: '192.0.2.1' } });
    expect(out).toContain(`warning: http.tls.cert: ${at('cert.pem')}: it is not for 192.0.2.1`);
  });
});
