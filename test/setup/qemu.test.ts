import { expect, it, vi } from 'vitest';
import { installEmulators } from './install.js';
import { requireNode } from './node-version.js';
import { bootMachine } from './qemu.js';

/** A machine that has no QEMU. */
async function withoutQemu(work: () => Promise<unknown>): Promise<void> {
  vi.stubEnv('PATH', '/nonexistent');
  try {
    await work();
  } finally {
    vi.unstubAllEnvs();
  }
}

it('says how to get QEMU when there is none', () =>
  withoutQemu(async () => {
    const machine = { firmware: 'bios', architecture: 'amd64', script: 'http://10.0.2.2/boot.ipxe' } as const;
    await expect(bootMachine(machine)).rejects.toThrow(
      'qemu-system-x86_64 is not installed\n  install it with: apt-get install --no-install-recommends qemu-system-x86',
    );
  }));

it('tells whoever may not install it the whole command', () =>
  withoutQemu(async () => {
    const getuid = vi.spyOn(process, 'getuid').mockReturnValue(1000);
    const asking = installEmulators(['qemu-system-x86_64', 'qemu-system-aarch64'], { yes: false });
    await expect(asking).rejects.toThrow(
      'install it with: sudo apt-get install -y --no-install-recommends qemu-system-x86 qemu-system-arm',
    );
    getuid.mockRestore();
  }));

it.each(['18.20.0', '20.18.3'])('refuses Node %s in words', (version) => {
  expect(() => requireNode(version)).toThrow(`Node 20.19 or newer is needed, this is ${version}`);
});

it.each(['20.19.0', '22.0.0', '24.1.0'])('takes Node %s', (version) => {
  expect(() => requireNode(version)).not.toThrow();
});
