import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { buildDebian } from '../../deploy/package/debian.js';
import { nativeFile } from '../../deploy/package/executable.js';
import { digestOf, nativePath } from '../../deploy/package/native.js';
import { buildPackages } from '../../deploy/package/package.js';
import { CleanRoot } from '../fixtures/clean-root.js';
import { startCollector } from '../fixtures/collector.js';
import { DEPLOY } from '../fixtures/deploy.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { kernelIn, kernelUrl } from '../fixtures/serving.js';
import { run } from '../setup/command.js';
import { payloadFiles } from '../setup/payload.js';

const CONFIG = `advertise: 127.0.0.1
http: { listen: 127.0.0.1:0 }
tftp: { listen: 127.0.0.1:0 }
api: { listen: 127.0.0.1:0 }
assignments: [{ name: all, match: {}, image: "oci:/images/os:1" }]
`;
const SERVE = ['/bootlayer', 'serve', '-c', '/bootlayer.yaml'];

let folder: string;
let executable: string;
let debian: string;
let native: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bootlayer-test-'));
  const made = await buildPackages(folder);
  executable = made.executable;
  debian = made.debian ?? '';
  native = readFileSync(nativeFile());
});

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With an image, by the program itself, and a configuration that boots everybody with it. */
async function rootWithImage(program: string): Promise<CleanRoot> {
  const { kernel, initramfs } = payloadFiles('amd64');
  const root = await CleanRoot.make(executable, nativeFile());
  root.copy(executable, program);
  root.copy(kernel, '/kernel');
  root.copy(initramfs, '/initramfs');
  const files = ['--kernel', '/kernel', '--initramfs', '/initramfs'];
  await root.run(program, 'image', 'build', '--platform', 'linux/amd64', ...files, 'oci:/images/os:1');
  writeFileSync(root.path('/bootlayer.yaml'), CONFIG);
  return root;
}

async function bootsFrom(http: string): Promise<void> {
  expect((await fetch(`http://${http}/healthz`)).status).toBe(200);
  const address = `http://${http}/boot/script?mac=52-54-00-00-00-01&buildarch=x86_64&platform=pcbios`;
  const script = await (await fetch(address)).text();
  expect(kernelUrl(script)).toMatch(/^http:/);
  expect(digestOf(await kernelIn(script))).toBe(digestOf(readFileSync(payloadFiles('amd64').kernel)));
}

it('boots machines from one file, where there is no Node, and unpacks into its data what it loads', async () => {
  const root = await rootWithImage('/bootlayer');
  const first = await root.serve(SERVE);
  await bootsFrom(first.http);
  const file = root.path(join('/var/lib/bootlayer', nativePath(digestOf(native))));
  expect(digestOf(readFileSync(file))).toBe(digestOf(native));

  // The configuration is read anew in a thread of its own.
  const reloaded = first.logged('mapping.reloaded');
  writeFileSync(root.path('/bootlayer.yaml'), `${CONFIG}machines: [{ name: one, mac: "52:54:00:00:00:01" }]\n`);
  first.server.kill('SIGHUP');
  await reloaded;
  expect(await first.server.stop()).toBe(0);

  const { ino } = statSync(file);
  const collector = await startCollector();
  // What sends traces is loaded for whoever wants them alone.
  writeFileSync(root.path('/bootlayer.yaml'), `${CONFIG}traces: { otlp: "${collector.url}" }\n`);
  const second = await root.serve(SERVE);
  expect(statSync(file).ino).toBe(ino);
  await bootsFrom(second.http);
  expect(await second.server.stop()).toBe(0);
  expect(collector.spans().map(({ name }) => name)).toContain('boot');

  await root.run('/bootlayer', 'state', 'backup', '/copy.db', '-c', '/bootlayer.yaml');
  expect(readFileSync(root.path('/copy.db')).subarray(0, 15).toString()).toBe('SQLite format 3');
  expect(statSync(file).ino).toBe(ino);
});

it('loads and reads nothing that lies in folders beside it', async () => {
  const root = await rootWithImage('/bootlayer');
  // fdir, which lists files, loads this one where it finds it.
  mkdirSync(root.path('/node_modules/picomatch'), { recursive: true });
  writeFileSync(root.path('/node_modules/picomatch/index.js'), "require('node:fs').writeFileSync('/loaded', '');");
  writeFileSync(root.path('/package.json'), '{ "no JSON');
  const { http } = await root.serve(SERVE);
  await bootsFrom(http);
  expect(existsSync(root.path('/loaded'))).toBe(false);
});

it('never loads what was damaged since it was unpacked', async () => {
  const root = await rootWithImage('/bootlayer');
  const data = root.path('/var/lib/bootlayer');
  const file = join(data, nativePath(digestOf(native)));
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  // Whoever loads this ends at once.
  writeFileSync(file, Buffer.alloc(native.length, 'no program'), { mode: 0o600 });
  const { http } = await root.serve(SERVE);
  expect(digestOf(readFileSync(file))).toBe(digestOf(native));
  await bootsFrom(http);
});

