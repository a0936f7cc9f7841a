import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { ROOT } from '../setup/command.js';
import { NetworkNamespace } from '../setup/network-namespace.js';
import { program } from '../setup/parts.js';
import { PROGRAM, startServer } from '../setup/server.js';

/** Ports below 1024, and who the server is while it has them. */
async function setUp(lines: readonly string[], options: { readonly hasUsers?: boolean } = {}) {
  const network = await NetworkNamespace.start(options);
  onTestFinished(async () => void (await network.stop()));
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'ipxe'));
  await writeFile(join(folder, 'ipxe', 'snponly.efi'), 'an iPXE');
  await chmod(folder, 0o755);
  const config = join(folder, 'bootlayer.yaml');
  const common = ['advertise: 127.0.0.1', 'api: { listen: "127.0.0.1:0" }', 'ipxe: { binaries: ipxe }'];
  await writeFile(config, `${[...common, ...lines, 'assignments: []'].join('\n')}\n`);
  const { command, libraryPath } = program('curl');
  const fetchFrom = async (url: string) => {
    const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
    return (await network.run([command, '-sS', '--max-time', '10', url], { env })).out;
  };
  return { network, folder, config, fetchFrom };
}

const LISTEN = ['http: { listen: "127.0.0.1:80" }', 'tftp: { listen: "127.0.0.1:69" }'];
const ACTIVATION = join(ROOT, 'test/setup/activation.js');

/** What runs the rest with no capability but these. */
const only = (...capabilities: readonly string[]) => {
  const set = ['-all', ...capabilities].join(',');
  return ['setpriv', '--bounding-set', set, '--inh-caps', set, '--'];
};

async function startIn(config: string, within: readonly string[]) {
  const server = await startServer(config, { within });
  onTestFinished(async () => void (await server.stop()));
  return server;
}

describe('ports below 1024', () => {
  it('need no more than CAP_NET_BIND_SERVICE', async () => {
    const { network, config, fetchFrom } = await setUp(['data: data', ...LISTEN]);
    const server = await startIn(config, [...network.within, ...only('+net_bind_service')]);
    expect([server.http, server.tftp]).toEqual(['127.0.0.1:80', '127.0.0.1:69']);
    expect(await fetchFrom('tftp://127.0.0.1/snponly.efi')).toBe('an iPXE');
    expect(await fetchFrom('http://127.0.0.1/ipxe/snponly.efi')).toBe('an iPXE');
  });

  it('are refused with what to do without it', async () => {
    const { network, config } = await setUp(['data: data', 'http: { listen: "127.0.0.1:8080" }', LISTEN[1] ?? '']);
    const { status, out } = await network.run([...only(), process.execPath, PROGRAM, 'serve', '-c', config]);
    expect(status).toBe(1);
    expect(out).toContain(
      'cannot listen on 127.0.0.1:69: that needs privileges; grant CAP_NET_BIND_SERVICE, start as root with',
    );
  });

  it('may be inherited, several of one kind, by a server that could not open them', async () => {
    const { network, config, fetchFrom } = await setUp(['data: data']);
    const sockets = ['tftp=127.0.0.1@69', 'tftp=127.0.0.2@69', 'tftp=::1@69', 'http=127.0.0.1@80', 'http=::1@80'];
    const activated = [...network.within, process.execPath, ACTIVATION, ...sockets, '--', ...only()];
    const server = await startIn(config, activated);
    expect([server.http, server.tftp]).toEqual(['127.0.0.1:80', '127.0.0.1:69, 127.0.0.2:69, [::1]:69']);
    for (const host of ['127.0.0.1', '127.0.0.2', '[::1]'])
      expect([host, await fetchFrom(`tftp://${host}/snponly.efi`)]).toEqual([host, 'an iPXE']);
    for (const host of ['127.0.0.1', '[::1]'])
      expect([host, await fetchFrom(`http://${host}/ipxe/snponly.efi`)]).toEqual([host, 'an iPXE']);
  });

  it.runIf(process.getuid?.() === 0).each([
    { user: 'nobody', ids: userInfo('nobody'), within: [] },
    // As in a container: no `id` is found, and nobody is known by that number.
    { user: '65532:65532', ids: { uid: 65_532, gid: 65_532, groups: '65532' }, within: ['env', 'PATH=/nowhere'] },
  ])('are opened by root, who is $user from then on', async ({ user, ids: { uid, gid, groups }, within }) => {
    const { network, folder, config, fetchFrom } = await setUp(['data: data', `user: "${user}"`, ...LISTEN], {
      hasUsers: true,
    });
    await mkdir(join(folder, 'data'));
    await chown(join(folder, 'data'), uid, gid);
    const server = await startIn(config, [...network.within, ...within]);
    expect([server.http, server.tftp]).toEqual(['127.0.0.1:80', '127.0.0.1:69']);
    const threads = await readdir(`/proc/${server.process.pid}/task`);
    for (const thread of threads) {
      const status = await readFile(`/proc/${server.process.pid}/task/${thread}/status`, 'utf8');
      expect(/^Uid:(.*)$/m.exec(status)?.[1]?.trim().split('\t')).toEqual(Array(4).fill(String(uid)));
      expect(/^Gid:(.*)$/m.exec(status)?.[1]?.trim().split('\t')).toEqual(Array(4).fill(String(gid)));
      expect(/^Groups:(.*)$/m.exec(status)?.[1]?.trim()).toBe(groups);
      expect(/^CapEff:\s*(\w+)$/m.exec(status)?.[1]).toMatch(/^0+$/);
    }
    expect(await fetchFrom('tftp://127.0.0.1/snponly.efi')).toBe('an iPXE');
    for (const name of await readdir(join(folder, 'data')))
      expect([name, (await stat(join(folder, 'data', name))).uid]).toEqual([name, uid]);
  });
});

/** Of a user of this system. */
function userInfo(name: string) {
  const told = (option: string) => execFileSync('id', [option, name], { encoding: 'utf8' }).trim();
  return { uid: Number(told('-u')), gid: Number(told('-g')), groups: told('-G') };
}
