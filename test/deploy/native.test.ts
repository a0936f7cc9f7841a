import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf, loadNative, nativePath } from '../../deploy/package/native.js';
import { temporaryFolder } from '../fixtures/folder.js';

const CONTENTS = randomBytes(10_000);
const NATIVE = { digest: digestOf(CONTENTS), contents: () => CONTENTS };

/** Loads it as the executable in a folder beside the data would. `load` tells where from. */
async function site() {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o750 });
  const executable = join(folder, 'bin/bootlayer');
  mkdirSync(dirname(executable));
  writeFileSync(executable, '');
  const loaded: string[] = [];
  const load = (file: string) => {
    expect(readFileSync(file)).toEqual(CONTENTS);
    loaded.push(file);
    return file;
  };
  return {
    data,
    executable,
    loaded,
    load,
    start: () => loadNative({ native: NATIVE, data, executable, load }),
  };
}

it('unpacks it into the data folder, for this user alone, and once', async () => {
  const { data, start } = await site();
  const file = join(data, nativePath(digestOf(CONTENTS)));
  expect(start()).toBe(file);
  expect([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777]).toEqual([0o600, 0o700]);
  const { ino } = statSync(file);
  expect(start()).toBe(file);
  expect(statSync(file).ino).toBe(ino);
  expect(readdirSync(dirname(file))).toEqual(['libsql.node']);
});

it('takes the one beside the executable, as long as it is the same', async () => {
  const { data, executable, start } = await site();
  const beside = join(dirname(executable), nativePath(digestOf(CONTENTS)));
  mkdirSync(dirname(beside), { recursive: true });
  writeFileSync(beside, CONTENTS);
  expect(start()).toBe(beside);
  expect(readdirSync(data)).toEqual([]);
  writeFileSync(beside, randomBytes(CONTENTS.length));
  expect(start()).toBe(join(data, nativePath(digestOf(CONTENTS))));
});

const damage: Readonly<Record<string, (file: string) => void>> = {
  'one byte is another': (file) =>
    writeFileSync(file, Buffer.from(CONTENTS.map((byte, at) => (at === 5_000 ? byte ^ 1 : byte)))),
  'it is cut short': (file) => writeFileSync(file, CONTENTS.subarray(1)),
  'it is empty': (file) => writeFileSync(file, ''),
  'others may write to it': (file) => chmodSync(file, 0o666),
};

it('takes the one beside the executable also where that was started by a link', async () => {
  const { data, executable, load } = await site();
  const beside = join(dirname(executable), nativePath(digestOf(CONTENTS)));
  mkdirSync(dirname(beside), { recursive: true });
  writeFileSync(beside, CONTENTS);
  symlinkSync(executable, join(data, 'link'));
  expect(loadNative({ native: NATIVE, data, executable: join(data, 'link'), load })).toBe(beside);
});

it('takes none beside the executable that is found by a link, or in a folder of everybody', async () => {
  const { data, executable, start } = await site();
  const beside = join(dirname(executable), nativePath(digestOf(CONTENTS)));
  const own = start();
  mkdirSync(dirname(dirname(beside)));
  // Whoever made the link may lead it elsewhere between the look and the load.
  symlinkSync(dirname(own), dirname(beside));
  expect(readFileSync(beside)).toEqual(CONTENTS);
  expect(start()).toBe(own);
  rmSync(dirname(beside));
  mkdirSync(dirname(beside));
  writeFileSync(beside, CONTENTS);
  expect(start()).toBe(beside);
  for (const folder of [dirname(beside), dirname(dirname(beside)), dirname(executable)]) {
    chmodSync(folder, 0o777);
    expect(start()).toBe(join(data, nativePath(digestOf(CONTENTS))));
    chmodSync(folder, 0o755);
  }
});

it.each(Object.entries(damage))('replaces it where %s', async (_what, harm) => {
  const { data, start } = await site();
  const file = join(data, nativePath(digestOf(CONTENTS)));
  start();
  const { ino } = statSync(file);
  harm(file);
  expect(start()).toBe(file);
  expect(statSync(file).ino).not.toBe(ino);
});

it('follows no link to one that may be changed later', async () => {
  const { data, start } = await site();
  const file = join(data, nativePath(digestOf(CONTENTS)));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  chmodSync(join(data, 'native'), 0o700);
  writeFileSync(join(data, 'elsewhere'), CONTENTS);
  symlinkSync(join(data, 'elsewhere'), file);
  expect(start()).toBe(file);
  expect(lstatSync(file).isFile()).toBe(true);
});

it('uses a folder for this once where others may write to the data', async () => {
  const { data, loaded, start } = await site();
  chmodSync(data, 0o777);
  start();
  expect(readdirSync(data)).toEqual([]);
  expect(loaded).toEqual([expect.stringMatching(/\/bootlayer-\w+\/native\/[0-9a-f]{64}\/libsql\.node$/)]);
  expect(loaded.filter((file) => existsSync(file))).toEqual([]);
});

it('uses a folder for this once where nothing of the data may be run, and says what was in the way of all', async () => {
  const { data, executable, load, loaded } = await site();
  const refuse = (file: string) => {
    throw new Error(`${file} may not be run`);
  };
  const noexec = (file: string) => (file.startsWith(data) ? refuse(file) : load(file));
  loadNative({ native: NATIVE, data, executable, load: noexec });
  expect(loaded).toHaveLength(1);
  const refused = () => loadNative({ native: NATIVE, data, executable, load: refuse });
  expect(refused).toThrow(
    /^libsql\.node cannot be loaded: \S+ is no folder that this user alone may write to; \S+ may not be run; \S+ may not be run$/,
  );
});

it('removes what another version left', async () => {
  const { data, start } = await site();
  mkdirSync(join(data, 'native/0123'), { recursive: true });
  chmodSync(join(data, 'native'), 0o700);
  writeFileSync(join(data, 'native/0123/libsql.node'), 'old');
  start();
  expect(readdirSync(join(data, 'native'))).toEqual([dirname(nativePath(digestOf(CONTENTS))).replace('native/', '')]);
});
