import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findIncluded, readSource } from '../../src/config/disk-sources.js';
import { fingerprintsOf } from '../../src/config/fingerprint.js';
import { MappingWatch } from '../../src/config/mapping-watch.js';
import { temporaryFolder } from '../fixtures/folder.js';

/** Long enough that only the notice of the folder can be why a change is seen. */
const NEVER = 3_600_000;

async function watched({ pollMilliseconds = NEVER, quietMilliseconds = 20, holds = 'a', named: name = '' } = {}) {
  const folder = await temporaryFolder();
  const file = join(folder, 'bootlayer.yaml');
  await mkdir(join(folder, 'mappings.d'));
  await writeFile(file, holds);
  const include = ['mappings.d/*.yaml'];
  const named = name === '' ? [] : [join(folder, name)];
  for (const one of named) {
    await mkdir(dirname(one), { recursive: true });
    await writeFile(one, 'a');
  }
  const sources = [file, ...named].map(
    (one) => ({ kind: 'text', file: one, bytes: Buffer.from('a'), text: 'a' }) as const,
  );
  let read = {
    file,
    include,
    included: [] as readonly string[],
    named,
    fingerprints: fingerprintsOf(sources),
  };
  let changes = 0;
  let wake = (): void => undefined;
  const watch = await MappingWatch.start({
    lastRead: () => read,
    inForce: () => read,
    onChange: async () => {
      const { files } = await findIncluded(file, include);
      const now = await Promise.all([file, ...named, ...files].map(readSource));
      read = { file, include, included: files, named, fingerprints: fingerprintsOf(now) };
      changes += 1;
      wake();
    },
    onBlind: (reason) => expect.fail(reason),
    pollMilliseconds,
    quietMilliseconds,
  });
  onTestFinished(() => watch.close());
  /** The test's own time limit bounds it. */
  const changed = async (count: number) => {
    while (changes < count) await new Promise<void>((resolve) => (wake = resolve));
    return changes;
  };
  return { folder, file, mappings: join(folder, 'mappings.d'), changed, count: () => changes };
}

describe('MappingWatch notices', () => {
  it('a file that was changed between being read and being watched', async () => {
    const { changed } = await watched({ holds: 'b' });
    expect(await changed(1)).toBe(1);
  });

  it('a file that is written', async () => {
    const { file, changed } = await watched();
    await writeFile(file, 'b');
    expect(await changed(1)).toBe(1);
    await writeFile(file, 'c');
    expect(await changed(2)).toBe(2);
  });

  it('a file that another takes the place of', async () => {
    const { file, changed } = await watched();
    await writeFile(`${file}.new`, 'b');
    await rename(`${file}.new`, file);
    expect(await changed(1)).toBe(1);
  });

  it('a file that comes, and one that goes', async () => {
    const { mappings, changed } = await watched();
    await writeFile(join(mappings, 'a.yaml'), 'a');
    await changed(1);
    await rm(join(mappings, 'a.yaml'));
    expect(await changed(2)).toBe(2);
  });

  it('the swap of a ConfigMap', async () => {
    const { mappings, changed } = await watched();
    for (const version of ['..1', '..2']) {
      await mkdir(join(mappings, version));
      await writeFile(join(mappings, version, 'a.yaml'), version);
    }
    await symlink('..1', join(mappings, '..data'));
    await symlink('..data/a.yaml', join(mappings, 'a.yaml'));
    await changed(1);
    await symlink('..2', join(mappings, '..data_tmp'));
    await rename(join(mappings, '..data_tmp'), join(mappings, '..data'));
    expect(await changed(2)).toBe(2);
  });

  it('what a link leads to', async () => {
    const { folder, mappings, changed } = await watched();
    const elsewhere = join(folder, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'real.yaml'), 'a');
    await symlink(join(elsewhere, 'real.yaml'), join(mappings, 'a.yaml'));
    await changed(1);
    await writeFile(join(elsewhere, 'real.yaml'), 'b');
    expect(await changed(2)).toBe(2);
  });

  it('once, what is written in several pieces', async () => {
    const { file, changed, count } = await watched({ quietMilliseconds: 500 });
    await writeFile(file, '');
    for (let piece = 0; piece < 20; piece += 1) await appendFile(file, 'piece');
    await changed(1);
    await pause(1_500);
    expect(count()).toBe(1);
  });

  it('a file in a folder where something happens all the time', async () => {
    const { folder, file, changed } = await watched();
    const log = setInterval(() => void appendFile(join(folder, 'server.log'), 'x'), 5);
    onTestFinished(() => clearInterval(log));
    await writeFile(file, 'b');
    expect(await changed(1)).toBe(1);
  });

  it('a file that the configuration names, which is none itself', async () => {
    const { folder, changed } = await watched({ named: 'tls/key.pem' });
    await writeFile(join(folder, 'tls/key.pem'), 'b');
    expect(await changed(1)).toBe(1);
    await writeFile(join(folder, 'tls/key.pem.new'), 'c');
    await rename(join(folder, 'tls/key.pem.new'), join(folder, 'tls/key.pem'));
    expect(await changed(2)).toBe(2);
  });

  it('by looking, what nobody tells of', async () => {
    const { folder, changed } = await watched({ pollMilliseconds: 50 });
    await rm(join(folder, 'mappings.d'), { recursive: true });
    await mkdir(join(folder, 'mappings.d'));
    await writeFile(join(folder, 'mappings.d', 'a.yaml'), 'a');
    expect(await changed(1)).toBeGreaterThanOrEqual(1);
  });
});

it('minds no file that holds what it held', async () => {
  const { folder, file, changed, count } = await watched();
  await writeFile(file, 'a');
  await writeFile(join(folder, 'mappings.d', 'notes.txt'), 'a');
  await pause(300);
  await writeFile(file, 'b');
  await changed(1);
  expect(count()).toBe(1);
});

/** Time for what must not happen; the test holds however long it takes. */
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
