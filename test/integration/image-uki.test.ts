import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { signingPair } from '../fixtures/certificates.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';
import { run } from '../setup/command.js';
import { payloadParts, program } from '../setup/parts.js';
import { payloadFiles } from '../setup/payload.js';
import { PROGRAM } from '../setup/server.js';

/** The program as built, with a real kernel, systemd's stub and Debian's sbsigntool. */
const { kernel, initramfs, cmdline } = payloadFiles('amd64');
const MAKE = ['image', 'build', '--platform', 'linux/amd64', '--uki', 'make', '--stub', payloadParts('amd64').stub];
const PARTS = ['--kernel', kernel, '--initramfs', initramfs, '--cmdline', cmdline];

type Built = { readonly uki?: { readonly digest: string; readonly size: number } };
type Shown = {
  readonly manifests: readonly [
    { readonly commandLine: string; readonly artifacts: readonly { readonly role: string; readonly digest: string }[] },
  ];
};

async function json<T>(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<T> {
  const { status, out, err } = await bootlayer([...args, '--json'], { cwd, env });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${err}`);
  return JSON.parse(out) as T;
}

async function rolesOf(cwd: string): Promise<readonly string[]> {
  const { manifests } = await json<Shown>(['image', 'inspect', 'oci:image:1'], cwd);
  return manifests[0].artifacts.map(({ role }) => role);
}

it('makes an image of a UKI alone, the same one every time, and leaves nothing behind', async () => {
  const cwd = await temporaryFolder();
  const temporary = join(cwd, 'tmp');
  await mkdir(temporary);
  const first = await json<Built>([...MAKE, ...PARTS, 'oci:image:1'], cwd, { TMPDIR: temporary });
  const again = await json<Built>([...MAKE, ...PARTS, 'oci:image:2'], cwd);
  expect(again.uki).toEqual(first.uki);
  expect(await rolesOf(cwd)).toEqual(['uki']);
  expect(await readdir(temporary)).toEqual([]);
  const { out } = await bootlayer(['image', 'inspect', 'oci:image:1'], { cwd });
  const said = (await readFile(cmdline, 'utf8')).trim();
  expect(out).toContain(`cmdline ${said}`);
  expect(out).toMatch(/^boots {3}ipxe-bios, ipxe-uefi, uefi-http$/m);
  expect(out).toContain(`kernel ${payloadParts('amd64').version}, amd64\n`);
  expect(out).toMatch(/^uki {5}not signed: /m);
});

it('keeps the parts beside it where that is wished', async () => {
  const cwd = await temporaryFolder();
  await json<Built>([...MAKE, ...PARTS, '--keep-parts', 'oci:image:1'], cwd);
  expect(await rolesOf(cwd)).toEqual(['kernel', 'initramfs', 'uki']);
  const { manifests } = await json<Shown>(['image', 'inspect', 'oci:image:1'], cwd);
  expect(manifests[0].commandLine).toBe((await readFile(cmdline, 'utf8')).trim());
});

it('says nothing of a UKI that it has not made', async () => {
  const cwd = await temporaryFolder();
  const built = await json<Built>(
    ['image', 'build', '--platform', 'linux/amd64', '--kernel', kernel, 'oci:image:1'],
    cwd,
  );
  expect(Object.keys(built)).toEqual(['manifest', 'destinations']);
});

it('signs it, as firmware verifies it', async () => {
  const cwd = await temporaryFolder();
  const { key, cert } = await signingPair();
  await Promise.all([writeFile(join(cwd, 'db.key'), key), writeFile(join(cwd, 'db.crt'), cert)]);
  const { command, libraryPath } = program('sbsign');
  const env = { PATH: `${dirname(command)}:${process.env.PATH ?? ''}`, LD_LIBRARY_PATH: libraryPath };
  const signing = ['--sign-key', 'db.key', '--sign-cert', 'db.crt'];
  const { uki } = await json<Built>([...MAKE, ...PARTS, ...signing, 'oci:image:1'], cwd, env);
  const file = join(cwd, 'image/blobs/sha256', uki?.digest.slice('sha256:'.length) ?? '');
  const sbverify = join(dirname(command), 'sbverify');
  const verified = await run(sbverify, ['--cert', join(cwd, 'db.crt'), file], { env: { ...process.env, ...env } });
  expect(verified).toContain('Signature verification OK');
  expect((await bootlayer(['image', 'inspect', 'oci:image:1'], { cwd })).out).toMatch(/^uki {5}signed: /m);
});

it('warns of what firmware would not fill, and refuses more arguments than fit', async () => {
  const cwd = await temporaryFolder();
  const build = async (said: string) => {
    await writeFile(join(cwd, 'cmdline'), said);
    return bootlayer([...MAKE, '--kernel', kernel, '--cmdline', 'cmdline', 'oci:image:1'], { cwd });
  };
  const warned = await build('root=live:{blob.squashfs.url}');
  expect([warned.status, warned.err]).toEqual([
    0,
    expect.stringContaining('{blob.squashfs.url} in the kernel arguments is not filled where firmware starts the UKI'),
  ]);
  const refused = await build('x'.repeat(3_000));
  expect([refused.status, refused.err]).toEqual([
    2,
    expect.stringMatching(/arguments are 3000 bytes long, and \d+ fit/),
  ]);
  const empty = await build(' \n');
  expect([empty.status, empty.err]).toEqual([2, expect.stringContaining('no kernel arguments are in the file')]);
});

it('refuses more than a program of UEFI can have, before it has written any of it', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'large'), '');
  await truncate(join(cwd, 'large'), 4 * 1024 ** 3);
  const { status, err } = await bootlayer([...MAKE, '--kernel', kernel, '--initramfs', 'large', 'oci:image:1'], {
    cwd,
  });
  expect([status, err]).toEqual([
    2,
    expect.stringMatching(/it would have \d+ bytes, and a program of UEFI has 4 GiB at/),
  ]);
});

it('says that the disk is full where it is made, and leaves nothing behind', async () => {
  const cwd = await temporaryFolder();
  const temporary = join(cwd, 'tmp');
  await mkdir(temporary);
  const command = [process.execPath, PROGRAM, ...MAKE, ...PARTS, 'oci:image:1'];
  const script = 'mount -t tmpfs -o size=4m tmpfs "$0" && { "$@"; status=$?; ls -A "$0"; exit $status; }';
  const child = spawn('unshare', ['--mount', '--user', '--map-root-user', 'sh', '-c', script, temporary, ...command], {
    cwd,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect([(await ended)[0], out]).toEqual([1, '']);
  expect(err).toMatch(
    /^bootlayer: the disk of \S+\/tmp is full, where the UKI of 14\.\d MiB is made; let TMPDIR name a folder/,
  );
});

it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind where %s ends it', async (signal) => {
  const cwd = await temporaryFolder();
  const temporary = join(cwd, 'tmp');
  await mkdir(temporary);
  await writeFile(join(cwd, 'large'), '');
  // It takes a while, and little of any disk but this one's.
  await truncate(join(cwd, 'large'), 2 * 1024 ** 3);
  const child = spawn(process.execPath, [PROGRAM, ...MAKE, '--kernel', kernel, '--initramfs', 'large', 'oci:image:1'], {
    cwd,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  const said = text(child.stderr);
  await expect.poll(() => readdirSync(temporary), { interval: 10 }).toHaveLength(1);
  child.kill(signal);
  expect([(await ended)[0], await said]).toEqual([1, `bootlayer: ended by ${signal}\n`]);
  expect(await readdir(temporary)).toEqual([]);
});