it('is a Debian package, the same each time, whose server needs nothing unpacked', async () => {
  const listed = await run('dpkg-deb', ['-c', debian]);
  const owners = [...listed.matchAll(/^\S+ (\S+)/gm)].map(([, owner]) => owner);
  expect(new Set(owners)).toEqual(new Set(['root/root']));
  expect(listed).toMatch(/^lrwxrwxrwx .* \.\/usr\/bin\/bootlayer -> \.\.\/lib\/bootlayer\/bootlayer$/m);
  for (const name of readdirSync(DEPLOY).filter((one) => /\.(yaml|conf|json)$/.test(one)))
    expect(listed).toContain(`./usr/share/doc/bootlayer/examples/${name}\n`);

  const again = await temporaryFolder();
  const version = /_(.*)_/.exec(debian)?.[1] ?? '';
  const other = await buildDebian(again, { executable, version, work: again });
  expect(digestOf(readFileSync(other))).toBe(digestOf(readFileSync(debian)));

  const root = await rootWithImage('/bootlayer');
  rmSync(root.path('/bootlayer'));
  await install(debian, root.folder);
  expect(readFileSync(root.path('/etc/passwd'), 'utf8')).toMatch(/^bootlayer:/m);
  const { http } = await root.serve(['/usr/bin/bootlayer', ...SERVE.slice(1)]);
  await bootsFrom(http);
  expect(readdirSync(root.path('/var/lib/bootlayer')).sort()).toEqual(expect.arrayContaining(['cache', 'state.db']));
  expect(existsSync(root.path('/var/lib/bootlayer/native'))).toBe(false);
});

it('tells of itself as Debian wants it, and whom it is told to name', async () => {
  const [first, second] = [await temporaryFolder(), await temporaryFolder()];
  const wanted = { DEBFULLNAME: 'Ada of the lab', DEBEMAIL: 'ada@boot.lab', SOURCE_DATE_EPOCH: '1700000000' };
  for (const [name, value] of Object.entries(wanted)) vi.stubEnv(name, value);
  const file = await buildDebian(first, { executable, version: '0.1.0', work: first });
  expect(await run('dpkg-deb', ['-f', file, 'Maintainer'])).toBe('Ada of the lab <ada@boot.lab>\n');
  await run('dpkg-deb', ['-x', file, join(first, 'root')]);
  const docs = join(first, 'root/usr/share/doc/bootlayer');
  const zipped = (name: string) => gunzipSync(readFileSync(join(docs, name))).toString();
  expect(zipped('changelog.gz')).toMatch(
    /^bootlayer \(0\.1\.0\) .*\n\n {2}\* .*\n\n -- Ada of the lab <ada@boot\.lab> {2}Tue, 14 Nov 2023 22:13:20 \+0000\n$/,
  );
  expect(readFileSync(join(docs, 'copyright'), 'utf8')).toContain('/usr/share/doc/bootlayer/licences.gz');
  expect(zipped('licences.gz')).toContain('Node.js');
  expect(zipped('CHANGELOG.md.gz')).toContain('# Changelog');

  vi.stubEnv('DEBEMAIL', 'nobody\nPriority: required');
  await expect(buildDebian(second, { executable, version: '0.1.0', work: second })).rejects.toThrow('is no maintainer');
});

it('installs a configuration of its own that does, and units that start what is installed', async () => {
  const root = await temporaryFolder();
  await install(debian, root);
  const unit = readFileSync(join(root, 'usr/lib/systemd/system/bootlayer.service'), 'utf8');
  expect(unit).toMatch(/^ExecStart=\/usr\/bin\/bootlayer serve -c \/etc\/bootlayer\/bootlayer\.yaml$/m);
  await run('md5sum', ['--check', '--quiet', join(root, 'var/lib/dpkg/info/bootlayer.md5sums')], { cwd: root });
  const configuration = join(root, 'etc/bootlayer/bootlayer.yaml');
  const told = await run(join(root, 'usr/bin/bootlayer'), ['check', '--offline', '-c', configuration]);
  expect(told).toMatch(/^0 machines, 0 assignments, 0 problems/m);

  writeFileSync(configuration, 'advertise: 192.168.77.1\n');
  await install(debian, root);
  expect(readFileSync(configuration, 'utf8')).toBe('advertise: 192.168.77.1\n');
  await dpkg(root, '--purge', 'bootlayer');
  expect(existsSync(join(root, 'usr/lib/bootlayer'))).toBe(false);
  expect(existsSync(configuration)).toBe(false);
});

/** With its scripts, which act upon that root. */
async function install(file: string, root: string): Promise<void> {
  mkdirSync(join(root, 'var/lib/dpkg/updates'), { recursive: true });
  mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true });
  writeFileSync(join(root, 'var/lib/dpkg/status'), '', { flag: 'a' });
  await dpkg(root, '--install', file);
}

/** An ordinary user is root in a namespace of its own. */
async function dpkg(root: string, ...action: readonly string[]): Promise<void> {
  const options = [
    `--root=${root}`,
    '--force-depends',
    '--force-script-chrootless',
    '--force-confold',
    '--log=/dev/null',
  ];
  await run('unshare', ['--user', '--map-root-user', 'dpkg', ...options, ...action]);
}
