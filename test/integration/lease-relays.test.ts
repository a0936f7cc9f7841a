import { expect, it, onTestFailed, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { startUdhcpc } from '../fixtures/lease-clients.js';
import { startLeasingSite } from '../fixtures/leasing-site.js';
import { addBehind, addRouter, startDhcrelay } from '../fixtures/relayed.js';
import { startDnsmasq } from '../setup/dnsmasq.js';

const SUBNETS = ['192.168.77', '10.1.0', '10.2.0'].map(
  (net) => `{ subnet: ${net}.0/24, range: ${net}.100-${net}.199, routers: ${net}.1, lease: 10m }`,
);

it.each(['dnsmasq', 'dhcrelay'])('subnets behind a relay have their own addresses: %s', async (kind) => {
  const context = { onTestFinished, onTestFailed };
  const folder = await temporaryFolder();
  const site = await startLeasingSite(context, { folder, subnets: SUBNETS, dhcp: ['allowOtherServers: true'] });
  const router = await addRouter(site.segment);
  const hosts = [
    await addBehind(context, router, 'far1', '10.1.0.1/24'),
    await addBehind(context, router, 'far2', '10.2.0.1/24'),
  ];
  if (kind === 'dhcrelay') await startDhcrelay(context, router, ['far1', 'far2']);
  else {
    const relays = ['10.1.0.1', '10.2.0.1'].map((address) => `dhcp-relay=${address},192.168.77.1`);
    const relay = await startDnsmasq(router, ['port=0', ...relays]);
    onTestFinished(() => relay.stop());
  }
  for (const [place, host] of hosts.entries()) {
    const net = `10.${place + 1}.0`;
    const client = await startUdhcpc(context, { folder, host });
    const bound = await client.waitForLine((line) => (line.startsWith('bound ') ? line : undefined), 60);
    expect(bound).toMatch(new RegExp(`^bound ip=${net}\\.1\\d\\d server=192\\.168\\.77\\.1 .* router=${net}\\.1 `));
    const address = /ip=(\S+)/.exec(bound)?.[1] ?? '';
    // Directly, past the relay.
    await host.ip('route', 'add', 'default', 'via', `${net}.1`);
    process.kill(client.pid ?? expect.unreachable(), 'SIGUSR1');
    await client.waitForLine((line) => (line.startsWith(`renew ip=${address} `) ? line : undefined), 60);
    // ISC's relay takes up what the router forwards, too, so that it may come twice.
    const given = () =>
      site
        .told('lease.given')
        .filter((line) => line.address === address)
        .slice(0, 2);
    await expect.poll(given).toMatchObject([{ isExtended: false }, { isExtended: true }]);
  }
  expect(site.told('dhcp.other')).toEqual([]);
});
