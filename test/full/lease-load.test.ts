import { expect, it, onTestFailed, onTestFinished } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { startLeasingSite } from '../fixtures/leasing-site.js';
import { type Exchanges, runPerfdhcp } from '../fixtures/perfdhcp.js';
import { addRouter } from '../fixtures/relayed.js';
import { PROGRAM } from '../setup/server.js';

const CLIENTS = 2_000;
const RELAY = '10.8.0.1';
const SUBNETS = ['{ subnet: 10.8.0.0/16, range: 10.8.1.0-10.8.12.255, lease: 10m }'];
/** What two cores take besides whatever else they do. */
const LOAD = { from: RELAY, to: '192.168.77.1', seconds: 10, rate: 200, clients: CLIENTS };

it('thousands of machines have an address each, and keep it: perfdhcp', async () => {
  const folder = await temporaryFolder();
  const site = await startLeasingSite({ onTestFinished, onTestFailed }, { folder, subnets: SUBNETS });
  const router = await addRouter(site.segment);
  await router.ip('address', 'add', `${RELAY}/32`, 'dev', 'eth0');
  const leases = async () => {
    const command = [process.execPath, PROGRAM, 'lease', 'ls', '--json', '--server', `http://${site.server.api}`];
    return JSON.parse((await site.segment.network.run(command)).out) as Listed;
  };

  const first = await runPerfdhcp(router, { ...LOAD, args: ['-u'] });
  const given = await leases();
  expect([...first.keys()]).toEqual(['DISCOVER-OFFER', 'REQUEST-ACK']);
  for (const [kind, exchanges] of first) expectAnswered(kind, exchanges);
  const { received = 0 } = first.get('REQUEST-ACK') ?? {};
  expect(received).toBeGreaterThan(CLIENTS * 0.9);
  expect(given.filter(({ state }) => state === 'bound').length).toBeGreaterThanOrEqual(received);
  expect(new Set(given.map(({ address }) => address)).size).toBe(given.length);
  const owners = ownersOf(given);
  expect(owners.size).toBe(given.length);

  // Half as many renewals as exchanges, and some give their address back.
  const again = await runPerfdhcp(router, { ...LOAD, args: ['-f', '100', '-F', '20'] });
  for (const kind of ['DISCOVER-OFFER', 'REQUEST-ACK', 'REQUEST-ACK (renewal)'])
    expectAnswered(kind, again.get(kind) ?? expect.unreachable(kind));
  expect(again.get('REQUEST-ACK (renewal)')?.received).toBeGreaterThan(100);
  const released = again.get('RELEASE')?.sent ?? 0;
  expect(released).toBeGreaterThan(10);
  expect(site.told('lease.released').length).toBeGreaterThan(0);
  const kept = await leases();
  expect(new Set(kept.map(({ address }) => address)).size).toBe(kept.length);
  for (const [mac, address] of ownersOf(kept)) expect(owners.get(mac) ?? address, mac).toBe(address);
  expect(site.told('fault')).toEqual([]);
  expect(site.told('lease.refused')).toEqual([]);
});

type Listed = readonly { readonly address: string; readonly state: string; readonly mac?: string }[];

function ownersOf(listed: Listed): ReadonlyMap<string, string> {
  return new Map(listed.map(({ mac, address }) => [mac ?? expect.unreachable(address), address]));
}

function expectAnswered(kind: string, exchanges: Exchanges): void {
  const said = `${kind} ${JSON.stringify(exchanges)}`;
  expect(exchanges.sent, said).toBeGreaterThan(0);
  expect(exchanges.drops / exchanges.sent, said).toBeLessThan(0.01);
  expect([exchanges.rejected, exchanges.repeated], said).toEqual([0, 0]);
}
