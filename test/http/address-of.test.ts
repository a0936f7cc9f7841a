import { expect, it } from 'vitest';
import { addressOf } from '../../src/http/address-of.js';

it.each([
  ['10.0.0.1', '10.0.0.1'],
  [undefined, 'unknown'],
])('calls a client from %s %s', (remoteAddress, address) => {
  expect(addressOf({ socket: { remoteAddress } as Parameters<typeof addressOf>[0]['socket'] })).toBe(address);
});
