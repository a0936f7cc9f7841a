import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSubnet } from '../../src/net/ip.js';
import { Relays } from '../../src/pxe/relays.js';

const ADDRESS = '192.168.77.1';
const SUBNETS = ['192.168.77.0/24', '10.3.0.0/16', '10.4.0.1/32'].map((text) => parseSubnet(text) ?? expect.fail());
const [ROUTER, STRANGER] = ['10.0.0.254', '10.0.0.9'];
const [RACK, VICTIM] = ['10.1.0.1', '10.2.0.9'];

const relays = () => new Relays({ address: ADDRESS, subnets: SUBNETS });

/** How many of so many answers are sent to a relay, where that source has named it. */
function sent(all: Relays, relay: string, source: string, { count = 1, now = 0 } = {}): number {
  let times = 0;
  for (let number = 0; number < count; number += 1) {
    const to = { kind: 'relay', address: relay, port: 67 } as const;
    if (all.whyNot(to, { address: source, port: 67 }, now) === undefined) times += 1;
  }
  return times;
}

describe('a relay', () => {
  it('that sends from the address that it names is never slowed', () =>
    expect(sent(relays(), RACK, RACK, { count: 10_000 })).toBe(10_000));

  it('that sends from another has a rack begin at once, for each of its networks', () => {
    const all = relays();
    // Two hundred machines with two cards, which ask twice.
    for (const rack of [RACK, '10.1.1.1', '10.1.2.1']) expect(sent(all, rack, ROUTER, { count: 800 })).toBe(800);
  });

  it('is sent so much, and then so much a second, of what a stranger asks in its name', () => {
    const all = relays();
    expect(sent(all, VICTIM, STRANGER, { count: 5_000 })).toBe(1_000);
    expect(sent(all, VICTIM, STRANGER, { count: 5_000, now: 1_000 })).toBe(200);
    // Nobody else pays for it: neither who was named, nor a router that names it.
    expect([sent(all, VICTIM, VICTIM), sent(all, VICTIM, ROUTER), sent(all, RACK, STRANGER)]).toEqual([1, 1, 1]);
  });

  it('is sent no more than that however it comes, and no less', () => {
    const wave = fc.record({ wait: fc.nat(4_000), count: fc.nat(2_000) });
    fc.assert(
      fc.property(fc.array(wave, { maxLength: 8 }), (waves) => {
        const all = relays();
        let [now, asked, got] = [0, 0, 0];
        for (const { wait, count } of waves) {
          now += wait;
          asked += count;
          got += sent(all, VICTIM, STRANGER, { count, now });
          expect(got).toBeLessThanOrEqual(1_000 + 0.2 * now);
          expect(got).toBeGreaterThanOrEqual(Math.min(asked, 1_000));
        }
      }),
    );
  });
});

it.each([ADDRESS, '192.168.77.255', '10.3.255.255'])('%s is none, whoever says so', (address) => {
  const to = { kind: 'relay', address, port: 67 } as const;
  for (const source of [address, STRANGER, '0.0.0.0'])
    expect(relays().whyNot(to, { address: source, port: 67 }, 0)).toBe('its relay is this host, or everybody here');
});

it('is nobody whom an answer goes to otherwise', () => {
  const all = relays();
  for (let number = 0; number < 2_000; number += 1)
    for (const to of [
      { kind: 'broadcast', port: 68 },
      { kind: 'sender', address: VICTIM, port: 4_011 },
    ] as const)
      expect(all.whyNot(to, { address: STRANGER, port: 68 }, 0)).toBeUndefined();
});
