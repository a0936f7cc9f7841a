import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { bootedLine, EVERY_FIRMWARE, firmwareTable } from '../fixtures/firmware-matrix.js';
import { startLeasingSite } from '../fixtures/leasing-site.js';
import { bootMachine, FALLS_THROUGH } from '../setup/qemu.js';

const ALL = '{ name: all, match: {}, image: "oci:../image:1" }';
const TRIXIE = EVERY_FIRMWARE.filter(({ release }) => release === 'trixie');
/** The newer ones boot below, with an address of their own. */
const BOOKWORM = EVERY_FIRMWARE.filter(({ release }) => release === 'bookworm');

/** Machines on which nothing is configured, and no other server of DHCP: one image, one assignment. */
describe('by the only DHCP server', () => {
  const folder = useBootFolder();

  it.concurrent.for(firmwareTable(BOOKWORM))('%s', async ([_name, machine], context) => {
    const { expect } = context;
    const { segment, told } = await startLeasingSite(context, { folder: folder(), assignments: [ALL] });
    const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 300 });
    expect(line).toMatch(bootedLine(machine));
    expect(new Set(told('lease.given').map(({ address }) => address)).size).toBe(1);
    expect(told('fault')).toEqual([]);
  });

  it.concurrent.for(firmwareTable(TRIXIE))('%s, with the address of its record', async ([_name, machine], context) => {
    const { expect } = context;
    const site = await startLeasingSite(context, {
      folder: folder(),
      machines: ['{ name: node-01, mac: "52:54:00:00:00:07", ip: 192.168.77.20 }'],
      assignments: ['{ name: its, match: { ip: 192.168.77.20/32 }, image: "oci:../image:1" }'],
    });
    const tap = await site.segment.addTap();
    const { line } = await bootMachine({ ...machine, mac: '52:54:00:00:00:07', tap, seconds: 300 });
    expect(line).toMatch(bootedLine(machine));
    expect(new Set(site.told('lease.given').map(({ address }) => address))).toEqual(new Set(['192.168.77.20']));
  });

  it.concurrent.for(firmwareTable(TRIXIE.filter(({ architecture }) => architecture === 'amd64')))(
    '%s without an assignment has an address, and goes on to its next boot device',
    async ([_name, machine], context) => {
      const { expect } = context;
      const assignments = ['{ name: others, match: { mac: "52:54:00:ff:ff:ff" }, image: "oci:../image:1" }'];
      const { segment, told } = await startLeasingSite(context, { folder: folder(), assignments });
      const tap = await segment.addTap();
      await bootMachine({ ...machine, tap, expect: FALLS_THROUGH[machine.firmware], seconds: 300 });
      expect(told('dhcp.answered')).toEqual([]);
      expect(told('dhcp.unanswered')[0]).toMatchObject({ reason: 'no assignment matches this machine' });
    },
  );
});
