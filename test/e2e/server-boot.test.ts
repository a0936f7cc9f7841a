import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { bootedLine } from '../fixtures/firmware-matrix.js';
import { startLeasingSite } from '../fixtures/leasing-site.js';
import { bootMachine, type Machine } from '../setup/qemu.js';

/** A machine of each family on which nothing is configured, and no other server of DHCP. */
describe('by the only DHCP server', () => {
  const folder = useBootFolder();

  it.concurrent.for<[Machine['firmware'], Machine['architecture'], string[]]>([
    ['bios', 'amd64', ['dhcp.answered', 'lease.given', 'greeting.sent', 'script.sent', 'artifact.sent']],
    ['uefi', 'amd64', ['dhcp.answered', 'lease.given', 'loader.sent', 'greeting.sent', 'script.sent', 'artifact.sent']],
    ['uefi-http', 'amd64', ['dhcp.answered', 'lease.given', 'uki.planned', 'artifact.sent']],
    ['uefi-http', 'arm64', ['dhcp.answered', 'lease.given', 'uki.planned', 'artifact.sent']],
  ])('%s %s', async ([firmware, architecture, story], context) => {
    const { expect } = context;
    const { segment, log, told } = await startLeasingSite(context, {
      folder: folder(),
      assignments: ['{ name: all, match: { ip: 192.168.77.0/24 }, image: "oci:../image:1" }'],
    });
    const booted = await bootMachine({ firmware, architecture, tap: await segment.addTap(), seconds: 200 });
    expect(booted.line).toMatch(bootedLine({ firmware }));
    const events = log.map(({ event = '' }) => event).filter((event) => story.includes(event));
    expect([...new Set(events)]).toEqual(story);
    // Firmware, iPXE and system are one machine, and have one address.
    expect(new Set(told('lease.given').map(({ address }) => address)).size).toBe(1);
    expect(told('fault')).toEqual([]);
  });
});
