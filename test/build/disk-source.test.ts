import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DiskSource } from '../../src/build/disk-source.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { run } from '../setup/command.js';

async function sourceOf(contents: Buffer) {
  const file = join(await temporaryFolder(), 'kernel');
  await writeFile(file, contents);
  const source = await DiskSource.open(file, 'kernel');
  onTestFinished(() => source.close());
  return { file, source };
}

async function all(source: DiskSource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source.pieces()) pieces.push(piece);
  return Buffer.concat(pieces);
}

const CONTENTS = Buffer.alloc(2_500_000, 'kernel');

it('is read in parts, and in pieces whole', async () => {
  const { source } = await sourceOf(CONTENTS);
  expect(source.size).toBe(CONTENTS.length);
  expect((await source.read(6, 12)).toString()).toBe('kernelkernel');
  expect((await source.read(CONTENTS.length - 4, 100)).length).toBe(4);
  expect((await all(source)).equals(CONTENTS)).toBe(true);
});

it.each([
  ['longer', (file: string) => appendFile(file, 'x')],
  ['shorter', (file: string) => truncate(file, 2_000_000)],
])('is refused where it has become %s', async (_what, change) => {
  const { file, source } = await sourceOf(CONTENTS);
  await change(file);
  await expect(all(source)).rejects.toThrow(`${file} for the kernel changed while it was read`);
});

it('is a file that is there, with something in it', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'empty'), '');
  await run('mkfifo', [join(folder, 'pipe')]);
  const refusal = (name: string) =>
    DiskSource.open(join(folder, name), 'kernel').then(
      () => expect.fail('it was opened'),
      (thrown: Error) => thrown.message,
    );
  expect(await refusal('nothing')).toBe(`cannot read ${folder}/nothing for the kernel (ENOENT)`);
  expect(await refusal('.')).toMatch(/for the kernel is no regular file$/);
  expect(await refusal('pipe')).toMatch(/for the kernel is no regular file$/);
  expect(await refusal('empty')).toMatch(/for the kernel is empty$/);
});
