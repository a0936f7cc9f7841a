import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer, buildTestImage } from '../fixtures/program.js';
import { scriptFrom, serve } from '../fixtures/serving.js';
import { freePort } from '../setup/free-port.js';

/**
 * A folder as the kubelet mounts a ConfigMap: what has the files' names leads through `..data` to a folder of this version, and another
 * version takes the place of that link at once (Kubernetes, pkg/volume/util, the atomic writer).
 */
class MountedConfigMap {
  readonly #folder: string;
  #version = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    const before = `..version_${this.#version}`;
    this.#version += 1;
    const version = `..version_${this.#version}`;
    await mkdir(join(this.#folder, version));
    for (const [name, text] of Object.entries(files)) await writeFile(join(this.#folder, version, name), text);
    await symlink(version, join(this.#folder, '..data_tmp'));
    await rename(join(this.#folder, '..data_tmp'), join(this.#folder, '..data'));
    if (this.#version === 1) {
      for (const name of Object.keys(files)) await symlink(join('..data', name), join(this.#folder, name));
    }
    await rm(join(this.#folder, before), { recursive: true, force: true });
  }
}

it('reads mappings anew when a ConfigMap is replaced, and refuses those that are wrong', async () => {
  const place = await temporaryFolder();
  await buildTestImage(`oci:${join(place, 'image')}:1`, ['amd64']);
  const mounted = join(place, 'mounted');
  await mkdir(mounted);
  const configMap = new MountedConfigMap(mounted);
  const listen = '{ listen: "127.0.0.1:0" }';
  const files = (assignment: string) => ({
    'bootlayer.yaml': `advertise: 127.0.0.1\ndata: ${join(place, 'data')}\nhttp: ${listen}\ntftp: { enabled: false }\napi: ${listen}\ninclude: mappings.yaml\n`,
    'mappings.yaml': `assignments: [{ name: all, ${assignment} }]\n`,
  });
  const all = (mark: string) =>
    `match: {}, image: "oci:${join(place, 'image')}:1", kernelArgs: { append: [mark=${mark}] }`;
  await configMap.write(files(all('first')));
  const { server, log } = await serve(join(mounted, 'bootlayer.yaml'));
  expect(await scriptFrom(server)).toContain('mark=first');

  await configMap.write(files(all('second')));
  await expect.poll(() => scriptFrom(server)).toContain('mark=second');
  await configMap.write(files('match: { nobody: knows }'));
  await expect.poll(() => log.filter(({ event }) => event === 'mapping.refused')).toHaveLength(1);
  expect(await scriptFrom(server)).toContain('mark=second');
  // Once more, by the links of another version.
  await configMap.write(files(all('third')));
  await expect.poll(() => scriptFrom(server)).toContain('mark=third');
});

it('tells whether the server may be sent machines', async () => {
  const folder = await temporaryFolder();
  const api = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'bootlayer.yaml');
  await writeFile(
    config,
    `advertise: 127.0.0.1\ndata: data\nhttp: { listen: "127.0.0.1:0" }\ntftp: { enabled: false }\napi: { listen: "${api}" }\n`,
  );
  const readyBy = (file: string, ...more: readonly string[]) => bootlayer(['ready', '-c', file, ...more]);
  const ready = (...more: readonly string[]) => readyBy(config, ...more);
  const absent = {
    status: 1,
    out: '',
    err: expect.stringContaining(`no server of ours answers at http://${api}`) as unknown,
  };
  expect(await ready()).toEqual(absent);
  const { server } = await serve(config);
  expect(await ready()).toMatchObject({ status: 0, out: 'ready\n' });
  expect(JSON.parse((await ready('--json')).out)).toEqual({ ready: true });
  // It runs on by what it has.
  const wrong = join(folder, 'wrong.yaml');
  await writeFile(wrong, `nonsense: 1\napi: { listen: "${api}" }\n`);
  const refused = `the configuration is refused, and http://${api} asked`;
  expect(await readyBy(wrong)).toEqual({ status: 0, out: 'ready\n', err: expect.stringContaining(refused) as unknown });
  // Nobody can have started one by a file that is not there.
  expect(await readyBy(join(folder, 'none.yaml'))).toMatchObject({ status: 2, out: '' });
  await server.stop();
  expect(await ready()).toEqual(absent);
});
