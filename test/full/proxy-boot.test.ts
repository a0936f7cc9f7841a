import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { buildTestImage } from '../fixtures/program.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { buildIpxe } from '../setup/ipxe.js';
import { bootMachine, type Machine } from '../setup/qemu.js';

type Firmware = Pick<Machine, 'firmware' | 'architecture' | 'release'>;

/** Machines on which nothing is configured, beside a DHCP server that says nothing of booting; one image, one assignment. */
describe('by proxyDHCP', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootlayer-proxy-boot-'));
    await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64', 'arm64'], [], { uki: true });
    await buildIpxe(join(folder, 'ipxe'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it.concurrent.for<Firmware>([
    { firmware: 'bios', architecture: 'amd64', release: 'trixie' },
    { firmware: 'bios', architecture: 'amd64', release: 'bookworm' },
    { firmware: 'uefi', architecture: 'amd64', release: 'trixie' },
    { firmware: 'uefi', architecture: 'amd64', release: 'bookworm' },
    { firmware: 'uefi-http', architecture: 'amd64', release: 'trixie' },
    { firmware: 'uefi-http', architecture: 'amd64', release: 'bookworm' },
    { firmware: 'uefi', architecture: 'arm64', release: 'trixie' },
    { firmware: 'uefi', architecture: 'arm64', release: 'bookworm' },
    { firmware: 'uefi-http', architecture: 'arm64', release: 'trixie' },
    { firmware: 'uefi-http', architecture: 'arm64', release: 'bookworm' },
  ])('$firmware $architecture, $release', async (machine, context) => {
    const { expect } = context;
    const { segment, told } = await startProxiedSite(context, { folder });
    const booted = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 300 });
    expect(booted.line).toContain('BOOT-OK');
    const isByUki = machine.firmware === 'uefi-http';
    if (isByUki) expect(booted.line).toContain('mark=uki');
    else expect(booted.line).not.toContain('mark=uki');
    expect(told('dhcp.answered').length).toBeGreaterThan(0);
    expect(told('fault')).toEqual([]);
  });
});
