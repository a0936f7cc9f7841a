import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf, hexOf } from '../../src/oci/digest.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { bootlayer } from '../fixtures/program.js';
import { freePort } from '../setup/free-port.js';
import { startServer } from '../setup/server.js';

const CONFIG = `advertise: 127.0.0.1
data: data
http: { listen: "127.0.0.1:0" }
tftp: { listen: "127.0.0.1:0" }
api: { listen: "127.0.0.1:0" }
assignments: [{ name: all, match: {}, image: "oci:image:1" }]
`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, contents] of Object.entries(files)) await writeFile(join(folder, name), contents);
  return folder;
}

describe('bootlayer', () => {
  it('explains itself', async () => {
    const { status, out } = await bootlayer(['--help']);
    expect(status).toBe(0);
    for (const word of ['serve', 'image', 'cache', 'demo']) expect(out).toContain(word);
    expect((await bootlayer(['image', 'build', '--help'])).out).toMatch(
      /bootlayer image build --append[\s\S]*bootlayer image build .*--uki make --kernel/,
    );
    expect((await bootlayer(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['nonsense'], 2, "unknown command 'nonsense'"],
    [['doctor', '--pcap', 'boot.pcap'], 2, 'boot.pcap cannot be read (ENOENT)'],
    [['doctor'], 2, 'there is no configuration'],
    [['image', 'verify', '--key', 'os.pub', 'oci:x:1'], 2, 'signatures are not verified in this version'],
    [['image', 'push', 'oci:x', 'oci:y'], 2, '"oci:y" names no tag'],
    [['image', 'push', 'oci:x:1', `oci:y@sha256:${'0'.repeat(64)}`], 2, 'a digest cannot be written to'],
    [['image', 'push', 'oci:/nonexistent:1', 'oci:y'], 1, 'has no layout'],
    [['image', 'pull', '--platform', 'linux/pdp11', 'oci:x:1'], 2, '"linux/pdp11" is no platform'],
    [['image', 'pull', 'oci:x:1'], 2, 'there is no configuration'],
    [['serve', '--log-level', 'loud'], 2, "'loud' is invalid"],
    [
      ['assignment', 'set', 'a', '--boot', 'fast'],
      2,
      'Allowed choices are auto, kernel, uki, iso, local; "" takes out what there is.\n',
    ],
    [['image', 'inspect', 'lab:5000/UPPER'], 2, 'is not an image reference'],
    [['image', 'inspect', 'debian:12'], 2, 'names no registry'],
    [['image', 'inspect', 'oci:/nonexistent:1'], 1, 'has no layout'],
    [['image', 'build', '--kernel', '/etc/hostname', 'oci:x:1'], 2, 'add --platform linux/amd64 or the like'],
    [['image', 'build', '--plattform', 'linux/amd64', 'oci:x:1'], 2, "unknown option '--plattform'"],
    [['image', 'build', '--platform', 'linux/pdp11', 'oci:x:1'], 2, '"linux/pdp11" is no platform'],
    [['image', 'build', '--platform', 'linux/amd64', 'oci:x:1'], 2, 'nothing to build an image from'],
    [
      ['image', 'build', '--platform', 'linux/amd64', '--kernel', '/nonexistent', 'oci:x:1'],
      2,
      'cannot read /nonexistent for the kernel (ENOENT)',
    ],
    [['image', 'build', '--platform', 'linux/amd64', '--kernel', '/etc/hostname', 'oci:x'], 2, 'names no tag'],
    [['image', 'build', '--uki', 'make', 'oci:x:1'], 2, 'add --platform linux/amd64 or the like'],
    [['image', 'build', '--platform', 'linux/amd64', '--uki', 'make', 'oci:x:1'], 2, 'add --kernel'],
    [
      ['image', 'build', '--platform', 'linux/amd64', '--uki', './make', 'oci:x:1'],
      2,
      'cannot read ./make for the uki',
    ],
    [
      ['image', 'build', '--stub', 'x', '--kernel', '/etc/hostname', '--platform', 'linux/amd64', 'oci:x:1'],
      2,
      'add --uki make, or leave --stub out',
    ],
    [
      ['image', 'build', '--uki', 'make', '--kernel', '/etc/hostname', '--platform', 'linux/riscv64', 'oci:x:1'],
      2,
      'linuxriscv64.efi.stub; install systemd-boot-efi',
    ],
    [
      [
        'image',
        'build',
        '--uki',
        'make',
        '--kernel',
        '/etc/hostname',
        '--stub',
        '/etc/hostname',
        '--platform',
        'linux/amd64',
        'oci:x:1',
      ],
      2,
      '/etc/hostname for the stub is no stub; name linuxx64.efi.stub by --stub, which is in systemd-boot-efi (Debian',
    ],
    [['serve', '-c', '/nonexistent.yaml'], 2, 'cannot read the configuration /nonexistent.yaml (ENOENT)'],
  ])('%s', async (args, status, message) => {
    const ran = await bootlayer(args, { cwd: await temporaryFolder() });
    expect(ran.err).toContain(message);
    expect(ran.status).toBe(status);
    expect(ran.err).not.toContain('    at ');
  });

  it('says where it looked when there is no configuration', async () => {
    const { status, err } = await bootlayer(['serve'], { cwd: await temporaryFolder() });
    expect([status, err]).toEqual([
      2,
      expect.stringMatching(/there is no configuration \(looked for .*bootlayer\.yaml and /),
    ]);
  });
});

describe('bootlayer image build', () => {
  it('makes a layout that inspect reads, in plain lines and in JSON', async () => {
    const cwd = await folderWith({ kernel: 'k', initrd: 'i', cmdline: ' quiet\n' });
    const files = ['--kernel', 'kernel', '--initramfs', 'initrd', '--cmdline', 'cmdline'];
    const built = await bootlayer(
      ['image', 'build', '--platform', 'linux/x86_64', ...files, 'oci:image:1', 'oci:other:2'],
      { cwd },
    );
    expect(built.out).toMatch(/^oci:\/\S+\/image:1@sha256:[0-9a-f]{64}\noci:\/\S+\/other:2@sha256:[0-9a-f]{64}\n$/);
    expect(built.err.split('\n').filter((line) => line.includes('image:1: '))).toHaveLength(2);
    const shown = await bootlayer(['image', 'inspect', 'oci:image'], { cwd });
    expect(shown.out).toContain('linux/amd64, metal');
    expect(shown.out).toContain('cmdline quiet');
    const evil = ['--annotation', 'note=\u001b[2Jgone', '--kernel', 'kernel', 'oci:evil:1'];
    await bootlayer(['image', 'build', '--platform', 'linux/amd64', ...evil], { cwd });
    expect((await bootlayer(['image', 'inspect', 'oci:evil:1'], { cwd })).out).toContain('note    note=?[2Jgone');
    const json = await bootlayer(['image', 'inspect', '--json', 'oci:image:1'], { cwd });
    expect(JSON.parse(json.out)).toMatchObject({ manifests: [{ commandLine: 'quiet' }] });
  });

  it('warns of what boots nobody by what it is, and inspect says of each client why', async () => {
    const cwd = await folderWith({ initrd: 'i', uki: 'MZ' });
    await writeFile(join(cwd, 'vmlinuz.gz'), Buffer.from([0x1f, 0x8b]));
    const build = ['image', 'build', '--platform', 'linux/amd64'];
    const gzip = await bootlayer([...build, '--kernel', 'vmlinuz.gz', '--initramfs', 'initrd', 'oci:gzip:1'], { cwd });
    expect(gzip.err).toContain('warning: nothing can be booted from it: its kernel is packed by gzip');
    const uki = await bootlayer([...build, '--uki', 'uki', 'oci:program:1'], { cwd });
    expect(uki.err).not.toContain('warning');
    const { out } = await bootlayer(['image', 'inspect', 'oci:program:1'], { cwd });
    expect(out).toMatch(/^boots {3}ipxe-uefi, uefi-http\n {8}not ipxe-bios: its UKI cannot be opened: /m);
  });
});

describe('bootlayer serve', () => {
  it('refuses a broken configuration with every problem and its place, before it opens a port', async () => {
    const cwd = await folderWith({ 'bootlayer.yaml': `${CONFIG}asignments: []\nhttp: { listen: nowhere }\n` });
    const { status, err } = await bootlayer(['serve'], { cwd });
    expect(status).toBe(2);
    expect(err).toContain('bootlayer.yaml:8:1');
  });

  it('says which port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG });
    const { status, err } = await bootlayer(['serve'], { cwd, env: { BOOTLAYER_HTTP_LISTEN: `127.0.0.1:${port}` } });
    expect(status).toBe(1);
    expect(err).toContain(`cannot listen on 127.0.0.1:${port}: another program listens there already`);
    expect(err).toContain('set http.listen to another port');
  });

  it('says that the data folder cannot be used', async () => {
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG, data: 'a file' });
    const { status, err } = await bootlayer(['serve'], { cwd });
    expect(status).toBe(1);
    expect(err).toMatch(/\/data cannot be (made|used) \(E[A-Z]+\); .*data/);
  });

  it('says that the data folder is not writable', async () => {
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG });
    // Root may write anywhere but here.
    const { status, err } = await bootlayer(['serve'], { cwd, env: { BOOTLAYER_DATA: '/sys/bootlayer' } });
    expect(status).toBe(1);
    expect(err).toMatch(/\/sys\/bootlayer cannot be made \(E[A-Z]+\); set "data" to a folder/);
  });

  it('refuses a data folder that another server uses', async () => {
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG });
    const server = await startServer(join(cwd, 'bootlayer.yaml'));
    onTestFinished(async () => void (await server.stop()));
    const { status, err } = await bootlayer(['serve'], { cwd });
    expect(status).toBe(1);
    expect(err).toContain('in use by another server');
  });

  it('refuses an address that is none', async () => {
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG });
    const { status, err } = await bootlayer(['serve'], { cwd, env: { BOOTLAYER_ADVERTISE: 'not an address' } });
    expect(status).toBe(2);
    expect(err).toContain('BOOTLAYER_ADVERTISE: advertise: "not an address" is no address');
  });

  it('ends well when it is told to', async () => {
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG });
    const server = await startServer(join(cwd, 'bootlayer.yaml'), {
      env: { BOOTLAYER_HTTP_LISTEN: `127.0.0.1:${await freePort()}` },
    });
    expect((await fetch(`http://${server.http}/readyz`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });
});

