import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { AddressOrder } from '../../src/lease/address-order.js';
import { ip4Of } from '../../src/net/ip4-number.js';
import { ip } from '../fixtures/leases.js';

const ALL = [0, Infinity] as const;

it('has all that are in it once, in their order, between two of them', () => {
  const number = fc.oneof(fc.nat(20), fc.integer({ min: 2 ** 32 - 20, max: 2 ** 32 - 1 }));
  const step = fc.record({ isAdded: fc.boolean(), number });
  fc.assert(
    fc.property(fc.array(step), number, number, (steps, first, last) => {
      const [order, model] = [new AddressOrder(), new Set<number>()];
      for (const { isAdded, number: one } of steps) {
        if (isAdded) model.add(one);
        else model.delete(one);
        order[isAdded ? 'add' : 'delete'](ip4Of(one));
        const expected = [...model].sort((a, b) => a - b).filter((a) => a >= first && a <= last);
        expect([...order.between([first, last])]).toEqual(expected.map(ip4Of));
      }
    }),
    { numRuns: 200 },
  );
});

it('is sorted anew only where there are others', () => {
  const sort = vi.spyOn(Uint32Array.prototype, 'sort');
  const order = new AddressOrder();
  for (const last of [9, 1, 200]) order.add(ip(`10.0.0.${last}`));
  for (let turn = 0; turn < 10; turn += 1) {
    order.add(ip('10.0.0.9'));
    order.delete(ip('10.0.0.3'));
    expect([...order.between(ALL)]).toEqual(['10.0.0.1', '10.0.0.9', '10.0.0.200']);
  }
  expect(sort.mock.calls.length).toBe(1);
  sort.mockRestore();
});

it('knows nothing of IPv6', () => {
  const order = new AddressOrder();
  order.add(ip('fd00::1'));
  order.delete(ip('fd00::1'));
  expect([...order.between(ALL)]).toEqual([]);
});
