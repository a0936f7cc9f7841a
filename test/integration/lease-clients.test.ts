import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { startDhclient, startDhcpcd, startNetworkd, startUdhcpc } from '../fixtures/lease-clients.js';
import { startLeasingSite, writeLeasingConfig } from '../fixtures/leasing-site.js';
import { startProxied } from '../fixtures/proxied-site.js';
import { startLeaseServer } from '../setup/dnsmasq.js';
import type { NetworkNamespace } from '../setup/network-namespace.js';
import { busyboxProgram } from '../setup/parts.js';
import type { ChildProcess } from '../setup/process.js';
import type { Segment } from '../setup/segment.js';
import { PROGRAM } from '../setup/server.js';

/** Until a line of it is like that. */
const says = (client: ChildProcess, pattern: RegExp, seconds = 60) =>
  client.waitForLine((line) => (pattern.test(line) ? line : undefined), seconds);
const signal = (client: ChildProcess, name: NodeJS.Signals) => process.kill(client.pid ?? expect.unreachable(), name);

/** A host without an address, whose card is that one. */
async function addClient(segment: Segment, card = '52:54:00:00:00:01'): Promise<NetworkNamespace> {
  const host = await segment.addHost('192.168.77.4/24');
  await host.ip('address', 'flush', 'dev', 'eth0');
  await host.ip('link', 'set', 'eth0', 'address', card);
  return host;
}

const FULL = [
  '{ subnet: 192.168.77.0/24, range: 192.168.77.100-192.168.77.199, routers: 192.168.77.1, dns: [192.168.77.1, 192.168.77.2],',
  'domain: rack1.lab, search: [rack1.lab, lab], ntp: 192.168.77.1, mtu: 1400, lease: 10m,',
  'routes: [{ to: 10.2.0.0/16, via: 192.168.77.254 }] }',
].join(' ');

describe('udhcpc of busybox', () => {
  it('has a lease with all that it asks for, renews it, gives it back, and gets the same again', async (context) => {
    const folder = await temporaryFolder();
    const { segment, told } = await startLeasingSite(context, {
      folder,
      subnets: [FULL],
      machines: ['{ name: node-01, mac: "52:54:00:00:00:01", hostname: node-01 }'],
    });
    const host = await addClient(segment);
    const asks = ['mtu', 'search', 'staticroutes', 'hostname', 'ntpsrv'].flatMap((option) => ['-O', option]);
    const client = await startUdhcpc(context, { folder, host }, asks);
    const bound = await says(client, /^bound /);
    const address = /ip=(\S+)/.exec(bound)?.[1] ?? '';
    expect(address).toMatch(/^192\.168\.77\.1\d\d$/);
    for (const said of [
      ...['server=192.168.77.1', 'router=192.168.77.1', 'dns=192.168.77.1 192.168.77.2', 'mtu=1400'],
      ...['domain=rack1.lab', 'search=rack1.lab lab', 'ntp=192.168.77.1', 'host=node-01'],
      'routes=10.2.0.0/16 192.168.77.254 0.0.0.0/0 192.168.77.1',
    ])
      expect(bound).toContain(said);
    expect(bound).toMatch(/ lease=(599|600) /);
    // Nothing of booting.
    expect(bound).toContain('file= ');

    signal(client, 'SIGUSR1');
    expect(await says(client, /^renew /)).toContain(`ip=${address} `);
    signal(client, 'SIGUSR2');
    await expect.poll(() => told('lease.released')).toMatchObject([{ machine: 'node-01', address }]);
    signal(client, 'SIGUSR1');
    await expect.poll(() => told('lease.given').length).toBe(3);
    await expect
      .poll(() => told('lease.given'))
      .toMatchObject([
        { machine: 'node-01', address, isExtended: false },
        { machine: 'node-01', address, isExtended: true },
        { machine: 'node-01', address, isExtended: false },
      ]);
    expect(told('dhcp.answered')).toEqual([]);
  });

  it('has what it wants unless another has it', async (context) => {
    const folder = await temporaryFolder();
    const { segment } = await startLeasingSite(context, { folder, dhcp: ['allowOtherServers: true'] });
    const addresses = await Promise.all(
      ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'].map(async (card) => {
        const host = await addClient(segment, card);
        const client = await startUdhcpc(context, { folder, host }, ['-r', '192.168.77.150']);
        return /ip=(\S+)/.exec(await says(client, /^bound /))?.[1];
      }),
    );
    expect(addresses.filter((address) => address === '192.168.77.150')).toHaveLength(1);
    expect(new Set(addresses).size).toBe(3);
  });

  it('renews from another when the one that it knows is gone', async (context) => {
    const folder = await temporaryFolder();
    // Within its last minute it asks everybody.
    const subnets = ['{ subnet: 192.168.77.0/24, range: 192.168.77.100-192.168.77.199, lease: 1m }'];
    const first = await startLeasingSite(context, { folder, subnets, dhcp: ['allowOtherServers: true'] });
    const { segment, server, config } = first;
    const client = await startUdhcpc(context, { folder, host: await addClient(segment) });
    const address = /ip=(\S+)/.exec(await says(client, /^bound /))?.[1];
    await server.stop();
    await segment.network.ip('address', 'del', '192.168.77.1/24', 'dev', 'br0');
    await segment.network.ip('address', 'add', '192.168.77.9/24', 'dev', 'br0');
    const moved = await renamed(config, '192.168.77.9');
    const second = await startProxied(context, moved, segment.network.within);
    signal(client, 'SIGUSR1');
    expect(await says(client, /^renew /)).toContain(`ip=${address} server=192.168.77.9 `);
    expect(second.told('lease.given')).toMatchObject([{ address, isExtended: true }]);
  });
});

