import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEPLOY, judged } from '../fixtures/deploy.js';
import { SAMPLES } from '../fixtures/dhcp-samples.js';
import { temporaryFolder } from '../fixtures/folder.js';

describe.each(Object.entries(SAMPLES))('the sample for %s', (_name, { file, program, test, withoutBooting }) => {
  const sample = readFileSync(join(DEPLOY, file), 'utf8');

  async function verdict(text: string) {
    const folder = await temporaryFolder();
    // Kea asks for the interface, too.
    await writeFile(join(folder, file), text.replace('br0', 'lo'));
    return judged(program, test(join(folder, file)), { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder });
  }

  it('is one to the server itself, with what is said of booting and without', async () => {
    for (const text of [sample, withoutBooting(sample)])
      expect(await verdict(text)).toEqual({ status: 0, out: expect.not.stringMatching(/error|warn/i) as string });
  });

  it('would be refused with a word that means nothing', async () => {
    const wrong = sample.replace(/range|"pools"/, (word) => word.replace(/\w/, 'x'));
    expect((await verdict(wrong)).status).not.toBe(0);
  });

  it('says nothing of booting where Bootlayer does', () => {
    const said = withoutBooting(sample)
      .split('\n')
      .filter((line) => !/^\s*(#|\/\/)/.test(line));
    expect(said.join('\n')).toContain('192.168.77.100');
    expect(said.join('\n')).not.toMatch(/boot|next-server|filename|class|efi|pxe/);
  });
});
