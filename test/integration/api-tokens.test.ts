import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeConfiguration } from '../fixtures/configuration.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';
import { serve } from '../fixtures/serving.js';

const ADMIN = 'admin-token-0123456789';
const READ = 'read-token-0123456789';
const NEXT = 'next-token-0123456789';

async function site() {
  const folder = await temporaryFolder();
  const tokenFile = join(folder, 'tokens');
  const write = async (text: string) => {
    await writeFile(`${tokenFile}.new`, text, { mode: 0o600 });
    await rename(`${tokenFile}.new`, tokenFile);
  };
  await write(`admin ${ADMIN}\nread ${READ}\n`);
  const config = await writeConfiguration(folder, { tokenFile: 'tokens', assignments: [] });
  return { folder, tokenFile, write, config };
}

it('asks for tokens, which are renewed while it runs, and a bad file changes nothing', async () => {
  const { folder, tokenFile, write, config } = await site();
  const { server, log } = await serve(config);
  const status = async (token: string, path = '/api/v1/boots') =>
    (await fetch(`http://${server.api}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect([await status(ADMIN), await status(READ), await status(NEXT)]).toEqual([200, 200, 401]);
  expect([await status(READ, '/metrics'), await status(NEXT, '/metrics')]).toEqual([200, 401]);
  expect((await fetch(`http://${server.api}/readyz`)).status).toBe(200);

  const asked = (...more: readonly string[]) => bootlayer(['boot', 'ls', '--server', `http://${server.api}`, ...more]);
  expect(await asked('--token-file', tokenFile)).toMatchObject({ status: 0, err: '' });
  const refused = await asked();
  expect([refused.status, refused.err]).toEqual([
    1,
    'bootlayer: this needs a token; name a file with a token of the server by --token-file FILE\n',
  ]);
  const watching = await bootlayer(['watch', '--server', `http://${server.api}`]);
  expect([watching.status, watching.err]).toEqual([1, refused.err]);

  await write('admin short\n');
  await expect.poll(() => log.some(({ event }) => event === 'mapping.refused')).toBe(true);
  expect(await status(ADMIN)).toBe(200);
  await write(`admin ${NEXT}\n`);
  // The token that is still good is asked by: too many bad ones are held off.
  await expect.poll(() => status(ADMIN)).toBe(401);
  expect([await status(NEXT), await status(READ)]).toEqual([200, 401]);
  await writeFile(join(folder, 'one'), NEXT);
  expect(await asked('--token-file', join(folder, 'one'))).toMatchObject({ status: 0 });
  const told = JSON.stringify(log);
  for (const token of [ADMIN, READ, NEXT]) expect(told).not.toContain(token);
});
