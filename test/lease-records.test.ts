import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Config } from '../src/config/schema.js';
import { readSystemStart } from '../src/disk-system-start.js';
import type { KeptClock } from '../src/lease/ports.js';
import { findProbeTrouble, openLeases } from '../src/lease-records.js';
import { Lifecycle } from '../src/lifecycle.js';
import { Inventory } from '../src/machine/inventory.js';
import type { IpAddress } from '../src/net/ip.js';
import { temporaryFolder } from './fixtures/folder.js';
import { MemoryLeases } from './fixtures/lease-desk.js';
import { ip, lease, leaseSubnet, mac, stranger } from './fixtures/leases.js';
import { neighbours } from './fixtures/policies.js';

const DHCP = {
  mode: 'server',
  listen: { host: ip('0.0.0.0'), port: 67 },
  interfaces: [],
  authoritative: false,
  allowOtherServers: false,
  probe: false,
  subnets: [leaseSubnet(['192.168.77.100-192.168.77.101'])],
} satisfies Config['dhcp'];

/** A state with what was kept, and the server's parts that open it. */
async function opened(
  kept: { damaged?: readonly IpAddress[]; clock?: KeptClock | undefined; leases?: MemoryLeases } = {},
) {
  const { damaged = [], leases = new MemoryLeases() } = kept;
  const here = { clock: kept.clock };
  const warnings: string[] = [];
  const lifecycle = new Lifecycle();
  onTestFinished(() => lifecycle.stop());
  const records = await openLeases(DHCP, {
    store: {
      loadLeases: async () => ({ ...(await leases.loadLeases()), damaged }),
      saveLeases: (all) => leases.saveLeases(all),
      removeLeases: (all) => leases.removeLeases(all),
      loadLeaseClock: async () => here.clock,
      saveLeaseClock: async (clock) => {
        here.clock = clock;
      },
    },
    mapping: () => ({ machines: [], inventory: new Inventory([]) }),
    trustedRelays: () => [],
    neighbours: neighbours(),
    events: () => undefined,
    lifecycle,
    warn: (text) => warnings.push(text),
  });
  records?.restore(false);
  return { desk: records?.desk, leases, here, warnings, lifecycle };
}

it('keeps where its clock stands before anything is given, and goes on with it', async () => {
  const first = await opened();
  expect(first.here.clock).toMatchObject({ boot: await readSystemStart() });
  const again = await opened(first.here);
  expect(again.here.clock).toBe(first.here.clock);
});

it('takes up what is kept, and what it gives is kept when it has ended', async () => {
  const { desk, leases, lifecycle } = await opened();
  const link = [ip('192.168.77.1')];
  const address = ip('192.168.77.100');
  const answered = desk?.answer({ kind: 'select', address, isOurs: true, client: { mac: mac(1) }, link });
  await lifecycle.stop();
  expect(leases.kept.get(address)).toMatchObject({ state: 'bound' });
  expect(await answered).toMatchObject({ kind: 'ack' });
  const again = await opened({ leases });
  expect(again.desk?.register.at(address)).toMatchObject({ state: 'bound', client: { mac: mac(1) } });
});

it('says what it cannot use, and gives nobody an address that may be somebody’s', async () => {
  const leases = new MemoryLeases();
  await leases.saveLeases([lease('10.0.0.1', stranger(1))]);
  const { desk, warnings } = await opened({ leases, damaged: [ip('192.168.77.100')] });
  expect(warnings).toEqual([
    'who has 192.168.77.100 cannot be read in the state: nobody is given that for as long as a lease lasts',
    'leases of no subnet in dhcp.subnets: 1; they are kept, and count again when it is there again',
  ]);
  expect(desk?.register.at(ip('192.168.77.100'))).toMatchObject({ state: 'conflict' });
});

it('is told beforehand where addresses of ranges would be given without a look', async () => {
  const tools = await temporaryFolder();
  vi.stubEnv('PATH', tools);
  onTestFinished(() => void vi.unstubAllEnvs());
  const probed = { ...DHCP, probe: true } satisfies Config['dhcp'];
  expect(await findProbeTrouble(probed)).toEqual([
    'addresses are given without a look whether somebody uses them: ping is not installed: install iputils-ping, or set dhcp.probe to false',
  ]);
  expect(await findProbeTrouble(DHCP)).toEqual([]);
  expect(await findProbeTrouble({ ...probed, subnets: [leaseSubnet([])] })).toEqual([]);
  await writeFile(join(tools, 'ping'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  expect(await findProbeTrouble(probed)).toEqual([]);
});

it('is nothing of a server that gives no addresses', async () => {
  const parts = { warn: () => undefined } as never;
  expect(await openLeases(undefined, parts)).toBeUndefined();
});
