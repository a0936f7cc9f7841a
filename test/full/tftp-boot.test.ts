import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it, type TestContext } from 'vitest';
import { buildTestImage } from '../fixtures/program.js';
import { startDnsmasq } from '../setup/dnsmasq.js';
import { buildIpxe } from '../setup/ipxe.js';
import { NetworkNamespace } from '../setup/network-namespace.js';
import { bootMachine, type Machine } from '../setup/qemu.js';
import { type LogLine, startServer } from '../setup/server.js';

/** QEMU's card starts with an iPXE; that one is to load another, as a plain PXE ROM would, and only once. */
const ROM = `#!ipxe
iseq \${netX/chip} virtio-net && chain tftp://192.168.77.1/undionly.kpxe ||
chain http://192.168.77.1:8080/boot.ipxe
`;

/** Firmware that gets all it boots from Bootlayer at TFTP's own port, with dnsmasq beside it, on a network that loses packets. */
describe('by TFTP', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootlayer-tftp-boot-'));
    await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64', 'arm64']);
    await buildIpxe(join(folder, 'ipxe'));
    await copyFile(new URL('../../ipxe/embed.ipxe', import.meta.url), join(folder, 'ipxe/embed.ipxe'));
    await writeFile(join(folder, 'ipxe/rom.ipxe'), ROM);
  });

  afterAll(() => rm(folder, { recursive: true }));

  // Of tests that run at once, each has its own hooks and expectations.
  async function lab(
    { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
    loss: number,
    adapt = (dnsmasq: string) => dnsmasq,
  ) {
    const network = await NetworkNamespace.start();
    onTestFinished(async () => void (await network.stop()));
    const tap = await network.addTap('tap0', '192.168.77.1/24');
    const own = await mkdtemp(join(folder, 'lab-'));
    const config = join(own, 'bootlayer.yaml');
    const lines = [
      'advertise: 192.168.77.1',
      'data: data',
      `ipxe: { binaries: "${join(folder, 'ipxe')}" }`,
      'assignments: [{ name: all, match: {}, image: "oci:../image:1" }]',
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const log: LogLine[] = [];
    const server = await startServer(config, { within: network.within, onLog: (line) => log.push(line) });
    onTestFinished(async () => void (await server.stop()));
    const sample = await readFile(new URL('../../deploy/dnsmasq.conf', import.meta.url), 'utf8');
    const dnsmasq = await startDnsmasq(network, [adapt(sample.replace('br0', 'tap0'))]);
    onTestFinished(dnsmasq.stop);
    await network.lose(loss);
    return { tap, log };
  }

  it.concurrent.for<[number, string, Pick<Machine, 'firmware' | 'architecture'>]>([
    [0.05, 'snponly.efi', { firmware: 'uefi', architecture: 'amd64' }],
    [0.2, 'snponly.efi', { firmware: 'uefi', architecture: 'amd64' }],
    [0.01, 'ipxe-arm64.efi', { firmware: 'uefi', architecture: 'arm64' }],
  ])(
    'with a loss of %d: %s by its firmware, and the rest by autoexec.ipxe',
    async ([loss, file, machine], { expect, onTestFinished }) => {
      const { tap, log } = await lab({ onTestFinished }, loss);
      const booted = await bootMachine({ ...machine, tap, seconds: 120 });
      expect(booted.line).toContain('BOOT-OK');
      // Where the last acknowledgement was lost, the end is told half a minute later.
      const told = () =>
        log.map(({ event, file: sent, protocol, role }) => [event, sent ?? role, protocol].join(' ').trim());
      await expect.poll(told).toContain(`loader.sent ${file} tftp`);
      await expect.poll(told).toContain('artifact.sent kernel http');
      expect(log.filter(({ event }) => event === 'fault')).toEqual([]);
    },
  );

  const toldIpxe = (file: string) => (dnsmasq: string) =>
    dnsmasq.replace('tag:ipxe,http://192.168.77.1:8080/boot.ipxe', `tag:ipxe,${file},,192.168.77.1`);

  it.concurrent('a BIOS, by the script for own builds, with a loss of 0.2', async ({ expect, onTestFinished }) => {
    const { tap, log } = await lab({ onTestFinished }, 0.2, toldIpxe('embed.ipxe'));
    const booted = await bootMachine({ firmware: 'bios', architecture: 'amd64', tap, seconds: 120 });
    expect(booted.line).toContain('BOOT-OK');
    await expect.poll(() => log.map(({ event, file }) => `${event} ${file}`)).toContain('loader.sent embed.ipxe');
  });

  it.concurrent('a BIOS, by undionly.kpxe', async ({ expect, onTestFinished }) => {
    const { tap, log } = await lab({ onTestFinished }, 0, toldIpxe('rom.ipxe'));
    const booted = await bootMachine({ firmware: 'bios', architecture: 'amd64', tap, seconds: 200 });
    expect(booted.line).toContain('BOOT-OK');
    await expect.poll(() => log.map(({ event, file }) => `${event} ${file}`)).toContain('loader.sent undionly.kpxe');
  });
});
