import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import type { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { exchange } from '../fixtures/exchange.js';
import { temporaryFolder } from '../fixtures/folder.js';
import { startProxied, startProxiedSite, writeProxiedConfig } from '../fixtures/proxied-site.js';
import { pxeDatagram } from '../fixtures/pxe.js';
import { ROOT } from '../setup/command.js';
import { startLeaseServer } from '../setup/dnsmasq.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram, program } from '../setup/parts.js';
import { ChildProcess } from '../setup/process.js';
import { Segment } from '../setup/segment.js';
import { PROGRAM } from '../setup/server.js';

const ACTIVATION = join(ROOT, 'test/setup/activation.js');
const SERVER = '192.168.77.1';

/** A folder with the iPXE binaries of a site. */
async function withIpxe() {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'ipxe'));
  for (const file of ['undionly.kpxe', 'snponly.efi', 'ipxe-arm64.efi'])
    await writeFile(join(folder, 'ipxe', file), `it is ${file}`);
  return folder;
}

async function startSegment() {
  const segment = await Segment.start();
  onTestFinished(() => segment.stop());
  return segment;
}

const typeOf = (packet: ReturnType<typeof packetOf>) => packet.options.get(OPTION.messageType)?.[0];
const serverIdOf = (packet: ReturnType<typeof packetOf>) => [...(packet.options.get(OPTION.serverId) ?? [])].join('.');

