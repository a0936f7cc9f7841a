import { expect, it } from 'vitest';
import { type RelayWord, whyImpossible } from '../../src/booter/relay-word.js';
import { type IpAddress, parseSubnet } from '../../src/net/ip.js';
import { MAC, OTHER_MAC } from '../fixtures/mappings.js';

const OWN = ['192.168.77.0/24'].flatMap((text) => parseSubnet(text) ?? []);

function why(more: Partial<RelayWord> & { readonly at?: string } = {}): string | undefined {
  const { at = '10.1.0.20', ...rest } = more;
  const word: RelayWord = { kind: 'asks', relay: '10.1.0.1', from: '10.9.0.1', mac: MAC, address: at as IpAddress };
  return whyImpossible({ ...word, ...rest }, OWN);
}

it.each(['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.9.9.9', '224.0.0.1', '255.255.255.255'])('cannot be at %s', (at) =>
  expect(why({ at })).toBe(`${at} is no address that a machine can have`),
);

it.each(['10.1.0.1', '10.9.0.1', '10.2.0.1'])('cannot be at an address of its relay: %s', (at) =>
  expect(why({ at, link: '10.2.0.1' as IpAddress })).toBe(`${at} is the relay's own`),
);

it('cannot be on a network of this host', () => {
  expect(why({ at: '192.168.77.20' })).toBe('192.168.77.20 is on a network of this host, and behind no relay');
});

it('cannot be of two cards', () => {
  expect(why({ clientId: OTHER_MAC })).toBe(`its client identifier is of ${OTHER_MAC}`);
  expect(why({ clientId: MAC })).toBeUndefined();
});

it('may be far from the relay: one link can have several subnets', () => {
  expect(['10.1.0.20', '10.200.0.20', '172.16.5.5', '192.168.78.20'].map((at) => why({ at }))).toEqual(
    Array(4).fill(undefined),
  );
});
