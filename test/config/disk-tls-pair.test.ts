import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, readConfigFiles } from '../../src/config/load.js';
import { readConfigFilesAside } from '../../src/config/load-process.js';
import { LOAD_THREAD } from '../fixtures/built.js';
import { type Certificate, tlsPair } from '../fixtures/certificates.js';
import { read as readText, refusal } from '../fixtures/configuration-texts.js';
import { temporaryFolder } from '../fixtures/folder.js';

let pair: Certificate;

beforeAll(async () => {
  ({ pair } = await tlsPair());
});

const MAIN = `data: data
http: { tls: { cert: cert.pem, key: key.pem } }
assignments: [{ name: all, match: {}, image: "oci:x:1" }]
`;

async function lab({ cert, key } = pair, main = MAIN): Promise<string> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'bootlayer.yaml'), main);
  await writeFile(join(cwd, 'cert.pem'), cert);
  await writeFile(join(cwd, 'key.pem'), key);
  return cwd;
}

const load = (cwd: string, env = {}) => loadConfig({ env, cwd, withSecrets: true });

describe('http.tls', () => {
  it('names a certificate and a key beside the configuration, and where to listen', () => {
    const tlsOf = (text: string, env = {}) => readText(text, env).config.http.tls;
    expect(tlsOf('')).toBeUndefined();
    expect(tlsOf('http: { tls: { cert: tls/cert.pem, key: /run/secrets/key.pem } }')).toEqual({
      listen: { host: '0.0.0.0', port: 8443 },
      certFile: '/etc/bootlayer/tls/cert.pem',
      keyFile: '/run/secrets/key.pem',
    });
    const env = { BOOTLAYER_HTTP_TLS_CERT: 'c', BOOTLAYER_HTTP_TLS_KEY: 'k', BOOTLAYER_HTTP_TLS_LISTEN: '[::]:443' };
    expect(tlsOf('', env)).toMatchObject({ listen: { host: '::', port: 443 }, certFile: '/etc/bootlayer/c' });
    // The system gives each another one.
    const free = '"127.0.0.1:0"';
    expect(tlsOf(`http: { listen: ${free}, tls: { cert: c, key: k, listen: ${free} } }`)?.listen.port).toBe(0);
  });

  it.each([
    ['http: { tls: { cert: a } }', 'http.tls.key: is missing'],
    ['http: { tls: { cert: a, key: b, ca: c } }', 'unknown key "ca"; known here: cert, key, listen'],
    ['http: { tls: { cert: a, key: b, listen: 8443 } }', 'http.tls.listen: "8443" is not address:port'],
    [
      'http: { listen: ":8443", tls: { cert: a, key: b } }',
      'http.tls.listen: is the same as http.listen: give each listener a port of its own',
    ],
    ['http: { tls: { cert: a, key: b, listen: "127.0.0.1:8081" } }', 'api.listen: is the same as http.tls.listen'],
  ])('%s', (text, message) => expect(refusal(text)).toContain(message));
});

describe('the files of http.tls', () => {
  it('are read with the configuration by whoever needs them, and by nobody else', async () => {
    const cwd = await lab();
    const { tls, warnings, read } = await load(cwd);
    expect([tls?.cert, warnings]).toEqual([pair.cert, []]);
    expect(read.named).toEqual([join(cwd, 'cert.pem'), join(cwd, 'key.pem')]);
    expect([...read.fingerprints.keys()]).toEqual([join(cwd, 'bootlayer.yaml'), ...read.named]);
    await rm(join(cwd, 'key.pem'));
    const without = await loadConfig({ env: {}, cwd });
    expect([without.tls, without.read.named]).toEqual([undefined, []]);
  });

  it('are told of at their places, with all that is wrong beside them', async () => {
    const cwd = await lab(pair, `${MAIN}machines: [{ name: a }, { name: a }]\n`);
    await rm(join(cwd, 'cert.pem'));
    await writeFile(join(cwd, 'other.pem'), 'nothing');
    const file = join(cwd, 'bootlayer.yaml');
    await expect(load(cwd, { BOOTLAYER_HTTP_TLS_KEY: 'other.pem' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        new RegExp(
          `^${file} has 3 problems:\n` +
            `  BOOTLAYER_HTTP_TLS_KEY: http\\.tls\\.key: ${join(cwd, 'other.pem')} holds no private key in PEM: .*\n` +
            `  ${file}:2:22: http\\.tls\\.cert: cannot read ${join(cwd, 'cert.pem')} \\(ENOENT\\): .*\n` +
            `  ${file}:4:33: machines\\[1\\]\\.name: the name a is taken`,
        ),
      ) as string,
    });
  });

  it('must please the library, too', async () => {
    const weak = await tlsPair({ keySize: 512 });
    await expect(load(await lab(weak.pair))).rejects.toMatchObject({
      message: expect.stringMatching(/http\.tls\.cert: .+cert\.pem cannot be used \(.+ too small\): make/) as string,
    });
  });

  it('that are odd are told of', async () => {
    const past = new Date(Date.now() - 2_000_000_000);
    const expired = await tlsPair({ notBefore: past, notAfter: new Date(past.getTime() + 1_000_000) });
    const { warnings } = await load(await lab(expired.pair));
    expect(warnings).toEqual([expect.stringContaining('the certificate is expired since')]);
  });

  it('that were emptied are no mapping that was emptied', async () => {
    const cwd = await lab();
    const { read: inForce } = await readConfigFiles({ env: {}, cwd, withSecrets: true });
    await writeFile(join(cwd, 'cert.pem'), '');
    const outcome = await readConfigFiles({ env: {}, cwd, withSecrets: true, inForce });
    expect(outcome).toMatchObject({
      kind: 'refused',
      read: { named: inForce.named },
      error: {
        message: expect.stringMatching(/^\S+:2:22: http\.tls\.cert: \S+ holds no certificate in PEM/) as string,
      },
    });
  });

  it('come through the other thread', async () => {
    const cwd = await lab();
    const there = await readConfigFilesAside({ env: {}, cwd, withSecrets: true }, { thread: LOAD_THREAD });
    expect(there).toEqual(await readConfigFiles({ env: {}, cwd, withSecrets: true }));
  });
});
