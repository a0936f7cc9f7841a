import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildTestImage } from '../fixtures/program.js';
import { buildIpxe } from '../setup/ipxe.js';
import { NetworkNamespace } from '../setup/network-namespace.js';
import { program } from '../setup/parts.js';
import { ChildProcess } from '../setup/process.js';
import { bootMachine, type Machine } from '../setup/qemu.js';
import { type LogLine, startServer } from '../setup/server.js';

/** Firmware that gets all it boots from Bootlayer at TFTP's own port, with dnsmasq beside it, on a network that loses packets. */
describe('by TFTP', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bootlayer-tftp-boot-'));
    await buildTestImage(`oci:${join(folder, 'image')}:1`, ['amd64', 'arm64']);
    await buildIpxe(join(folder, 'ipxe'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function lab(loss: number, more: readonly string[] = []) {
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
    await startDnsmasq(network, own, more);
    await network.lose(loss);
    return { tap, log };
  }

  async function startDnsmasq(network: NetworkNamespace, own: string, more: readonly string[]): Promise<void> {
    const sample = await readFile(new URL('../../deploy/dnsmasq.conf', import.meta.url), 'utf8');
    const file = join(own, 'dnsmasq.conf');
    const others = ['no-ping', `dhcp-leasefile=${join(own, 'leases')}`, ...more];
    await writeFile(file, `${sample.replace('br0', 'tap0')}\n${others.join('\n')}\n`);
    const { command, libraryPath } = program('dnsmasq');
    const [first = '', ...args] = [...network.within, command, '--no-daemon', '-C', file];
    const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
    const dnsmasq = new ChildProcess(first, args, { name: 'dnsmasq', env });
    onTestFinished(async () => void (await dnsmasq.stop()));
    await dnsmasq.waitForLine((line) => (line.includes('DHCP, IP range') ? true : undefined), 10);
  }

  it.concurrent.each<[number, string, Pick<Machine, 'firmware' | 'architecture'>]>([
    [0.05, 'snponly.efi', { firmware: 'uefi', architecture: 'amd64' }],
    [0.01, 'ipxe-arm64.efi', { firmware: 'uefi', architecture: 'arm64' }],
  ])('with a loss of %d: %s by its firmware, and the rest by autoexec.ipxe', async (loss, file, machine) => {
    const { tap, log } = await lab(loss);
    const booted = await bootMachine({ ...machine, tap, seconds: 120 });
    expect(booted.line).toContain('BOOT-OK');
    const told = log.map(({ event, file: sent, protocol, role }) => [event, sent ?? role, protocol].join(' ').trim());
    expect(told).toContain(`loader.sent ${file} tftp`);
    expect(told).toContain('artifact.sent kernel');
    expect(log.filter(({ event }) => event === 'fault')).toEqual([]);
  });
});
