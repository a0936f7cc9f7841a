import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { EVERY_FIRMWARE, firmwareTable } from '../fixtures/firmware-matrix.js';
import { buildIsoImage } from '../fixtures/iso-images.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { UKI_ARGUMENTS } from '../fixtures/uki-images.js';
import { bootMachine } from '../setup/qemu.js';

const TRIXIE = EVERY_FIRMWARE.filter(({ release }) => release === 'trixie');

/** Machines on which nothing is configured, beside a DHCP server that says nothing of booting, and an image of an ISO alone. */
describe('kernel and initramfs out of an ISO', () => {
  const folder = useImageFolder(async (image) => {
    await buildIsoImage({ reference: `${image}:1`, architecture: 'amd64' });
    await buildIsoImage({ reference: `${image}:1`, architecture: 'arm64', more: ['--append'] });
  });

  it.concurrent.for(firmwareTable(TRIXIE))('%s with another kernel argument', async ([_name, machine], context) => {
    const { expect } = context;
    const assignments = ['{ name: all, match: {}, image: "oci:../image:1", kernelArgs: { append: [extra=more] } }'];
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
    const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 200 });
    const name = machine.firmware === 'bios' ? '' : 'vmlinuz ';
    // GRUB quotes whole arguments.
    const own = UKI_ARGUMENTS[machine.architecture].replace('note="', '"note=');
    expect(line).toContain(` cmdline=${name}initrd=initrd ${own} extra=more`);
    await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['kernel', 'initramfs']);
    expect(told('fault')).toEqual([]);
  });
});
