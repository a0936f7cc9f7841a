import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { buildIsoImage } from '../fixtures/iso-images.js';
import { installerIso } from '../fixtures/iso-installer.js';
import { bootlayer } from '../fixtures/program.js';
import { startProxied, startProxiedSite, writeProxiedConfig } from '../fixtures/proxied-site.js';
import { startSite } from '../fixtures/segment.js';
import { busyboxProgram, installerFiles } from '../setup/parts.js';
import { bootMachine, MAC } from '../setup/qemu.js';

/** Else it draws a picture of its first question. */
const KERNEL_ARGS = '{ append: [console=ttyS0, DEBIAN_FRONTEND=text] }';

/** What its first command does shows that it was fetched and is obeyed; the installation itself is not waited for. */
const PRESEED =
  "d-i preseed/early_command string wget -q -O /dev/null --post-data='' {{ done.url }}; echo OBEYED-$? in {{ machine.labels.rack }} >/dev/console\n";

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
    const assignments = [`{ name: all, match: {}, image: "oci:../image:${tag}", kernelArgs: ${KERNEL_ARGS} }`];
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

  it.concurrent('and does what its preseed says, which it alone is handed, once', async (context) => {
    const { expect } = context;
    const provision = '{ preseed: { template: ./preseed.cfg } }';
    const config = await writeProxiedConfig({
      folder: folder(),
      assignments: [
        `{ name: all, match: {}, image: "oci:../image:layers", kernelArgs: ${KERNEL_ARGS}, provision: ${provision} }`,
      ],
      more: [`machines: [{ name: node-01, mac: "${MAC}", labels: { rack: r1 } }]`],
    });
    await writeFile(join(dirname(config), 'preseed.cfg'), PRESEED);
    // The installer would ask its user for a name server.
    const { segment } = await startSite(context, ['dhcp-option=option:dns-server,192.168.77.1']);
    const { server, told } = await startProxied(context, config, segment.network.within);
    const { line, lines } = await bootMachine({
      ...{ firmware: 'bios', architecture: 'amd64', tap: await segment.addTap() },
      ...{ expect: /OBEYED-.*/, seconds: 500 },
    });
    expect(line).toBe('OBEYED-0 in r1');
    await expect.poll(() => told('boot.done')).toMatchObject([{ machine: 'node-01', by: 'report' }]);
    expect(told('provision.sent')).toMatchObject([{ machine: 'node-01', document: 'preseed.cfg' }]);
    expect(told('provision.refused')).toEqual([]);
    // Of the command line that its kernel tells of.
    const path = /preseed\/url=\S+(\/provision\/[\w-]{43}\/preseed\.cfg)/.exec(lines.join('\n'))?.[1] ?? '';
    const stranger = await segment.addHost('192.168.77.66/24');
    const url = `${server.http.replace('0.0.0.0', '192.168.77.1')}${path}`;
    const { status, out } = await stranger.run([busyboxProgram(), 'wget', '-q', '-O', '-', `http://${url}`]);
    expect(status).not.toBe(0);
    expect(out).toContain('404 Not Found');
    await expect.poll(() => told('provision.refused')).toMatchObject([{ why: 'foreign', address: '192.168.77.66' }]);
    expect(told('provision.sent')).toHaveLength(1);
    expect(told('fault')).toEqual([]);
  });
});