/** The same data, advertised elsewhere. */
async function renamed(config: string, address: string): Promise<string> {
  await writeFile(config, (await readFile(config, 'utf8')).replace('advertise: 192.168.77.1', `advertise: ${address}`));
  return config;
}

describe('ISC dhclient', () => {
  const started = async (context: TestContext, options: Partial<Parameters<typeof startLeasingSite>[1]> = {}) => {
    const folder = await temporaryFolder();
    const site = await startLeasingSite(context, { folder, ...options });
    return { ...site, folder, own: await mkdtemp(join(folder, 'dhclient-')) };
  };

  it('has the address of its record, remembers it when it starts anew, and gives it back', async (context) => {
    const machines = ['{ name: node-01, mac: "52:54:00:00:00:01", ip: 192.168.77.20 }'];
    const { segment, told, own } = await started(context, { machines, dhcp: ['allowOtherServers: true'] });
    const host = await addClient(segment);
    const first = await startDhclient(context, host, { own });
    expect(await says(first, /^BOUND /)).toBe('BOUND ip=192.168.77.20 server=192.168.77.1');
    // It keeps it when its script is done, and gives it back when it ends in order.
    await says(first, /^bound to /);
    signal(first, 'SIGKILL');
    await first.ended;
    const again = await startDhclient(context, host, { own });
    expect(await says(again, /^REBOOT /)).toBe('REBOOT ip=192.168.77.20 server=192.168.77.1');
    expect(again.lines.filter((line) => line.startsWith('DHCPDISCOVER'))).toEqual([]);
    await says(again, /^bound to /);
    signal(again, 'SIGKILL');
    await again.ended;
    const release = await startDhclient(context, host, { own, args: ['-r'] });
    await release.ended;
    await expect.poll(() => told('lease.released')).toMatchObject([{ machine: 'node-01', address: '192.168.77.20' }]);
  });

  it('is refused an address of another subnet, and has one of this at once', async (context) => {
    const { segment, told, own } = await started(context, { dhcp: ['authoritative: true'] });
    const remembered = [
      'lease {',
      '  interface "eth0";',
      '  fixed-address 10.9.9.9;',
      '  option subnet-mask 255.255.255.0;',
      '  option dhcp-server-identifier 10.9.9.1;',
      '  renew 4 2037/01/01 00:00:00;',
      '  rebind 4 2037/01/01 00:00:00;',
      '  expire 4 2037/01/01 00:00:00;',
      '}',
      '',
    ];
    await writeFile(join(own, 'leases'), remembered.join('\n'));
    const client = await startDhclient(context, await addClient(segment), { own });
    expect(await says(client, /^DHCPNAK/)).toContain('DHCPNAK from 192.168.77.1');
    expect(await says(client, /^BOUND /)).toMatch(/^BOUND ip=192\.168\.77\.1\d\d server=192\.168\.77\.1$/);
    await expect.poll(() => told('lease.refused')).toMatchObject([{ address: '10.9.9.9' }]);
  });

  it('declines what another uses, and has another', async (context) => {
    const { segment, told, own } = await started(context, { dhcp: ['allowOtherServers: true'] });
    const client = await startDhclient(context, await addClient(segment), { own, status: 1 });
    const refused = /ip=(\S+)/.exec(await says(client, /^BOUND /))?.[1];
    await says(client, /^DHCPDECLINE/);
    await expect.poll(() => told('lease.declined')).toMatchObject([{ address: refused }]);
    await expect.poll(() => told('lease.given').at(-1)?.address).not.toBe(refused);
  });
});

