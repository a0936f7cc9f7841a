import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { bootedLine, EVERY_FIRMWARE, type Firmware, firmwareTable } from '../fixtures/firmware-matrix.js';
import { buildTestImage } from '../fixtures/program.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { buildUkiImage, UKI_ARGUMENTS } from '../fixtures/uki-images.js';
import { bootMachine } from '../setup/qemu.js';

const TRIXIE = EVERY_FIRMWARE.filter(({ release }) => release === 'trixie');

/** What stands before the arguments in the kernel's command line. */
const FRONT = {
  bios: 'initrd=initrd ',
  // iPXE for UEFI puts the name of what it starts in front, and systemd's stub takes that for an argument as the kernel does.
  asItIs: 'boot.efi ',
  opened: 'vmlinuz initrd=initrd ',
  // Nobody says anything: the stub takes what the UKI has.
  'uefi-http': '',
} as const;

/** The line of a machine whose kernel has exactly these arguments. */
function bootedWith(front: keyof typeof FRONT, { architecture }: Firmware, more = ''): RegExp {
  const exactly = `${FRONT[front]}${UKI_ARGUMENTS[architecture]}${more}`;
  return new RegExp(`^BOOT-OK .* cmdline=${exactly.replaceAll('.', '\\.')}$`);
}

/** Machines on which nothing is configured, beside a DHCP server that says nothing of booting, and an image of a UKI alone. */
describe('a UKI', () => {
  const folder = useImageFolder(async (image) => {
    await buildUkiImage({ reference: `${image}:1`, architecture: 'amd64' });
    await buildUkiImage({ reference: `${image}:1`, architecture: 'arm64', more: ['--append'] });
  });

  it.concurrent.for(firmwareTable(TRIXIE))('%s', async ([_name, machine], context) => {
    const { expect } = context;
    const { segment, told } = await startProxiedSite(context, { folder: folder() });
    const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 200 });
    expect(line).toMatch(bootedWith(machine.firmware === 'uefi' ? 'asItIs' : machine.firmware, machine));
    const roles = machine.firmware === 'bios' ? ['kernel', 'initramfs'] : ['uki'];
    await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(roles);
    expect(told('fault')).toEqual([]);
  });

  it.concurrent.for(firmwareTable(TRIXIE))('%s with another kernel argument', async ([_name, machine], context) => {
    const { expect } = context;
    const assignments = ['{ name: all, match: {}, image: "oci:../image:1", kernelArgs: { append: [extra=more] } }'];
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
    const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 200 });
    expect(line).toMatch(bootedWith(machine.firmware === 'bios' ? 'bios' : 'opened', machine, ' extra=more'));
    await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['kernel', 'initramfs']);
    const isReplaced = machine.firmware === 'uefi-http';
    expect(told('uki.replaced').map(({ reason }) => reason)).toEqual(
      isReplaced ? [expect.stringContaining('kernel arguments are given to a kernel that iPXE starts')] : [],
    );
    expect(told('fault')).toEqual([]);
  });
});

/** Each machine starts of it what it can start best. */
describe('kernel, initramfs and UKI in one image', () => {
  const folder = useImageFolder((image) => buildTestImage(`${image}:1`, ['amd64'], [], { uki: true }));

  it.concurrent.for(firmwareTable(TRIXIE.filter(({ architecture }) => architecture === 'amd64')))(
    '%s',
    async ([_name, machine], context) => {
      const { expect } = context;
      const { segment, told } = await startProxiedSite(context, { folder: folder() });
      const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 200 });
      expect(line).toMatch(bootedLine(machine));
      const isUki = machine.firmware === 'uefi-http';
      await expect
        .poll(() => told('artifact.sent').map(({ role }) => role))
        .toEqual(isUki ? ['uki'] : ['kernel', 'initramfs']);
      expect(told('uki.planned')).toHaveLength(isUki ? 1 : 0);
      expect(told('script.sent')).toHaveLength(isUki ? 0 : 1);
      expect(told('fault')).toEqual([]);
    },
  );
});