describe('bootlayer cache ls', () => {
  it('lists nothing, and what there is', async () => {
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG });
    expect((await bootlayer(['cache', 'ls'], { cwd })).out).toMatch(/^there is no cache yet in \S+\/data\/cache\n$/);
    const folder = join(cwd, 'data/cache/blobs/sha256');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'a'.repeat(64)), 'x'.repeat(2048));
    await writeFile(join(folder, 'stranger'), '');
    await chmod(folder, 0o555);
    expect((await bootlayer(['cache', 'ls'], { cwd })).out).toContain(
      `sha256:${'a'.repeat(64)}  2.0 KiB\n1 blob, 2.0 KiB`,
    );
    const { blobs } = JSON.parse((await bootlayer(['cache', 'ls', '--json'], { cwd })).out) as { blobs: unknown };
    expect(blobs).toEqual([{ digest: `sha256:${'a'.repeat(64)}`, size: 2048 }]);
  });
});

describe('bootlayer cache verify and rm', () => {
  async function withCache() {
    const cwd = await folderWith({ 'bootlayer.yaml': CONFIG });
    const folder = join(cwd, 'data/cache/blobs/sha256');
    await mkdir(folder, { recursive: true });
    const good = digestOf(Buffer.from('good'));
    const bad = digestOf(Buffer.from('bad'));
    await writeFile(join(folder, hexOf(good)), 'good');
    await writeFile(join(folder, hexOf(bad)), 'dab');
    return { cwd, good, bad };
  }

  it('finds what is damaged, and removes it when told to', async () => {
    const { cwd, bad } = await withCache();
    const found = await bootlayer(['cache', 'verify'], { cwd });
    expect(found).toMatchObject({
      status: 1,
      out: expect.stringContaining(`${bad} is damaged\n2 blobs, 1 not intact`) as string,
      err: expect.stringContaining('cache verify --remove') as string,
    });
    const json = await bootlayer(['cache', 'verify', '--remove', '--json'], { cwd });
    expect([json.status, JSON.parse(json.out)]).toMatchObject([
      0,
      { blobs: 2, wrong: [{ digest: bad, size: 3, state: 'damaged' }], removed: true },
    ]);
    expect(await bootlayer(['cache', 'verify'], { cwd })).toMatchObject({
      status: 0,
      out: expect.stringContaining('1 blob, 0 not intact') as string,
    });
  });

  it('removes what is named, and says what is not there', async () => {
    const { cwd, good, bad } = await withCache();
    const none = digestOf(Buffer.from('none'));
    const { status, out, err } = await bootlayer(['cache', 'rm', good, none, bad], { cwd });
    expect([status, out]).toEqual([1, `removed ${good}\nremoved ${bad}\n`]);
    expect(err).toContain(`has no ${none}; bootlayer cache ls lists`);
    expect((await bootlayer(['cache', 'rm', 'sha256:x'], { cwd })).status).toBe(2);
  });
});

it('ends quietly when nobody reads on', async () => {
  const { status, err } = await bootlayer(['--help'], { closeOutput: true });
  expect([status, err]).toEqual([0, '']);
});
