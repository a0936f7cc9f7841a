import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import { DEPLOY } from '../fixtures/deploy.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { type DhcpSample, SAMPLES } from '../fixtures/dhcp-samples.js';
import { exchange } from '../fixtures/exchange.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { pxeDatagram } from '../fixtures/pxe.js';
import { startDnsmasq } from '../setup/dnsmasq.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram, program } from '../setup/parts.js';
import { ChildProcess } from '../setup/process.js';
import { Segment } from '../setup/segment.js';

/** What machines are told by other servers with our samples, which Bootlayer at 192.168.77.1 is to do. */

const [LEASES, CLIENT] = ['192.168.77.2', '192.168.77.3'];
const BROADCAST = 0x8000;
const HTTP = 'http://192.168.77.1:8080';

/** As each kind of machine asks, whose MAC is 52:54:00:77:00:01. */
const ASKS = {
  bios: pxeDatagram({
    ...{ architectures: [0], flags: BROADCAST, xid: 1 },
    options: [[OPTION.parameterRequestList, Buffer.of(1, 3, 60, 66, 67)]],
  }),
  'efi-amd64': DHCP_PACKETS.ovmfPxeDiscover,
  'efi-arm64': DHCP_PACKETS.aavmfPxeDiscover,
  ipxe: DHCP_PACKETS.ipxeAmd64Discover,
  'http-amd64': DHCP_PACKETS.ovmfHttpDiscover,
  'http-arm64': DHCP_PACKETS.aavmfHttpDiscover,
};
type Asker = keyof typeof ASKS;

/** Starts the server that a sample is for, on the card `eth0`, ready to be asked. */
async function start(context: TestContext, host: NetworkNamespace, { program: name }: DhcpSample, text: string) {
  if (name === 'dnsmasq') {
    const dnsmasq = await startDnsmasq(host, [text]);
    context.onTestFinished(dnsmasq.stop);
    return;
  }
  const folder = await temporaryFolder(context);
  const [file, leases] = [join(folder, 'dhcp.conf'), join(folder, 'leases')];
  await writeFile(leases, '');
  const isKea = name === 'kea';
  const kept = text.replace('"memfile"', '"memfile", "persist": false');
  await writeFile(file, isKea ? kept : `ping-check false;\n${text}`);
  const args = isKea ? ['-c', file] : ['-4', '-f', '-d', '--no-pid', '-cf', file, '-lf', leases, 'eth0'];
  const { command, libraryPath } = program(name);
  const [first = '', ...more] = [...host.within, command, ...args];
  const env = { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder, LD_LIBRARY_PATH: libraryPath };
  // Kea opens no socket on a card that does not run yet, and says all the same that it has started.
  const card = () => host.run([busyboxProgram(), 'ifconfig', 'eth0']);
  await context.expect.poll(async () => (await card()).out).toMatch(/\bRUNNING\b/);
  const server = new ChildProcess(first, more, { name, env: { ...process.env, ...env } });
  context.onTestFinished(async () => void (await server.stop()));
  await server.waitForLine((line) => (/DHCP4_STARTED|Server starting service/.test(line) ? line : undefined), 20);
}

/** What each is offered. */
async function offers(context: TestContext, sample: DhcpSample, adapt = (text: string) => text) {
  const segment = await Segment.start();
  context.onTestFinished(() => segment.stop());
  const host = await segment.addHost(`${LEASES}/24`);
  const client = await segment.addHost(`${CLIENT}/24`);
  const text = readFileSync(join(DEPLOY, sample.file), 'utf8').replace('br0', 'eth0');
  await start(context, host, sample, adapt(text));
  const asked = Object.entries(ASKS);
  const packets = asked.map(([, packet]) => packet);
  const heard = await exchange(client, packets, { address: CLIENT, from: LEASES, count: packets.length });
  const offered = (packet: Buffer) => heard.find((offer) => offer.packet.xid === packet.readUInt32BE(4))?.packet;
  return new Map(asked.map(([name, packet]) => [name, offered(packet) ?? expect.fail(`${name} is offered nothing`)]));
}

type Offers = Awaited<ReturnType<typeof offers>>;

/** Of the packet's own fields, or of the options, which firmware reads first. */
function told(all: Offers, name: Asker) {
  const { options, file, siaddr } = all.get(name) ?? expect.fail(name);
  const text = (code: number) => options.get(code)?.toString('latin1').replace(/\0+$/, '');
  return { file: text(OPTION.bootFileName) ?? file, server: siaddr, vendorClass: text(OPTION.vendorClass) };
}

describe.concurrent.each(Object.entries(SAMPLES))('%s with our sample', (name, sample) => {
  it('leads each kind of machine to us', async (context) => {
    const all = await offers(context, sample);
    for (const [asker, file] of [
      ['bios', 'undionly.kpxe'],
      ['efi-amd64', 'snponly.efi'],
      ['efi-arm64', 'ipxe-arm64.efi'],
    ] as const)
      expect(told(all, asker)).toMatchObject({ file, server: '192.168.77.1' });
    expect(told(all, 'ipxe')).toMatchObject({ file: `${HTTP}/boot.ipxe` });
    const machine = name === 'ISC dhcpd' ? '52-54-00-77-00-01' : '-';
    for (const architecture of ['amd64', 'arm64'] as const)
      expect(told(all, `http-${architecture}`)).toMatchObject({
        file: `${HTTP}/uefi/${architecture}/${machine}/-/boot.efi`,
        vendorClass: 'HTTPClient',
      });
  });

  it('says nothing of booting where we do', async (context) => {
    const all = await offers(context, sample, sample.withoutBooting);
    for (const [asker, { options, yiaddr }] of all) {
      expect([asker, yiaddr]).toEqual([asker, expect.stringMatching(/^192\.168\.77\.1\d\d$/)]);
      expect(
        [OPTION.vendorClass, OPTION.vendorSpecific, OPTION.bootFileName].filter((one) => options.has(one)),
      ).toEqual([]);
      expect(told(all, asker as Asker).file).toBe('');
      expect(['0.0.0.0', LEASES]).toContain(told(all, asker as Asker).server);
    }
  });
});
