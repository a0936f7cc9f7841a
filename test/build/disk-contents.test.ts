import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { contentsOfFiles } from '../../src/build/disk-contents.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { program } from '../fixtures/programs.js';

it('says what the files of an image are', async () => {
  const folder = await temporaryFolder();
  const [kernel, uki] = [join(folder, 'kernel'), join(folder, 'uki')];
  await writeFile(kernel, Buffer.from([0x1f, 0x8b]));
  await writeFile(uki, program([{ name: '.linux', contents: 'a kernel' }]));
  expect(await contentsOfFiles({})).toEqual({});
  expect(await contentsOfFiles({ kernel, uki })).toMatchObject({
    kernel: { kind: 'gzip' },
    uki: { kind: 'uki', uki: { architecture: 'amd64' } },
  });
  await expect(contentsOfFiles({ uki: join(folder, 'none') })).rejects.toThrow(/cannot read .*none for the uki/);
});
