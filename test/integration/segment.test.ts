import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { startSite } from '../fixtures/segment.js';
import { busyboxProgram } from '../setup/parts.js';

/** The network that the tests of DHCP stand on: what it does wrong, they would not notice. */

it('leases addresses to everybody on the segment, and says nothing of booting', async (context) => {
  const { segment, leases } = await startSite(context);
  const client = await segment.addHost('192.168.77.3/24');
  const script = join(await temporaryFolder(), 'script');
  await writeFile(script, '#!/bin/sh\nenv\n', { mode: 0o755 });
  const udhcpc = [
    busyboxProgram(),
    'udhcpc',
    '-i',
    'eth0',
    '-n',
    '-q',
    '-f',
    '-O',
    'tftp',
    '-O',
    'bootfile',
    '-s',
    script,
  ];
  const asked = await client.run(udhcpc);
  expect(asked.status).toBe(0);
  expect(asked.out).toMatch(/^ip=192\.168\.77\.1\d\d$/m);
  expect(asked.out).toMatch(/^serverid=192\.168\.77\.2$/m);
  expect(asked.out).not.toMatch(/^(boot_file|bootfile|tftp|vendor)/m);
  expect(leases.lines.join('\n')).toMatch(/DHCPACK\(eth0\) 192\.168\.77\.1\d\d/);
});

it('loses what it is told to, and only at the server', async (context) => {
  const { segment } = await startSite(context);
  const client = await segment.addHost('192.168.77.3/24');
  const ping = async (address: string) =>
    (await client.run([busyboxProgram(), 'ping', '-c', '3', '-i', '0.1', '-W', '1', address])).status;
  await segment.network.lose(1, 'datagrams');
  expect(await ping('192.168.77.1')).toBe(0);
  await segment.network.lose(1, 'packets');
  expect([await ping('192.168.77.1'), await ping('192.168.77.2')]).toEqual([1, 0]);
  await segment.network.lose(0);
  expect(await ping('192.168.77.1')).toBe(0);
});
