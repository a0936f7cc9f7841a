import { expect, it, onTestFinished } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { bootlayer } from '../fixtures/program.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { installerFiles } from '../setup/parts.js';
import { bootMachine } from '../setup/qemu.js';

/** Kernel and initramfs as Debian publishes them, with an initramfs 35 times the size of the test system's. */
const folder = useImageFolder(async (image) => {
  const { kernel, initramfs } = installerFiles();
  const files = ['--kernel', kernel, '--initramfs', initramfs];
  const { status, err } = await bootlayer(['image', 'build', '--platform', 'linux/amd64', ...files, `${image}:1`]);
  if (status !== 0) throw new Error(`image build ended with ${status}: ${err}`);
});

it("Debian's installer comes up to its first question", async () => {
  // Else it draws a picture of it.
  const kernelArgs = '{ append: [console=ttyS0, DEBIAN_FRONTEND=text] }';
  const assignments = [`{ name: all, match: {}, image: "oci:../image:1", kernelArgs: ${kernelArgs} }`];
  const { segment, told } = await startProxiedSite({ onTestFinished }, { folder: folder(), assignments });
  const tap = await segment.addTap();
  const { line } = await bootMachine({
    ...{ firmware: 'bios', architecture: 'amd64', tap },
    ...{ expect: /Select a language/, seconds: 300 },
  });
  expect(line).toBe('Select a language');
  await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['kernel', 'initramfs']);
  expect(told('fault')).toEqual([]);
});
