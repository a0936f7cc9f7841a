import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Assignment } from '../../src/boot/assignment.js';
import { orderAssignments, selectAmong, settle } from '../../src/boot/select.js';
import { parseSubnet, type Subnet } from '../../src/net/ip.js';
import { assignment, candidate, facts, MAC, OTHER_MAC, UUID } from '../fixtures/mappings.js';

const names = (assignments: readonly Assignment[]) => orderAssignments(assignments).map(({ name }) => name);
const subnet = (text: string) => [parseSubnet(text) as Subnet];

const IN_ORDER: readonly Assignment[] = [
  assignment({ name: 'z-first', priority: 5 }),
  assignment({ name: 'a-mac', match: { mac: [MAC] } }),
  assignment({ name: 'b-uuid', match: { uuid: [UUID], arch: ['amd64'] } }),
  assignment({ name: 'small-net', match: { ip: subnet('10.1.1.0/24') } }),
  assignment({ name: 'big-net', match: { ip: subnet('10.1.0.0/16') } }),
  assignment({ name: 'two-labels', match: { labels: { rack: ['r1'], role: ['worker'] } } }),
  assignment({ name: 'one-label', match: { labels: { rack: ['r1'] } } }),
  assignment({ name: 'product', match: { product: ['X'] } }),
  assignment({ name: 'arch', match: { arch: ['amd64'] } }),
  assignment({ name: 'everything' }),
  assignment({ name: 'a-last', priority: -1, match: { mac: [MAC] } }),
];

describe('orderAssignments', () => {
  it('puts priority first, then how telling the selector is, then the name', () => {
    expect(names([...IN_ORDER].reverse())).toEqual(IN_ORDER.map(({ name }) => name));
  });

  it('gives the same order whatever order they are written in', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...IN_ORDER], { minLength: IN_ORDER.length }), (shuffled) => {
        expect(names(shuffled)).toEqual(IN_ORDER.map(({ name }) => name));
      }),
    );
  });
});

describe('selectAmong', () => {
  const forMac = assignment({ name: 'mac', match: { mac: [MAC] } });
  const forSerial = assignment({ name: 'serial', match: { serial: ['S1'] } });
  const forAll = assignment({ name: 'all' });

  it('takes the first yes', () => {
    expect(selectAmong([forMac, forAll], candidate())).toEqual({ kind: 'selected', assignment: forMac });
    expect(selectAmong([forMac, forAll], candidate({ facts: facts({ macs: [OTHER_MAC] }) }))).toEqual({
      kind: 'selected',
      assignment: forAll,
    });
  });

  it('is undecided when what cannot be judged yet stands before the first yes', () => {
    const selection = selectAmong([forSerial, forAll], candidate());
    expect(selection).toEqual({ kind: 'undecided', assignment: forSerial, fallback: forAll });
    expect(settle(selection)).toBe(forAll);
  });

  it('does not mind what cannot be judged behind the first yes', () => {
    expect(selectAmong([forMac, forSerial], candidate()).kind).toBe('selected');
  });

  it('finds none, or nothing yet', () => {
    const other = candidate({ facts: facts({ macs: [OTHER_MAC] }) });
    expect(selectAmong([forMac], other)).toEqual({ kind: 'none' });
    expect(settle(selectAmong([forMac, forSerial], other))).toBeUndefined();
  });
});
