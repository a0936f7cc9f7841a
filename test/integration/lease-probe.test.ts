import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/folder.js';
import { leaseSite, startMachines } from '../fixtures/lease-machines.js';
import { serve } from '../fixtures/serving.js';
import { busyboxProgram } from '../setup/parts.js';

it('gives nobody an address at which somebody answers who has no lease', async () => {
  const { segment, relay, config } = await leaseSite('10.7.1.10-10.7.1.19', { probe: true });
  await segment.addHost('10.7.1.10/16');
  const tools = await temporaryFolder();
  await symlink(busyboxProgram(), join(tools, 'ping'));
  const env = { PATH: `${tools}:${process.env['PATH']}` };
  const { server, log } = await serve(config, { within: segment.network.within, env });
  const told = (event: string) => log.filter((line) => line.event === event);

  const machines = startMachines(relay, { machines: 4, seed: 1 });
  await expect
    .poll(() => told('lease.conflict'))
    .toMatchObject([
      { address: '10.7.1.10', mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/) as string, seconds: 600 },
    ]);
  await expect.poll(async () => (await machines.report()).acks).toBeGreaterThan(20);
  expect(told('lease.given').filter(({ address }) => address === '10.7.1.10')).toEqual([]);
  expect(log.filter(({ msg }) => msg?.includes('without a look') === true)).toEqual([]);
  expect((await machines.report()).wrongs).toEqual([]);
  expect(await server.stop()).toBe(0);
});