it('dhcpcd has a lease, asks for it anew, and gives it back', async (context) => {
  const folder = await temporaryFolder();
  const { segment, told } = await startLeasingSite(context, { folder, dhcp: ['allowOtherServers: true'] });
  const host = await addClient(segment);
  const dhcpcd = await startDhcpcd(context, { folder, host });
  await expect.poll(() => told('lease.given').length).toBe(1);
  const address = told('lease.given')[0]?.address;
  // It gives back what it has: what was sent to it may not have come yet.
  const leased = () => dhcpcd.lines.filter((line) => /leased 192\.168\.77\.1\d\d for \d+ seconds/.test(line)).length;
  await expect.poll(leased).toBe(1);
  // Its way to say "rebind", and then "release".
  signal(dhcpcd, 'SIGHUP');
  await expect.poll(leased).toBe(2);
  await expect.poll(() => told('lease.given').at(-1)).toMatchObject({ address, isExtended: true });
  signal(dhcpcd, 'SIGALRM');
  await expect.poll(() => told('lease.released')).toMatchObject([{ address }]);
});

it('systemd-networkd has a lease by its identifier, the same when it starts anew, and gives it back', async (context) => {
  const folder = await temporaryFolder();
  const { segment, server, told } = await startLeasingSite(context, { folder, dhcp: ['allowOtherServers: true'] });
  const host = await addClient(segment);
  const own = await mkdtemp(join(folder, 'networkd-'));
  const first = await startNetworkd(context, host, own);
  const acquired = await says(first, /acquired from 192\.168\.77\.1$/);
  const address = /DHCPv4 address (\S+)\/24/.exec(acquired)?.[1] ?? '';
  expect(address).toMatch(/^192\.168\.77\.1\d\d$/);
  signal(first, 'SIGUSR2');
  await first.ended;
  const again = await startNetworkd(context, host, own);
  expect(await says(again, /acquired from 192\.168\.77\.1$/)).toContain(`DHCPv4 address ${address}/24`);
  await expect
    .poll(() => told('lease.given'))
    .toMatchObject([
      { address, isExtended: false },
      { address, isExtended: true },
    ]);
  // RFC 4361: ff, which of its cards, and what identifies the host, of systemd's number at IANA.
  const show = [process.execPath, PROGRAM, 'lease', 'show', address, '--json', '--server', `http://${server.api}`];
  expect(JSON.parse((await segment.network.run(show)).out)).toMatchObject({
    mac: '52:54:00:00:00:01',
    clientId: expect.stringMatching(/^ff[0-9a-f]{8}00020000ab11[0-9a-f]{16}$/) as string,
  });
  // What it sends as it ends goes out only where the card of the server is known: its address is gone at once.
  await host.must([busyboxProgram(), 'ping', '-c', '1', '192.168.77.1']);
  signal(again, 'SIGTERM');
  await expect.poll(() => told('lease.released')).toMatchObject([{ address }]);
});

describe('beside another server', () => {
  it('we do not start, and say which; unless that is wanted, and then it is told', async (context) => {
    const folder = await temporaryFolder();
    const { segment, server } = await startLeasingSite(context, { folder, dhcp: ['allowOtherServers: true'] });
    const host = await segment.addHost('192.168.77.2/24');
    const other = await startLeaseServer(host);
    context.onTestFinished(() => other.stop());
    await server.stop();

    const alone = await writeLeasingConfig({ folder });
    const refused = await segment.network.run([process.execPath, PROGRAM, 'serve', '-c', alone]);
    expect([refused.status, refused.out]).toEqual([
      1,
      expect.stringContaining(
        'another DHCP server gives addresses on br0: 192.168.77.2; end it, set dhcp.mode to proxy (and leave out dhcp.subnets, authoritative and probe) to boot machines beside it, or set dhcp.allowOtherServers to true',
      ),
    ]);

    const both = await writeLeasingConfig({ folder, dhcp: ['allowOtherServers: true'] });
    const { told } = await startProxied(context, both, segment.network.within);
    const others = () => told('dhcp.other').map(({ server: one, interface: at, by }) => [one, at, by]);
    await expect.poll(others).toEqual([['192.168.77.2', 'br0', 'it offers addresses']]);
  });
});
