import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { bootMachine, type Machine } from '../setup/qemu.js';

/** A machine of each family on which nothing is configured, beside a DHCP server that says nothing of booting. */
describe('by proxyDHCP', () => {
  const folder = useBootFolder();

  it.concurrent.for<[Machine['firmware'], Machine['architecture'], string[]]>([
    ['bios', 'amd64', ['dhcp.answered', 'greeting.sent', 'script.sent', 'artifact.sent']],
    ['uefi', 'amd64', ['dhcp.answered', 'loader.sent', 'greeting.sent', 'script.sent', 'artifact.sent']],
    ['uefi-http', 'amd64', ['dhcp.answered', 'uki.planned', 'artifact.sent']],
    ['uefi-http', 'arm64', ['dhcp.answered', 'uki.planned', 'artifact.sent']],
  ])('%s %s', async ([firmware, architecture, story], context) => {
    const { expect } = context;
    const { segment, leases, log, told } = await startProxiedSite(context, { folder: folder() });
    const booted = await bootMachine({ firmware, architecture, tap: await segment.addTap(), seconds: 200 });
    // The UKI has a command line of its own, which says so.
    expect(booted.line).toMatch(firmware === 'uefi-http' ? /BOOT-OK .*mark=uki/ : /BOOT-OK (?!.*mark=uki)/);
    expect(leases.lines.join('\n')).toContain('DHCPACK');
    const events = log.map(({ event = '' }) => event).filter((event) => story.includes(event));
    expect([...new Set(events)]).toEqual(story);
    // UEFI that boots by PXE comes to the boot server's port, and nobody else does.
    expect(told('dhcp.answered').some(({ step }) => step === 'ack')).toBe(firmware === 'uefi');
    expect(told('fault')).toEqual([]);
  });
});
