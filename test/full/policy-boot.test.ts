import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { bootMachine, FALLS_THROUGH, type Machine } from '../setup/qemu.js';

type Firmware = Pick<Machine, 'firmware' | 'architecture'>;

const EVERY: readonly Firmware[] = [
  { firmware: 'bios', architecture: 'amd64' },
  { firmware: 'uefi', architecture: 'amd64' },
  { firmware: 'uefi-http', architecture: 'amd64' },
  { firmware: 'uefi', architecture: 'arm64' },
  { firmware: 'uefi-http', architecture: 'arm64' },
];
const table = EVERY.map((machine) => [`${machine.firmware} ${machine.architecture}`, machine] as const);

/** It starts its disk, or, of AAVMF, which would start a disk first, it gives up the network. */
function local({ firmware, architecture }: Firmware): Pick<Machine, 'disk' | 'expect' | 'seconds'> {
  if (architecture === 'arm64') return { expect: FALLS_THROUGH[firmware], seconds: 300 };
  return { disk: true, expect: /LOCAL-DISK/, seconds: 300 };
}

/** Machines with a disk behind the network in their boot order, on whose firmware nothing is configured. */
describe('a machine', () => {
  const folder = useBootFolder();

  it.concurrent.for(table)(
    '%s installs once, says that it is done, and boots its disk then',
    async ([_name, machine], context) => {
      const { expect } = context;
      const assignments = [
        '{ name: all, match: {}, image: "oci:../image:1", kernelArgs: { append: ["done={done.url}"] }, policy: { mode: once } }',
      ];
      const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
      const tap = await segment.addTap();
      const { disk = false } = local(machine);
      const { line } = await bootMachine({ ...machine, tap, disk, expect: /REPORTED .*/, seconds: 300 });
      expect(line).toBe('REPORTED status=0');
      await expect.poll(() => told('boot.done')).toMatchObject([{ by: 'report' }]);
      await bootMachine({ ...machine, ...local(machine), tap });
      expect(told('script.sent')).toHaveLength(1);
      // Firmware that boots by HTTP is told nothing; all others get a program that leaves them to their disk.
      if (machine.firmware === 'uefi-http') {
        expect(told('script.local')).toEqual([]);
        expect(told('dhcp.unanswered').at(-1)).toMatchObject({
          reason: expect.stringContaining('it is done') as string,
        });
      } else expect(told('script.local')).toMatchObject([{ why: 'done' }]);
      expect(told('fault')).toEqual([]);
    },
  );

  it.concurrent.for(table)('%s is held', async ([_name, machine], context) => {
    const { expect } = context;
    const assignments = ['{ name: all, match: {}, image: "oci:../image:1", policy: { mode: hold } }'];
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
    await bootMachine({ ...machine, ...local(machine), tap: await segment.addTap() });
    expect([...told('script.sent'), ...told('uki.planned'), ...told('fault')]).toEqual([]);
    const how = machine.firmware === 'uefi-http' ? told('dhcp.unanswered') : told('script.local');
    expect(how.at(-1)).toMatchObject({ reason: 'its assignment holds it' });
  });
});
