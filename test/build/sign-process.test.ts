import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { signProgram } from '../../src/build/sign-process.js';
import { readUki } from '../../src/image/uki.js';
import { signingPair } from '../fixtures/certificates.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { rangesOf } from '../fixtures/ranges.js';
import { run } from '../setup/command.js';
import { program } from '../setup/parts.js';
import { payloadFiles } from '../setup/payload.js';

/** Debian's sbsigntool. */
const SBSIGN = program('sbsign');
const PATH = `${dirname(SBSIGN.command)}:${process.env.PATH ?? ''}`;

async function signing() {
  vi.stubEnv('LD_LIBRARY_PATH', SBSIGN.libraryPath);
  onTestFinished(() => void vi.unstubAllEnvs());
  const folder = await temporaryFolder();
  const files = { key: join(folder, 'db.key'), cert: join(folder, 'db.crt') };
  const { key, cert } = await signingPair();
  await Promise.all([writeFile(files.key, key), writeFile(files.cert, cert)]);
  const signed = join(folder, 'signed.efi');
  const sign = ({ key = files.key, path = PATH, signal = new AbortController().signal } = {}) =>
    signProgram({ unsigned: payloadFiles('amd64').uki, signed }, { ...files, key }, { signal, path });
  return { folder, files, signed, sign };
}

it('signs what firmware verifies by the certificate', async () => {
  const { files, signed, sign } = await signing();
  await sign();
  expect(await readUki(rangesOf(await readFile(signed)))).toMatchObject({ kind: 'uki', uki: { isSigned: true } });
  const sbverify = join(dirname(SBSIGN.command), 'sbverify');
  expect(await run(sbverify, ['--cert', files.cert, signed])).toContain('Signature verification OK');
  const { cert } = await signingPair();
  await writeFile(files.cert, cert);
  await expect(run(sbverify, ['--cert', files.cert, signed])).rejects.toThrow('Signature verification failed');
});

it('says why it cannot, by the last words of sbsign', async () => {
  const { folder, files, sign } = await signing();
  const other = join(folder, 'other.key');
  await writeFile(other, (await signingPair()).key);
  await expect(sign({ key: other })).rejects.toMatchObject({
    code: 'USAGE',
    message: 'sbsign cannot sign the UKI: error in key/certificate chain',
    remedy: expect.stringContaining('belong together') as string,
  });
  await expect(sign({ key: files.cert })).rejects.toThrow(`Can't load key from file '${files.cert}'`);
});

it('says which package has what is missing', async () => {
  const { folder, sign } = await signing();
  await expect(sign({ path: folder })).rejects.toMatchObject({
    code: 'USAGE',
    message: 'sbsign, which signs, is not installed',
    remedy: 'install sbsigntool (Debian, Ubuntu) or sbsigntools (Fedora)',
  });
  await writeFile(join(folder, 'sbsign'), 'no program', { mode: 0o600 });
  await expect(sign({ path: folder })).rejects.toThrow('sbsign, which signs, cannot be run (EACCES)');
});

it('starts nothing once the signal has come', async () => {
  const { folder, sign } = await signing();
  const started = join(folder, 'started');
  await writeFile(join(folder, 'sbsign'), `#!/bin/sh\necho > ${started}\n`, { mode: 0o700 });
  const reason = new Error('enough');
  await expect(sign({ path: folder, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(readFile(started)).rejects.toThrow('ENOENT');
});

it.each([
  ['runs', 'exec sleep 60'],
  ['has ended', 'exit 0'],
])('ends with the signal while it %s, and waits for nobody who holds its stderr', async (_what, last) => {
  const { folder, sign } = await signing();
  const started = join(folder, 'started');
  const script = `#!/bin/sh\nsleep 60 &\necho $$ $! > ${started}\n${last}\n`;
  await writeFile(join(folder, 'sbsign'), script, { mode: 0o700 });
  const ended = new AbortController();
  const signed = sign({ path: `${folder}:${process.env.PATH ?? ''}`, signal: ended.signal }).catch(
    (thrown: unknown) => thrown,
  );
  await expect.poll(() => readFile(started, 'utf8').catch(() => '')).toMatch(/^\d+ \d+\n$/);
  const [own = 0, held = 0] = (await readFile(started, 'utf8')).split(' ').map(Number);
  onTestFinished(() => void process.kill(held));
  if (last.startsWith('exit')) await expect.poll(() => isThere(own)).toBe(false);
  const reason = new Error('enough');
  ended.abort(reason);
  expect(await signed).toBe(reason);
  expect([isThere(own), isThere(held)]).toEqual([false, true]);
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('ends with the signal, and what it has started with it', async () => {
  const { folder, sign } = await signing();
  const started = join(folder, 'started');
  await writeFile(join(folder, 'sbsign'), `#!/bin/sh\necho $$ > ${started}\nexec sleep 60\n`, { mode: 0o700 });
  const ended = new AbortController();
  const signed = sign({ path: `${folder}:${process.env.PATH ?? ''}`, signal: ended.signal }).catch(
    (thrown: unknown) => thrown,
  );
  await expect.poll(() => readFile(started, 'utf8').catch(() => '')).toMatch(/^\d+\n$/);
  const reason = new Error('enough');
  ended.abort(reason);
  expect(await signed).toBe(reason);
  const pid = Number(await readFile(started, 'utf8'));
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
