import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { EVERY_FIRMWARE, firmwareTable } from '../fixtures/firmware-matrix.js';
import { buildGrubIso, buildUkiIso, GIVEN_ISO_ARGUMENTS } from '../fixtures/iso-images.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { bootMachine } from '../setup/qemu.js';

const TRIXIE = EVERY_FIRMWARE.filter(({ release }) => release === 'trixie');
/** PCs by iPXE, which is a disc to their firmware. */
const READING = TRIXIE.filter(({ architecture, firmware }) => architecture === 'amd64' && firmware !== 'uefi-http');

/** Machines on which nothing is configured, beside a DHCP server that says nothing of booting, and images of an ISO alone. */
describe('an ISO', () => {
  const folder = useImageFolder(async (image) => {
    await buildGrubIso({ reference: `${image}:grub`, architecture: 'amd64' });
    await buildGrubIso({ reference: `${image}:grub`, architecture: 'arm64', more: ['--append'] });
    await buildUkiIso({ reference: `${image}:uki`, architecture: 'arm64' });
  });

  it.concurrent.for([
    ['amd64', 'GRUB', 'grub', `BOOT_IMAGE=/boot/vmlinuz ${GIVEN_ISO_ARGUMENTS.amd64}`],
    ['arm64', 'a UKI', 'uki', 'console=ttyAMA0 panic=-1 quiet mark=uki'],
  ] as const)(
    'of UEFI HTTP Boot is a disc in memory: %s with %s',
    async ([architecture, _name, tag, given], context) => {
      const { expect } = context;
      const assignments = [`{ name: all, match: {}, image: "oci:../image:${tag}" }`];
      const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
      const tap = await segment.addTap();
      const { line } = await bootMachine({ firmware: 'uefi-http', architecture, tap, seconds: 200 });
      expect(line.endsWith(` cmdline=${given}`)).toBe(true);
      await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['iso']);
      expect(told('uki.planned')).toMatchObject([{ isIso: true }]);
      expect(told('fault')).toEqual([]);
    },
  );

  it.concurrent.for(firmwareTable(TRIXIE))(
    'is opened for another kernel argument: %s',
    async ([_name, machine], context) => {
      const { expect } = context;
      const assignments = [
        '{ name: all, match: {}, image: "oci:../image:grub", kernelArgs: { append: [extra=more] } }',
      ];
      const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
      const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 200 });
      const name = machine.firmware === 'bios' ? '' : 'vmlinuz ';
      const own = GIVEN_ISO_ARGUMENTS[machine.architecture];
      expect(line.endsWith(` cmdline=${name}initrd=initrd ${own} extra=more`)).toBe(true);
      await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['kernel', 'initramfs']);
      expect(told('fault')).toEqual([]);
    },
  );

  it.concurrent.for(firmwareTable(READING))(
    'is read as a disc, where the assignment wants it as it is: %s',
    async ([_name, machine], context) => {
      const { expect } = context;
      const assignments = ['{ name: all, match: {}, boot: iso, image: "oci:../image:grub" }'];
      const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
      const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 200 });
      expect(line.endsWith(` cmdline=BOOT_IMAGE=/boot/vmlinuz ${GIVEN_ISO_ARGUMENTS.amd64}`)).toBe(true);
      const read = [{ role: 'iso', isDisc: true, reads: expect.any(Number) as number }];
      await expect.poll(() => told('artifact.sent'), { timeout: 30_000 }).toMatchObject(read);
      expect(told('artifact.aborted')).toEqual([]);
      expect(told('fault')).toEqual([]);
    },
  );
});
