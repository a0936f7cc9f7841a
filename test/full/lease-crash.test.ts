import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { WorkerDatabase } from '../../src/store/worker-database.js';
import { SQLITE_WORKER } from '../fixtures/built.js';
import { leaseSite, startMachines } from '../fixtures/lease-machines.js';
import { rowsOf } from '../fixtures/states.js';
import { expectWhole } from '../fixtures/whole-state.js';
import { startServer } from '../setup/server.js';
import { Dice } from './dice.js';
import type { Hold } from './lease-clients.js';

const ROUNDS = 12;
const MACHINES = 1_000;
/** A few more than there are machines: who vanishes keeps its address from others until its lease ends. */
const RANGE = '10.7.1.0-10.7.5.99';
/** The lease is counted by the server from when it decided, and by a machine from when it asked. */
const LATENESS_MILLISECONDS = 100;

it('gives no address to two machines, and has all that it acknowledged, however often it is killed', async () => {
  const seed = Date.now() % 1_000_000;
  process.stdout.write(`lease rounds of seed ${seed}\n`);
  const dice = new Dice(seed);
  const { segment, relay, config, data } = await leaseSite(RANGE);
  const state = join(data, 'state.db');
  const { report } = startMachines(relay, { machines: MACHINES, seed });
  let acks = 0;
  let rounds = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const at = `round ${round}, seed ${seed}`;
    const server = await startServer(config, { within: segment.network.within });
    await sleep(300 + dice.below(3_000));
    server.process.kill('SIGKILL');
    await server.process.ended;
    // What it has sent is heard.
    await sleep(200);
    const known = await report();
    expect(known.wrongs, at).toEqual([]);
    await expectWhole(state, at);
    await expectKept(state, known.holds, at);
    if (known.acks > acks) rounds += 1;
    acks = known.acks;
  }
  const server = await startServer(config, { within: segment.network.within });
  await expect.poll(async () => (await report()).acks).toBeGreaterThan(acks + MACHINES);
  // Those of machines that have vanished, a minute after that.
  await expect.poll(async () => (await report()).ended).toBeGreaterThan(0);
  const last = await report();
  process.stdout.write(`${last.acks} acknowledged, ${last.naks} refused, ${last.ended} given to another\n`);
  expect(last.wrongs).toEqual([]);
  expect(rounds, 'rounds in which something was acknowledged').toBeGreaterThan(ROUNDS / 2);
  expect(await server.stop()).toBe(0);
});

type KeptLease = { readonly state: string; readonly until: number; readonly client: { readonly mac?: string } };

/** While no server has it open: each lease that was acknowledged, for as long as its machine counts on it. */
async function expectKept(state: string, holds: readonly Hold[], at: string): Promise<void> {
  const raw = await WorkerDatabase.open(state, SQLITE_WORKER);
  const rows = await rowsOf(raw, 'select address, lease from leases');
  const [clock] = await rowsOf(raw, "select value from meta where key = 'lease_clock'");
  await raw.close();
  const { offset } = JSON.parse(String(clock?.['value'])) as { readonly offset: number };
  const [seconds, nanoseconds] = process.hrtime();
  const leaseClock = offset + seconds * 1_000 + nanoseconds / 1_000_000;
  const kept = new Map(rows.map(({ address, lease }) => [address, JSON.parse(String(lease)) as KeptLease]));
  const lost = holds.filter(({ address, mac, endsAt }) => {
    const lease = kept.get(address);
    const left = endsAt - Date.now();
    const isTheirs = lease?.state === 'bound' && lease.client.mac === mac;
    return !isTheirs || lease.until - leaseClock < left - LATENESS_MILLISECONDS;
  });
  expect(lost, `leases that were acknowledged and are gone, ${at}`).toEqual([]);
}
