import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderAssignments } from '../../src/boot/select.js';
import { covers, findShadows } from '../../src/boot/shadows.js';
import type { Selector } from '../../src/machine/selector.js';
import { parseSubnet, type Subnet } from '../../src/net/ip.js';
import { assignment, MAC, OTHER_MAC } from '../fixtures/mappings.js';

const net = (...texts: string[]) => texts.map((text) => parseSubnet(text) as Subnet);

describe('covers', () => {
  it.each<[string, Selector, Selector, boolean]>([
    ['{} covers everything', {}, { mac: [MAC] }, true],
    ['nothing but {} covers {}', { mac: [MAC] }, {}, false],
    ['fewer demands cover more', { mac: [MAC] }, { mac: [MAC], arch: ['amd64'] }, true],
    ['more demands cover no fewer', { mac: [MAC], arch: ['amd64'] }, { mac: [MAC] }, false],
    ['more values cover fewer', { mac: [MAC, OTHER_MAC] }, { mac: [MAC] }, true],
    ['fewer values cover no more', { mac: [MAC] }, { mac: [MAC, OTHER_MAC] }, false],
    ['a subnet covers those in it', { ip: net('10.0.0.0/8') }, { ip: net('10.1.0.0/16', '10.2.3.4') }, true],
    ['a subnet covers no larger one', { ip: net('10.1.0.0/16') }, { ip: net('10.0.0.0/8') }, false],
    ['a subnet covers none of the other family', { ip: net('0.0.0.0/0') }, { ip: net('fd77::/16') }, false],
    ['fewer labels cover more', { labels: { a: ['1', '2'] } }, { labels: { a: ['1'], b: ['1'] } }, true],
    ['other labels cover nothing', { labels: { toString: ['1'] } }, { labels: { a: ['1'] } }, false],
  ])('%s', (_name, wider, narrower, answer) => expect(covers(wider, narrower)).toBe(answer));
});

describe('findShadows', () => {
  it('names what can never win, and behind what it stands', () => {
    const ordered = orderAssignments([
      assignment({ name: 'all', priority: 1 }),
      assignment({ name: 'mac', match: { mac: [MAC] } }),
      assignment({ name: 'urgent', match: { mac: [MAC] }, priority: 2 }),
    ]);
    expect(findShadows(ordered).map(({ assignment: { name }, by }) => [name, by.name])).toEqual([['mac', 'urgent']]);
    expect(findShadows(orderAssignments([assignment({ name: 'a' }), assignment({ name: 'b' })]))).toMatchObject([
      { assignment: { name: 'b' }, by: { name: 'a' } },
    ]);
  });

  it('finds what asking every pair finds', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    const words = fc.uniqueArray(word, { minLength: 1, maxLength: 3 });
    const subnets = fc.constantFrom(net('10.0.0.0/8'), net('10.1.0.0/16', '10.2.0.0/16'), net('10.1.2.3'));
    const selector = fc.record(
      { serial: words, arch: words, ip: subnets, labels: fc.dictionary(word, words, { minKeys: 1 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(selector, { maxLength: 12 }), (selectors) => {
        const ordered = orderAssignments(selectors.map((match, number) => assignment({ name: String(number), match })));
        const scanned = ordered.flatMap((one, position) => {
          const by = ordered.slice(0, position).find(({ match }) => covers(match, one.match));
          return by === undefined ? [] : [{ assignment: one, by }];
        });
        expect(findShadows(ordered)).toEqual(scanned);
      }),
    );
  });

  it('minds nothing that stands behind', () => {
    const ordered = orderAssignments([assignment(), assignment({ name: 'mac', match: { mac: [MAC] } })]);
    expect(findShadows(ordered)).toEqual([]);
  });
});
