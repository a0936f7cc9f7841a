import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RelayWord } from '../../src/booter/relay-word.js';
import { RelayWords, type TrustedRelays } from '../../src/booter/relay-words.js';
import { type IpAddress, parseSubnet } from '../../src/net/ip.js';
import { MAC, mac, OTHER_MAC } from '../fixtures/mappings.js';

const [HERE, THERE] = ['10.1.0.20', '10.1.0.21'] as IpAddress[] as [IpAddress, IpAddress];
const RELAY = '10.1.0.1';
const HOUR = 3_600_000;
const ANOTHER = '10.2.0.1';
const TRUSTED = [RELAY, ANOTHER].flatMap((text) => parseSubnet(text) ?? []);

function relayed({ most = 100 } = {}) {
  let [now, trusted]: [number, TrustedRelays] = [0, TRUSTED];
  const words = new RelayWords({ now: () => now, trusted: () => trusted, ownNetworks: [], most });
  const hear = (kind: RelayWord['kind'], card: RelayWord['mac'], address: IpAddress) =>
    words.heard({ kind, relay: RELAY, from: RELAY, mac: card, address });
  return {
    words,
    asks: (card: RelayWord['mac'], address: IpAddress) => hear('asks', card, address),
    leaves: (card: RelayWord['mac'], address: IpAddress) => hear('leaves', card, address),
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    trust: (relays: TrustedRelays) => {
      trusted = relays;
    },
  };
}

it('leaves an address to whoever spoke first', () => {
  const { words, asks } = relayed();
  expect(asks(MAC, HERE)).toBeUndefined();
  expect(asks(OTHER_MAC, HERE)).toBe(`${HERE} is taken by ${MAC}`);
  expect(words.macAt(HERE)).toBe(MAC);
});

describe('an address is free again', () => {
  it('an hour after its card was heard of last', () => {
    const { words, asks, pass } = relayed();
    asks(MAC, HERE);
    pass(HOUR - 1);
    asks(MAC, HERE);
    pass(HOUR - 1);
    expect(words.macAt(HERE)).toBe(MAC);
    pass(1);
    expect(words.macAt(HERE)).toBeUndefined();
    expect(asks(OTHER_MAC, HERE)).toBeUndefined();
    expect(words.macAt(HERE)).toBe(OTHER_MAC);
  });

  it('when its card leaves it, and no other', () => {
    const { words, asks, leaves } = relayed();
    asks(MAC, HERE);
    leaves(OTHER_MAC, HERE);
    leaves(MAC, THERE);
    expect(words.macAt(HERE)).toBe(MAC);
    leaves(MAC, HERE);
    expect(words.macAt(HERE)).toBeUndefined();
  });

  it('not when another relay says that it left', () => {
    const { words, asks } = relayed();
    asks(MAC, HERE);
    words.heard({ kind: 'leaves', relay: ANOTHER, from: ANOTHER, mac: MAC, address: HERE });
    expect(words.macAt(HERE)).toBe(MAC);
  });

  it('when its card asks for another, whether it gets that or not', () => {
    const { words, asks } = relayed();
    asks(OTHER_MAC, THERE);
    asks(MAC, HERE);
    expect(asks(MAC, THERE)).toBe(`${THERE} is taken by ${OTHER_MAC}`);
    expect([HERE, THERE].map((at) => words.macAt(at))).toEqual([undefined, OTHER_MAC]);
  });

  it('when its relay is trusted no more', () => {
    const { words, asks, trust } = relayed();
    asks(MAC, HERE);
    trust([]);
    expect(words.macAt(HERE)).toBeUndefined();
  });
});

it('does not believe what cannot be', () => {
  const { words, asks } = relayed();
  expect(asks(MAC, RELAY as IpAddress)).toMatch(/the relay's own/);
  expect(words.macAt(RELAY)).toBeUndefined();
});

it('is not flooded: what counts stays, and there is room again when it has ended', () => {
  const { words, asks, pass } = relayed({ most: 2 });
  asks(MAC, HERE);
  asks(mac('52:54:00:00:00:01'), THERE);
  const [third, fourth] = ['10.1.0.22', '10.1.0.23'] as IpAddress[] as [IpAddress, IpAddress];
  expect(asks(OTHER_MAC, third)).toMatch(/more machines/);
  expect(asks(MAC, HERE)).toBeUndefined();
  pass(HOUR);
  expect([third, fourth].map((at, index) => asks(mac(`52:54:00:00:01:0${index}`), at))).toEqual([undefined, undefined]);
  expect([third, HERE].map((at) => words.macAt(at))).toEqual([mac('52:54:00:00:01:00'), undefined]);
});

it('lets no other card take an address, whatever is said in whatever order', () => {
  const cards = [1, 2, 3, 4].map((digit) => mac(`52:54:00:00:00:0${digit}`));
  const addresses = [20, 21, 22, 23].map((host) => `10.1.0.${host}` as IpAddress);
  const step = fc.record({
    kind: fc.constantFrom('asks' as const, 'asks' as const, 'leaves' as const),
    card: fc.constantFrom(...cards),
    address: fc.constantFrom(...addresses),
    pass: fc.constantFrom(0, 1, HOUR / 2, HOUR),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, most) => {
      const { words, pass, ...speak } = relayed({ most });
      for (const { kind, card, address, pass: milliseconds } of steps) {
        pass(milliseconds);
        const before = new Map(addresses.map((at) => [at, words.macAt(at)]));
        speak[kind](card, address);
        for (const at of addresses) {
          const [was, is] = [before.get(at), words.macAt(at)];
          // It stays, or it is given up by the card that has it; nobody else's word changes it.
          if (was !== undefined && was !== card) expect(is).toBe(was);
          if (was === undefined && is !== undefined) expect([is, at]).toEqual([card, address]);
          if (was === card) expect([card, undefined]).toContain(is);
        }
        const owners = addresses.flatMap((at) => words.macAt(at) ?? []);
        expect(new Set(owners).size).toBe(owners.length);
      }
    }),
  );
});
