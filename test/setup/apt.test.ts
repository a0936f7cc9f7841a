import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { aptSettings, kernelPackage } from './apt.js';
import { run } from './command.js';

const OWN = `APT "";
APT::Architecture "amd64";
Dir::State "var/lib/apt";
Acquire "";
Acquire::http "";
Acquire::http::Proxy "http://proxy.test:3128";
Acquire::Languages "";
Acquire::Languages:: "de";
Acquire::Retries "3";
DPkg::Post-Invoke:: "rm -rf /";
`;

describe('aptSettings', () => {
  it('keeps how this machine reaches its mirror, and nothing else of it', () => {
    const lines = aptSettings('/parts/apt', OWN, false).split('\n');
    expect(lines.filter((line) => line.startsWith('Acquire::'))).toEqual([
      'Acquire::Languages "none";',
      'Acquire::http "";',
      'Acquire::http::Proxy "http://proxy.test:3128";',
      'Acquire::Retries "3";',
    ]);
    expect(lines.filter((line) => /^(DPkg|Dir::State )/.test(line))).toEqual(['Dir::State "/parts/apt/state";']);
  });

  it('drops no privileges as root, where apt would lose sight of the checkout', () => {
    expect(aptSettings('/parts/apt', '', true)).toContain('APT::Sandbox::User "root";');
    expect(aptSettings('/parts/apt', '', false)).not.toContain('Sandbox');
  });

  it('is what apt reads: both architectures, and no package of this machine', async () => {
    const folder = join(await temporaryFolder(), 'a folder, with more');
    const file = join(await temporaryFolder(), 'apt.conf');
    await writeFile(file, aptSettings(folder, OWN, true));
    await mkdir(join(folder, 'etc/apt.conf.d'), { recursive: true });
    const aptConfig = (...args: readonly string[]): Promise<string> =>
      run('apt-config', args, { env: { ...process.env, APT_CONFIG: file } });
    const paths = await aptConfig('shell', 'STATUS', 'Dir::State::status/f', 'LISTS', 'Dir::State::lists/d');
    expect(paths.trim().split('\n')).toEqual(["STATUS='/dev/null'", `LISTS='${folder}/state/lists/'`]);
    const dump = await aptConfig('dump');
    const architectures = ['APT::Architectures:: "amd64";', 'APT::Architectures:: "arm64";'];
    expect(dump.match(/^APT::Architectures:: .*$/gm)).toEqual(architectures);
    expect(dump).toContain('Acquire::http::Proxy "http://proxy.test:3128";');
  });
});

describe('kernelPackage', () => {
  it.each([
    ['linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-50-cloud-amd64\n', 'linux-image-6.1.0-50-cloud-amd64'],
    [
      'linux-image-cloud-arm64:arm64\n  Depends: linux-image-6.12.117+deb13-cloud-arm64:arm64\n',
      'linux-image-6.12.117+deb13-cloud-arm64',
    ],
    ['linux-image-6.1.0-50-cloud-amd64\n  Depends: kmod\n |Depends: linux-initramfs-tool\n', undefined],
  ])('is named by the meta package: %j', (depends, name) => expect(kernelPackage(depends)).toBe(name));
});
