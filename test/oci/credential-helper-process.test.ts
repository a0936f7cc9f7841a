import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askCredentialHelper } from '../../src/oci/credential-helper-process.js';
import { temporaryFolder } from '../fixtures/folder.js';

/** A helper `docker-credential-test` that is this shell script. */
async function helper(script: string) {
  const folder = await temporaryFolder();
  const file = join(folder, 'docker-credential-test');
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  const path = `${folder}:${process.env.PATH ?? ''}`;
  return {
    folder,
    ask: (maxMilliseconds?: number) =>
      askCredentialHelper('test', 'lab:5000', { path, ...(maxMilliseconds !== undefined && { maxMilliseconds }) }),
  };
}

describe('askCredentialHelper', () => {
  it('names the server on stdin and takes the answer', async () => {
    const { folder, ask } = await helper(
      `cd "$(dirname "$0")"; echo "$1 $(cat)" > asked; echo '{"ServerURL":"lab:5000","Username":"u","Secret":"p"}'`,
    );
    expect(await ask()).toEqual({ kind: 'basic', username: 'u', password: 'p' });
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('get lab:5000\n');
  });

  it('knows an identity token by its user', async () => {
    const { ask } = await helper(`echo '{"Username":"<token>","Secret":"t"}'`);
    expect(await ask()).toEqual({ kind: 'identity', token: 't' });
  });

  it('takes a helper that knows nothing for nobody', async () => {
    const { ask } = await helper('echo credentials not found in native keychain; exit 1');
    expect(await ask()).toEqual({ kind: 'anonymous' });
  });

  it.each([
    ['exit 3', 'docker-credential-test ended with status 3'],
    ['echo the vault is sealed >&2; echo secret; exit 1', 'ended with status 1: the vault is sealed'],
    ['set -x; : hunter2; echo my secret is hunter2 >&2; exit 1', /ended with status 1$/],
    ['echo "{\\"Secret\\":\\"x\\"}"', 'gave no credentials'],
    ['echo nonsense', 'gave no credentials'],
    ['exec yes', 'says far too much'],
  ])('%s: %s', async (script, why) => {
    await expect((await helper(script)).ask()).rejects.toThrow(why);
  });

  it('ends one that hangs, with all it started', async () => {
    const { folder, ask } = await helper('cd "$(dirname "$0")"; sleep 1000 & echo $! > pid; wait');
    await expect(ask(500)).rejects.toThrow('did not answer within 0.5 s');
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('says which is not installed', async () => {
    await expect(askCredentialHelper('none', 'lab', { path: '/nowhere' })).rejects.toThrow(
      'docker-credential-none is not installed',
    );
  });
});

/** A zombie that nobody waits for has ended as well. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone Z');
  return !/ Z\b/.test(stat);
}
