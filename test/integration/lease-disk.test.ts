import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { leaseSite, startMachines } from '../fixtures/lease-machines.js';
import { serve } from '../fixtures/serving.js';

const DISK = 8 * 1024 * 1024;
/** In a minute, of all machines. */
const MOST_LINES = 10;

it('acknowledges no lease that it cannot keep, says so, and gives addresses again once there is room', async () => {
  const { segment, relay, config, data } = await leaseSite('10.7.1.0-10.7.1.99');
  await mkdir(data);
  const mount = `mount -t tmpfs -o size=${DISK} tmpfs "$0" && exec "$@"`;
  const within = [...segment.network.within, 'unshare', '--mount', 'sh', '-c', mount, data];
  const { server, log } = await serve(config, { within });
  const told = (event: string) => log.filter((line) => line.event === event);
  const ballast = join('/proc', String(server.process.pid), 'root', data, 'ballast');
  // Before anything is written: the log of the state is to need room.
  await expect(writeFile(ballast, Buffer.alloc(DISK))).rejects.toThrow('ENOSPC');

  const machines = startMachines(relay, { machines: 40, seed: 1 });
  await expect.poll(() => told('lease.unsaved').length).toBeGreaterThan(0);
  expect(told('lease.unsaved')[0]).toMatchObject({ reason: expect.stringContaining('is full') as string });
  await sleep(1_500);
  const full = await machines.report();
  await sleep(1_500);
  expect((await machines.report()).acks).toBe(full.acks);
  expect(told('lease.unsaved').length).toBeLessThanOrEqual(MOST_LINES);

  await rm(ballast);
  await expect.poll(async () => (await machines.report()).acks).toBeGreaterThan(full.acks + 100);
  expect((await machines.report()).wrongs).toEqual([]);
  expect(told('fault')).toEqual([]);
  expect(await server.stop()).toBe(0);
});
