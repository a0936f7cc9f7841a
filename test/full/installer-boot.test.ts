import { join } from 'node:path';
import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { buildIsoImage } from '../fixtures/iso-images.js';
import { installerIso } from '../fixtures/iso-installer.js';
import { bootlayer } from '../fixtures/program.js';
import { startProvisionedSite } from '../fixtures/provisioned-site.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { installerFiles } from '../setup/parts.js';
import { bootMachine } from '../setup/qemu.js';

/** What its first command does shows that it was fetched and is obeyed; the installation itself is not waited for. */
const PRESEED = [
  'd-i preseed/early_command string wget -q -O /dev/null {server}/early; echo PRESEED-OBEYED >/dev/console',
  '',
].join('\n');

/** Kernel and initramfs as Debian publishes them, with an initramfs 35 times the size of the test system's. */
describe("Debian's installer comes up", () => {
  const folder = useImageFolder(async (image) => {
    const { kernel, initramfs } = installerFiles();
    const files = ['--kernel', kernel, '--initramfs', initramfs];
    const { status, err } = await bootlayer([
      'image',
      'build',
      '--platform',
      'linux/amd64',
      ...files,
      `${image}:layers`,
    ]);
    if (status !== 0) throw new Error(`image build ended with ${status}: ${err}`);
    await buildIsoImage({ reference: `${image}:iso`, architecture: 'amd64' }, await installerIso());
  });

  it('as the GRUB menu of its ISO says', async ({ expect }) => {
    const { out } = await bootlayer(['image', 'inspect', `oci:${join(folder(), 'image')}:iso`]);
    expect(out).toContain(`opened by /boot/grub/grub.cfg, entry "Install": Debian's installer\n`);
    expect(out).toContain('cmdline vga=788 --- quiet\n');
  });

  it.concurrent.for([
    ['bios', 'layers'],
    ['uefi', 'iso'],
  ] as const)('to its first question: %s, of an image with %s', async ([firmware, tag], context) => {
    const { expect } = context;
    // Else it draws a picture of it.
    const kernelArgs = '{ append: [console=ttyS0, DEBIAN_FRONTEND=text] }';
    const assignments = [`{ name: all, match: {}, image: "oci:../image:${tag}", kernelArgs: ${kernelArgs} }`];
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
    const tap = await segment.addTap();
    const { line } = await bootMachine({
      ...{ firmware, architecture: 'amd64', tap },
      ...{ expect: /Select a language/, seconds: 300 },
    });
    expect(line).toBe('Select a language');
    await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['kernel', 'initramfs']);
    expect(told('fault')).toEqual([]);
  });

  it.concurrent('and does what the preseed says that its kernel was told of, which it fetches once', async (context) => {
    const { expect } = context;
    const { segment, asked, told } = await startProvisionedSite(context, {
      ...{ folder: folder(), image: 'oci:../image:layers', documents: { '/preseed.cfg': PRESEED, '/early': '' } },
      kernelArgs: (server) => [
        ...['console=ttyS0', 'DEBIAN_FRONTEND=text'],
        ...['auto=true', 'priority=critical', `preseed/url=${server}/preseed.cfg`],
      ],
    });
    const tap = await segment.addTap();
    await bootMachine({ firmware: 'bios', architecture: 'amd64', tap, expect: /PRESEED-OBEYED/, seconds: 500 });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /preseed.cfg', 'GET /early']);
    expect(told('fault')).toEqual([]);
  });
});
