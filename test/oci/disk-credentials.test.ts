import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ANONYMOUS, type Credential } from '../../src/oci/credential.js';
import { diskCredentials } from '../../src/oci/disk-credentials.js';
import type { RegistrySettings } from '../../src/oci/registry-settings.js';
import { temporaryFolder } from '../fixtures/folder.js';

const written = (user: string) =>
  JSON.stringify({ auths: { 'lab:5000': { auth: Buffer.from(`${user}:p`).toString('base64') } } });

type Told = {
  readonly env?: Readonly<Record<string, string>>;
  readonly credentials?: NonNullable<RegistrySettings['credentials']>;
  readonly askHelper?: () => Promise<Credential>;
};

/** The files are relative to HOME. */
async function home(files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const find = ({ env = {}, credentials, askHelper = () => expect.unreachable() }: Told = {}) =>
    diskCredentials({
      settings: () => ({ plainHttp: false, ...(credentials !== undefined && { credentials }) }),
      env: { HOME: folder, ...env },
      askHelper,
    })('lab:5000', 'os');
  return { folder, find };
}

const whoIs = async (credential: Promise<Credential>) => {
  const found = await credential;
  return found.kind === 'basic' ? found.username : found.kind;
};

describe('diskCredentials', () => {
  it('is nobody where nothing is written', async () => {
    expect(await (await home({})).find()).toEqual(ANONYMOUS);
    expect(await (await home({ '.docker': 'a file' })).find()).toEqual(ANONYMOUS);
  });

  it('looks where Podman and docker do, in their order', async () => {
    const files = {
      'run/containers/auth.json': written('run'),
      '.config/containers/auth.json': written('podman'),
      '.docker/config.json': written('docker'),
      'secret/.dockerconfigjson': written('kubernetes'),
      'given.json': written('given'),
    };
    const { folder, find } = await home(files);
    expect(await whoIs(find())).toBe('podman');
    expect(await whoIs(find({ env: { XDG_RUNTIME_DIR: join(folder, 'run') } }))).toBe('run');
    expect(await whoIs(find({ env: { REGISTRY_AUTH_FILE: join(folder, 'given.json') } }))).toBe('given');
    const elsewhere = { XDG_CONFIG_HOME: join(folder, 'none') };
    expect(await whoIs(find({ env: elsewhere }))).toBe('docker');
    expect(await whoIs(find({ env: { ...elsewhere, DOCKER_CONFIG: join(folder, 'secret') } }))).toBe('kubernetes');
    expect(await whoIs(find({ env: { HOME: '' } }))).toBe('anonymous');
  });

  it('goes on where a file or a helper knows nothing', async () => {
    const { find } = await home({
      '.config/containers/auth.json': '{"credHelpers":{"lab:5000":"test"}}',
      '.docker/config.json': written('docker'),
    });
    expect(await whoIs(find({ askHelper: async () => ANONYMOUS }))).toBe('docker');
    expect(await whoIs(find({ askHelper: async () => ({ kind: 'identity', token: 't' }) }))).toBe('identity');
  });

  it('takes the configuration first, and the first line of its file anew each time', async () => {
    const { folder, find } = await home({ '.docker/config.json': written('docker'), password: 'one\r\nrest' });
    const credentials = { username: 'boot', passwordFile: join(folder, 'password') };
    const from = credentials.passwordFile;
    expect(await find({ credentials })).toEqual({ kind: 'basic', username: 'boot', password: 'one', from });
    await writeFile(credentials.passwordFile, 'two');
    expect(await find({ credentials })).toEqual({ kind: 'basic', username: 'boot', password: 'two', from });
  });

  it('names what cannot be used, and never a secret', async () => {
    const { folder, find } = await home({ '.docker/config.json': '{"auths": secret', empty: '\n' });
    const passwordFile = (name: string) =>
      find({ credentials: { username: 'boot', passwordFile: join(folder, name) } });
    await expect(find()).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: `the credentials for lab:5000 cannot be had: ${join(folder, '.docker/config.json')}: it is no JSON`,
    });
    await expect(passwordFile('empty')).rejects.toThrow(/the first line of .*empty is empty$/);
    await writeFile(join(folder, 'latin'), Buffer.from([0x66, 0xfc, 0x72]));
    await expect(passwordFile('latin')).rejects.toThrow('latin cannot be read (it is no UTF-8)');
    await expect(passwordFile('none')).rejects.toThrow('none cannot be read (ENOENT)');
    const named = join(folder, 'auth.json');
    await expect(find({ env: { REGISTRY_AUTH_FILE: named } })).rejects.toThrow(
      `${named}, which REGISTRY_AUTH_FILE names: ENOENT`,
    );
    const helpless = await home({ '.docker/config.json': '{"credsStore":"test"}' });
    await expect(helpless.find({ askHelper: () => Promise.reject(new Error('it hangs')) })).rejects.toThrow(
      `it hangs (named by ${join(helpless.folder, '.docker/config.json')})`,
    );
  });
});
