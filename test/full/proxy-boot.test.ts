import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { useBootFolder } from '../fixtures/boot-folder.js';
import { tlsPair } from '../fixtures/certificates.js';
import {
  bootedLine as booted,
  EVERY_FIRMWARE as EVERY,
  type Firmware,
  firmwareTable as table,
} from '../fixtures/firmware-matrix.js';
import { startProxiedSite } from '../fixtures/proxied-site.js';
import { bootMachine, FALLS_THROUGH, type Machine } from '../setup/qemu.js';

/** Machines on which nothing is configured, beside a DHCP server that says nothing of booting: one image, one assignment. */
describe('by proxyDHCP', () => {
  const folder = useBootFolder();

  // Those of Debian 13 but one boot in the shorter tests, without loss.
  it.concurrent.for(
    table(
      EVERY.filter(
        ({ firmware, architecture, release }) =>
          release === 'bookworm' || `${firmware} ${architecture}` === 'uefi arm64',
      ),
    ),
  )('%s', async ([_name, machine], context) => {
    const { segment, told } = await startProxiedSite(context, { folder: folder() });
    const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 300 });
    context.expect(line).toMatch(booted(machine));
    context.expect(told('fault')).toEqual([]);
  });

  // UEFI HTTP Boot loads nothing by TFTP: one of it, whose DHCP is lost.
  it.concurrent.for(
    table(
      EVERY.filter(
        ({ firmware, architecture, release }) =>
          release === 'trixie' && `${firmware} ${architecture}` !== 'uefi-http arm64',
      ),
    ),
  )('%s, with a fifth of DHCP and TFTP lost, within three power-ons', async ([_name, machine], context) => {
    const { segment } = await startProxiedSite(context, { folder: folder() });
    await segment.network.lose(0.2, 'datagrams');
    context.expect(await powerOn(machine, await segment.addTap())).toMatch(booted(machine));
  });

  it.concurrent.for(table(EVERY.filter(({ firmware, release }) => firmware !== 'uefi' && release === 'trixie')))(
    '%s, with a fiftieth of all packets lost, within three power-ons',
    async ([_name, machine], context) => {
      const { segment } = await startProxiedSite(context, { folder: folder() });
      await segment.network.lose(0.02, 'packets');
      context.expect(await powerOn(machine, await segment.addTap())).toMatch(booted(machine));
    },
  );

  it.concurrent('a BIOS by undionly.kpxe', async (context) => {
    const { segment, told } = await startProxiedSite(context, { folder: folder() });
    const bios = { firmware: 'bios', architecture: 'amd64', first: LOADS_UNDIONLY } as const;
    const { line } = await bootMachine({ ...bios, tap: await segment.addTap(), seconds: 300 });
    context.expect(line).toMatch(booted(bios));
    await context.expect.poll(() => told('loader.sent').map(({ file }) => file)).toContain('undionly.kpxe');
  });

  it.concurrent.for(table(EVERY.filter(({ firmware, release }) => firmware === 'uefi-http' && release === 'trixie')))(
    '%s by HTTPS with an authority of its own',
    async ([_name, machine], context) => {
      const { ca, pair } = await tlsPair({ ip: '192.168.77.1' });
      const own = await mkdtemp(join(folder(), 'tls-'));
      await writeFile(join(own, 'cert.pem'), pair.cert);
      await writeFile(join(own, 'key.pem'), pair.key);
      const more = [`http: { tls: { cert: "${own}/cert.pem", key: "${own}/key.pem" } }`];
      const site = await startProxiedSite(context, { folder: folder(), more, dhcp: ['httpBoot: https'] });
      const { line } = await bootMachine({ ...machine, tap: await site.segment.addTap(), trust: ca, seconds: 300 });
      context.expect(line).toMatch(booted(machine));
      context.expect(site.told('dhcp.answered')[0]?.answer).toMatch(/^https:\/\/192\.168\.77\.1:8443\/uefi\//);
    },
  );

  it.concurrent('two machines of two architectures at once, and one assignment', async (context) => {
    const { segment, told } = await startProxiedSite(context, { folder: folder() });
    const machines: readonly (Firmware & { mac: string; uuid: string })[] = [
      {
        firmware: 'uefi',
        architecture: 'amd64',
        mac: '52:54:00:00:00:01',
        uuid: '4c4c4544-0042-3010-8057-000000000001',
      },
      {
        firmware: 'uefi-http',
        architecture: 'arm64',
        mac: '52:54:00:00:00:02',
        uuid: '4c4c4544-0042-3010-8057-000000000002',
      },
    ];
    const lines = await Promise.all(
      machines.map(async (machine) => bootMachine({ ...machine, tap: await segment.addTap(), seconds: 300 })),
    );
    const { expect } = context;
    expect(lines[0]?.line).toMatch(/BOOT-OK arch=x86_64/);
    expect(lines[1]?.line).toMatch(/BOOT-OK arch=aarch64 .*mark=uki/);
    const answered = new Map(told('dhcp.answered').map(({ mac, client }) => [mac, client]));
    expect(Object.fromEntries(answered)).toMatchObject({ '52:54:00:00:00:02': 'ARM 64-bit UEFI HTTP' });
  });

  it.concurrent.for(
    table(EVERY.filter(({ release, architecture }) => release === 'trixie' && architecture === 'amd64')),
  )('%s without an assignment goes on to its next boot device', async ([_name, machine], context) => {
    const assignments = ['{ name: others, match: { mac: "52:54:00:ff:ff:ff" }, image: "oci:../image:1" }'];
    const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
    const tap = await segment.addTap();
    await bootMachine({ ...machine, tap, expect: FALLS_THROUGH[machine.firmware], seconds: 300 });
    context.expect(told('dhcp.answered')).toEqual([]);
    context.expect(told('dhcp.unanswered')[0]).toMatchObject({ reason: 'no assignment matches this machine' });
  });

  it.concurrent.for(table(EVERY.filter(({ firmware, release }) => firmware === 'uefi-http' && release === 'trixie')))(
    '%s without a UKI gets iPXE, and that the script',
    async ([_name, machine], context) => {
      const { expect } = context;
      const assignments = ['{ name: all, match: {}, image: "oci:../image:plain" }'];
      const { segment, told } = await startProxiedSite(context, { folder: folder(), assignments });
      const { line } = await bootMachine({ ...machine, tap: await segment.addTap(), seconds: 300 });
      expect(line).toMatch(/BOOT-OK (?!.*mark=uki)/);
      expect(told('uki.replaced')[0]).toMatchObject({ reason: expect.stringContaining('it has no UKI') as string });
    },
  );
});

/** What another PXE ROM would do: it asks as no iPXE does, and is told to load one. */
const LOADS_UNDIONLY = `#!ipxe\ndhcp\nchain tftp://192.168.77.1/undionly.kpxe\n`;

/** Up to three times. */
async function powerOn(machine: Firmware, tap: Machine['tap']): Promise<string> {
  const failures: string[] = [];
  for (let tries = 0; tries < 3; tries++) {
    try {
      return (await bootMachine({ ...machine, ...(tap !== undefined && { tap }), seconds: 240 })).line;
    } catch (thrown) {
      failures.push(String(thrown));
    }
  }
  throw new Error(failures.join('\n'));
}
