import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, readConfigFiles } from '../../src/config/load.js';
import { readConfigFilesAside } from '../../src/config/load-process.js';
import { LOAD_THREAD } from '../fixtures/built.js';
import { type Certificate, tlsPair } from '../fixtures/certificates.js';
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

const load = (cwd: string, env = {}) => loadConfig({ env, cwd, withTls: true });

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
    const { read: inForce } = await readConfigFiles({ env: {}, cwd, withTls: true });
    await writeFile(join(cwd, 'cert.pem'), '');
    const outcome = await readConfigFiles({ env: {}, cwd, withTls: true, inForce });
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
    const there = await readConfigFilesAside({ env: {}, cwd, withTls: true }, { thread: LOAD_THREAD });
    expect(there).toEqual(await readConfigFiles({ env: {}, cwd, withTls: true }));
  });
});
