import { describe, it } from 'vitest';
import { useImageFolder } from '../fixtures/boot-folder.js';
import { EVERY_FIRMWARE, firmwareTable } from '../fixtures/firmware-matrix.js';
import { buildGrubIso, buildUkiIso, GIVEN_ISO_ARGUMENTS } from '../fixtures/iso-images.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { bootMachine, type Machine } from '../setup/qemu.js';

const TRIXIE = EVERY_FIRMWARE.filter(({ release }) => release === 'trixie');
/** PCs by iPXE, which is a disc to their firmware. */
const READING = TRIXIE.filter(({ architecture, firmware }) => architecture === 'amd64' && firmware !== 'uefi-http');

/** Which kernel arguments a machine has booted with, and what it says of its disc. */
async function booted(machine: Machine): Promise<readonly string[]> {
  const { lines } = await bootMachine({ ...machine, seconds: 200 });
  const own = lines.filter((line) => /^(BOOT-OK|DISC) /.test(line));
  return own.map((line) => line.replace(/^BOOT-OK .* cmdline=/, ''));
}

/** Machines on which nothing is configured, beside a DHCP server that says nothing of booting, and images of an ISO alone. */
describe('an ISO', () => {
  const folder = useImageFolder(async (image) => {
    await buildGrubIso({ reference: `${image}:grub`, architecture: 'amd64' });
    await buildGrubIso({ reference: `${image}:grub`, architecture: 'arm64', more: ['--append'] });
    await buildUkiIso({ reference: `${image}:uki`, architecture: 'arm64' });
  });

  const GRUB = {
    tag: 'grub',
    machine: { firmware: 'uefi-http', architecture: 'amd64', expect: /^DISC .*/ },
    said: [`BOOT_IMAGE=/boot/vmlinuz ${GIVEN_ISO_ARGUMENTS.amd64}`, 'DISC disc grub initrd vmlinuz'],
  } as const;
  const UKI = {
    tag: 'uki',
    machine: { firmware: 'uefi-http', architecture: 'arm64', expect: /^BOOT-OK .*/ },
    said: ['console=ttyAMA0 panic=-1 quiet mark=uki'],
  } as const;

  it.concurrent.for([
    ['amd64, GRUB', GRUB],
    ['arm64, a UKI', UKI],
  ] as const)('is a disc in memory by UEFI HTTP Boot: %s', async ([_name, { tag, machine, said }], context) => {
    const { expect } = context;
    const assignments = [`{ name: all, match: {}, image: "oci:../image:${tag}" }`];
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
    const tap = await segment.addTap();
    expect(await booted({ ...machine, tap })).toEqual(said);
    await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(['iso']);
    expect(told('uki.planned')).toMatchObject([{ isIso: true }]);
    expect(told('fault')).toEqual([]);
  });

  it.concurrent.for(firmwareTable(TRIXIE))(
    'is opened for another kernel argument, and there is no disc: %s',
    async ([_name, machine], context) => {
      const { expect } = context;
      const assignments = [
        '{ name: all, match: {}, image: "oci:../image:grub", kernelArgs: { append: [extra=more] } }',
      ];
      const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
      const said = await booted({ ...machine, tap: await segment.addTap(), expect: /^DISC .*/ });
      const front = machine.firmware === 'bios' ? '' : 'vmlinuz ';
      const given = `${front}initrd=initrd0 initrd=initrd ${GIVEN_ISO_ARGUMENTS[machine.architecture]} extra=more`;
      expect(said).toEqual([given, 'DISC none']);
      const roles = ['kernel', 'initramfs', 'initramfs'];
      await expect.poll(() => told('artifact.sent').map(({ role }) => role)).toEqual(roles);
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
