import { expect, it } from 'vitest';
import { ConflictProbe } from '../../src/booter/conflict-probe.js';
import type { IpAddress } from '../../src/net/ip.js';
import { ip4Of } from '../../src/net/ip4-number.js';
import type { Pinged } from '../../src/net/ping-process.js';
import { ip } from '../fixtures/leases.js';

const ONE = ip('192.168.77.100');

/** Pings end when they are told to. */
function prober() {
  const here = { ticks: 0 };
  const pings: { address: IpAddress; end: (pinged: Pinged) => void }[] = [];
  const told: string[] = [];
  const probe = new ConflictProbe({
    ping: (address) => new Promise((end) => pings.push({ address, end })),
    ticks: () => here.ticks,
    answered: (address) => told.push(address),
    failed: (reason) => told.push(reason),
  });
  return { probe, pings, told, here };
}

it('finds nobody, and believes that for a minute', async () => {
  const { probe, pings, here } = prober();
  const free = probe.isFree(ONE);
  expect(free).toBeInstanceOf(Promise);
  pings[0]?.end({ kind: 'quiet' });
  expect(await free).toBe(true);
  here.ticks = 59_999;
  expect(probe.isFree(ONE)).toBe(true);
  here.ticks = 60_000;
  expect(probe.isFree(ONE)).toBeInstanceOf(Promise);
  expect(pings.map(({ address }) => address)).toEqual([ONE, ONE]);
});

it('tells once of somebody who answers, to all who ask meanwhile', async () => {
  const { probe, pings, told } = prober();
  const both = [ONE, ONE].map(async (one) => probe.isFree(one));
  pings[0]?.end({ kind: 'answered' });
  expect(await Promise.all(both)).toEqual([false, false]);
  expect([pings.length, told]).toEqual([1, [ONE]]);
});

it('asks a few at once, lets some wait, and no more', async () => {
  const { probe, pings } = prober();
  const all = Array.from({ length: 60 }, (_, number) => probe.isFree(ip4Of(0x0a000000 + number)));
  expect(all.map((free) => free === true).indexOf(true)).toBe(32);
  expect(pings.length).toBe(16);
  pings[3]?.end({ kind: 'quiet' });
  await expect.poll(() => pings.length).toBe(17);
  expect(pings[16]?.address).toBe('10.0.0.16');
  for (let place = 0; place < 32; place += 1) {
    await expect.poll(() => pings.length).toBeGreaterThan(place);
    pings[place]?.end({ kind: 'quiet' });
  }
  expect(await Promise.all(all.map(async (one) => one))).toEqual(Array.from({ length: 60 }, () => true));
  expect(pings.length).toBe(32);
});

it('asks ten times a second in a flood, however fast the answers are', async () => {
  const { probe, pings, here } = prober();
  for (let turn = 0; turn < 450; turn += 1) {
    here.ticks = turn * 20;
    const free = probe.isFree(ip4Of(0x0a000000 + turn));
    pings.at(-1)?.end({ kind: 'quiet' });
    await free;
  }
  expect(pings.length).toBe(32 + 89);
});

it('says once that nothing can be probed, and offers all then', async () => {
  const { probe, pings, told } = prober();
  const [one, other] = [probe.isFree(ONE), probe.isFree(ip('192.168.77.101'))];
  for (const { end } of [...pings]) end({ kind: 'failed', reason: 'ping is not installed' });
  expect([await one, await other]).toEqual([true, true]);
  // This host itself tells, once for both.
  expect(pings.map(({ address }) => address)).toEqual([ONE, '192.168.77.101', '127.0.0.1']);
  pings[2]?.end({ kind: 'failed', reason: 'ping is not installed' });
  await expect.poll(() => told).toEqual(['ping is not installed']);
  expect(probe.isFree(ip('192.168.77.102'))).toBe(true);
});

it('goes on to probe the others where no route leads to one address', async () => {
  const { probe, pings, told } = prober();
  const one = probe.isFree(ONE);
  pings[0]?.end({ kind: 'failed', reason: 'ping failed (2)' });
  expect(await one).toBe(true);
  pings[1]?.end({ kind: 'answered' });
  const other = probe.isFree(ip('192.168.77.101'));
  pings[2]?.end({ kind: 'answered' });
  expect([await other, told]).toEqual([false, ['192.168.77.101']]);
});

it.each<readonly [Pinged, readonly string[]]>([
  [{ kind: 'answered' }, []],
  [{ kind: 'quiet' }, ['ping gets no answer from 127.0.0.1, which is this host itself']],
  [{ kind: 'failed', reason: 'ping is not installed' }, ['ping is not installed']],
])('tries at the start whether it can: %o', async (pinged, expected) => {
  const { probe, pings, told } = prober();
  const begun = probe.begin();
  pings[0]?.end(pinged);
  await begun;
  expect(told).toEqual(expected);
  expect(probe.isFree(ONE) === true).toBe(expected.length > 0);
});
