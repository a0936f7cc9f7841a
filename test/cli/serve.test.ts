import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';

/** Runs the server to its end, which is near; answers what it left beside its configuration, too. */
async function serve(...lines: readonly string[]) {
  const folder = await temporaryFolder();
  const here = ['http', 'tftp', 'api'].map((listener) => `${listener}: { listen: "127.0.0.1:0" }`);
  await writeFile(join(folder, 'bootlayer.yaml'), ['data: srv/data', ...here, ...lines].join('\n'));
  const { status, err } = await bootlayer(['serve'], { cwd: folder });
  return { status, err, left: await readdir(folder) };
}

describe('bootlayer serve leaves nothing on the disk', () => {
  it('where DHCP cannot be answered', async () => {
    expect(await serve('advertise: 127.0.0.1', 'dhcp: { mode: proxy, interfaces: not-there0 }')).toEqual({
      status: 2,
      err: expect.stringContaining('this host has no interface not-there0') as string,
      left: ['bootlayer.yaml'],
    });
  });

  it.runIf(process.getuid?.() === 0)('where the user that it is to be cannot read what it needs', async () => {
    expect(await serve('advertise: 127.0.0.1', 'user: nobody')).toEqual({
      status: 2,
      err: expect.stringMatching(/user: nobody cannot read \S+bootlayer\.yaml \(EACCES\)/) as string,
      left: ['bootlayer.yaml'],
    });
  });
});