describe('proxyDHCP at real sockets', () => {
  it('offers by broadcast, acknowledges to the sender, and answers relays', async (context) => {
    const { segment, log, told } = await startProxiedSite(context, { folder: await withIpxe() });
    expect(log.find(({ event }) => event === 'server.listening')).toMatchObject({
      dhcp: 'br0 (192.168.77.1:67, 4011)',
    });
    const host = await segment.addHost('192.168.77.3/24');

    // The first three are for nobody: what is answered is the last alone.
    const silent = [DHCP_PACKETS.udhcpcDiscover, DHCP_PACKETS.ovmfPxeRequest, DHCP_PACKETS.dnsmasqPxeAck];
    const offered = await exchange(host, [...silent, DHCP_PACKETS.aavmfPxeDiscover], { address: '192.168.77.3' });
    expect(offered).toMatchObject([
      { from: '192.168.77.1:67', packet: { xid: 0x6302e965, siaddr: SERVER, file: 'ipxe-arm64.efi', flags: 0x8000 } },
    ]);
    expect(offered.map(({ packet }) => [typeOf(packet), serverIdOf(packet)])).toEqual([[2, SERVER]]);

    const atPort = { address: '192.168.77.3', port: 4_011, to: { address: SERVER, port: 4_011 } };
    const acknowledged = await exchange(host, [DHCP_PACKETS.ovmfPxeBootServerRequest], atPort);
    expect(acknowledged).toMatchObject([
      { from: '192.168.77.1:4011', packet: { xid: 0xd03011f0, file: 'snponly.efi' } },
    ]);
    expect(acknowledged.map(({ packet }) => [typeOf(packet), serverIdOf(packet)])).toEqual([[5, SERVER]]);

    const relayed = pxeDatagram({ architectures: [0], giaddr: '192.168.77.3', hops: 1, xid: 7 });
    const atRelay = { address: '192.168.77.3', port: 67, to: { address: SERVER, port: 67 } };
    expect(await exchange(host, [relayed], atRelay)).toMatchObject([
      { from: '192.168.77.1:67', packet: { xid: 7, giaddr: '192.168.77.3', flags: 0, file: 'undionly.kpxe' } },
    ]);
    expect(told('dhcp.answered').map(({ step, relay }) => [step, relay])).toEqual([
      ['offer', undefined],
      ['ack', undefined],
      ['offer', '192.168.77.3'],
    ]);
    expect(told('fault')).toEqual([]);
  });

  it('tells UEFI HTTP Boot where there is what it starts, whatever name is advertised', async (context) => {
    const folder = await withIpxe();
    const segment = await startSegment();
    const host = await segment.addHost('192.168.77.3/24');
    const config = await writeProxiedConfig({
      folder,
      dhcp: ['interfaces: [br0]'],
      more: ['http: { listen: "0.0.0.0:8080" }'],
    });
    await renameAdvertised(config, 'http://boot.lab:8080');
    await startProxied(context, config, segment.network.within);
    const [offer] = await exchange(host, [DHCP_PACKETS.ovmfHttpDiscover], { address: '192.168.77.3' });
    const url = offer?.packet.options.get(OPTION.bootFileName)?.toString() ?? '';
    expect(url).toBe(
      'http://192.168.77.1:8080/uefi/amd64/52-54-00-77-00-01/77000001-1ab0-4c0d-8e0f-000000000001/boot.efi',
    );
    const { command, libraryPath } = program('curl');
    const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
    expect(await host.run([command, '-sS', '--max-time', '20', url], { env })).toEqual({
      status: 0,
      out: 'it is snponly.efi',
    });
  });

  it('leaves ordinary clients alone, who have their leases from whom they had them', async (context) => {
    const { segment, leases, told } = await startProxiedSite(context, { folder: await withIpxe() });
    const host = await segment.addHost('192.168.77.3/24');
    const folder = await temporaryFolder();
    const script = join(folder, 'script');
    await writeFile(script, '#!/bin/sh\nenv\n', { mode: 0o755 });
    const udhcpc = [busyboxProgram(), 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-O', 'bootfile', '-s', script];
    const asked = await host.run(udhcpc);
    expect(asked.status).toBe(0);
    expect(asked.out).toMatch(/^serverid=192\.168\.77\.2$/m);
    expect(asked.out).not.toMatch(/^(boot_file|bootfile|siaddr=192\.168\.77\.1$)/m);

    const { lines, ended } = await runDhclient(host, folder, script);
    expect(ended).toContain('bound to 192.168.77.');
    const offers = lines.flatMap((line) => /DHCP(?:OFFER|ACK) .*from (\S+)/.exec(line)?.[1] ?? []);
    expect([...new Set(offers)]).toEqual(['192.168.77.2']);
    expect(leases.lines.filter((line) => line.includes('DHCPACK(eth0)')).length).toBeGreaterThanOrEqual(2);

    // It hears that host, and has told nobody anything until now.
    expect(told('dhcp.answered')).toEqual([]);
    await exchange(host, [DHCP_PACKETS.ovmfPxeDiscover], { address: '192.168.77.3' });
    expect(told('dhcp.answered')).toHaveLength(1);
  });
});

describe('where DHCP is answered', () => {
  it('is no host with another server, who is named', async () => {
    const segment = await startSegment();
    // Nobody is on a bridge that is down.
    await segment.addHost('192.168.77.3/24');
    const other = await startLeaseServer(segment.network, { card: 'br0' });
    onTestFinished(() => other.stop());
    const config = await writeProxiedConfig({ folder: await withIpxe() });
    const { status, out } = await segment.network.run([process.execPath, PROGRAM, 'serve', '-c', config]);
    expect(status).toBe(1);
    expect(out).toContain(
      'cannot listen on 0.0.0.0:67: another program listens there already; end it (ss -lnp names it), or turn it off with "dhcp: { mode: off }"',
    );
  });

  it('is one interface of several, with a warning, or by sockets that are bound to each', async (context) => {
    const segment = await startSegment();
    await segment.addBridge('br1', '10.1.0.1/24');
    const folder = await withIpxe();
    const [near, far] = [await segment.addHost('192.168.77.3/24'), await segment.addHost('10.1.0.3/24', 'br1')];

    const both = await writeProxiedConfig({ folder, dhcp: ['interfaces: [br0, br1]'] });
    const refused = await segment.network.run([process.execPath, PROGRAM, 'serve', '-c', both]);
    expect(refused.status).toBe(2);
    expect(refused.out).toContain('a socket does not tell by which of them a broadcast came in (br0, br1)');

    const plan = async (...more: readonly string[]) => {
      const machine = ['--mac', '52:54:00:00:00:01', '--arch', 'amd64', '--firmware', 'uefi-http'];
      return segment.network.run([process.execPath, PROGRAM, 'plan', '-c', both, ...machine, ...more]);
    };
    const [first, other, none] = [await plan(), await plan('--interface', 'br1'), await plan('--interface', 'br2')];
    expect(first.out).toContain('As on br0 (192.168.77.1); with --interface, as on another that is served: br1\n');
    expect(first.out).toMatch(/option 67 +http:\/\/192\.168\.77\.1:8080\/uefi\//);
    expect(other.out).toMatch(/^ {2}siaddr +10\.1\.0\.1 /m);
    expect(other.out).toMatch(/option 67 +http:\/\/10\.1\.0\.1:8080\/uefi\//);
    expect([none.status, none.out]).toEqual([
      2,
      'bootlayer: DHCP is not answered on an interface br2; name one that is served: br0, br1\n',
    ]);

    const one = await startProxied(context, await writeProxiedConfig({ folder }), segment.network.within);
    expect(one.told('config.warning').map(({ msg }) => msg)).toEqual([
      expect.stringContaining('DHCP is answered on br0 alone, and requests that come by br1 are answered there, too'),
    ]);
    await exchange(near, [DHCP_PACKETS.ovmfPxeDiscover], { address: '192.168.77.3' });
    await one.server.stop();

    const sockets = ['br0', 'br1'].flatMap((card) => [`dhcp-${card}=0.0.0.0@67`, `pxe-${card}=0.0.0.0@4011`]);
    const activated = [...segment.network.within, process.execPath, ACTIVATION, ...sockets, '--'];
    const two = await startProxied(context, both, activated);
    expect(two.log.find(({ event }) => event === 'server.listening')).toMatchObject({
      dhcp: 'br0 (192.168.77.1:67, 4011), br1 (10.1.0.1:67, 4011)',
    });
    expect(two.told('config.warning')).toEqual([]);
    for (const [host, address, from] of [
      [near, '192.168.77.3', SERVER],
      [far, '10.1.0.3', '10.1.0.1'],
    ] as const) {
      const offered = await exchange(host, [DHCP_PACKETS.ovmfPxeDiscover], { address, from });
      expect(offered).toMatchObject([{ from: `${from}:67`, packet: { siaddr: from, sname: from } }]);
      expect(offered.map(({ packet }) => serverIdOf(packet))).toEqual([from]);
      const atPort = { address, from, port: 4_011, to: { address: from, port: 4_011 } };
      expect(await exchange(host, [DHCP_PACKETS.ovmfPxeBootServerRequest], atPort)).toMatchObject([
        { from: `${from}:4011`, packet: { siaddr: from } },
      ]);
    }
  });
});

/** Until it has its lease; it would renew it from then on. */
async function runDhclient(host: NetworkNamespace, folder: string, script: string) {
  const config = join(folder, 'dhclient.conf');
  await writeFile(config, 'request subnet-mask, routers, tftp-server-name, bootfile-name;\n');
  const files = ['-cf', config, '-sf', script, '-lf', join(folder, 'leases'), '--no-pid'];
  const [first = '', ...args] = [...host.within, program('dhclient').command, '-d', '-1', '-v', ...files, 'eth0'];
  const dhclient = new ChildProcess(first, args, { name: 'dhclient' });
  onTestFinished(async () => void (await dhclient.stop()));
  const ended = await dhclient.waitForLine((line) => (line.startsWith('bound to') ? line : undefined), 60);
  return { lines: dhclient.lines, ended };
}

/** What its configuration advertises is a URL from now on. */
async function renameAdvertised(config: string, url: string): Promise<void> {
  await writeFile(config, (await readFile(config, 'utf8')).replace('advertise: 192.168.77.1', `advertise: ${url}`));
}
