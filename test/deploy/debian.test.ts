import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEPLOY } from '../fixtures/deploy.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { run } from '../setup/command.js';

const OWN = join(DEPLOY, 'package/debian');
const UNITS = readdirSync(DEPLOY).filter((name) => /\.(service|socket)$/.test(name));

/** What a script of the package asks of systemd, where all of that fails. Rejects where the script fails by it. */
async function asked(script: string, ...args: readonly string[]): Promise<readonly string[]> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'bin'));
  for (const name of ['systemctl', 'systemd-sysusers']) {
    const fails = name === 'systemctl' ? 'exit 1' : '';
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\necho "${name} $*" >> "${folder}/asked"\n${fails}\n`);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  await writeFile(join(folder, 'asked'), '');
  // As on a host that systemd has started, in a namespace of its own.
  const booted = 'mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec sh "$@"';
  const within = ['--user', '--map-root-user', '--mount', 'sh', '-ec', booted, 'sh'];
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };
  await run('unshare', [...within, join(OWN, script), ...args], { env });
  return readFileSync(join(folder, 'asked'), 'utf8').split('\n').slice(0, -1);
}

describe('the scripts of the Debian package', () => {
  it('install and upgrade it also where the server does not start', async () => {
    expect(await asked('postinst', 'configure', '0.1.0')).toEqual([
      'systemd-sysusers bootlayer.conf',
      'systemctl daemon-reload',
      'systemctl try-restart bootlayer.service',
    ]);
  });

  it('stop every socket with the service, and leave no unit enabled, where it is removed', async () => {
    const [stop, disable, ...more] = await asked('prerm', 'remove');
    expect(stop).toBe('systemctl stop bootlayer*.socket bootlayer.service');
    expect(disable?.replace('systemctl disable ', '').split(' ').toSorted()).toEqual(UNITS.toSorted());
    expect(more).toEqual([]);
    expect(await asked('prerm', 'upgrade', '0.2.0')).toEqual([]);
    expect(await asked('postrm', 'remove')).toEqual(['systemctl daemon-reload']);
  });

  it('empty the data where it is purged, also where a disk of its own is mounted there', async () => {
    const root = await temporaryFolder();
    const data = join(root, 'var/lib/bootlayer');
    await mkdir(data, { recursive: true });
    const purge = 'mount -t tmpfs none "$1" && mkdir "$1/cache" && touch "$1/state.db"; sh "$2" purge; ls -A "$1"';
    const within = ['--user', '--map-root-user', '--mount', 'sh', '-ec', purge, 'sh'];
    const env = { ...process.env, DPKG_ROOT: root };
    expect(await run('unshare', [...within, data, join(OWN, 'postrm')], { env })).toBe('');
    await writeFile(join(data, 'state.db'), '');
    await run('sh', [join(OWN, 'postrm'), 'purge'], { env });
    expect(existsSync(data)).toBe(false);
  });
});

it.each(['README.md', 'deploy/package/debian/bootlayer.yaml'])('%s has its ports opened with the service', (name) => {
  const text = readFileSync(join(DEPLOY, '..', name), 'utf8');
  const commands = [...text.matchAll(/systemctl enable --now (.*)$/gm)].map(([, units]) => units);
  expect(commands.length).toBeGreaterThan(0);
  for (const units of commands) expect(units).toBe('bootlayer-http.socket bootlayer-tftp.socket bootlayer.service');
});
