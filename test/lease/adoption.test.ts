import { expect, it } from 'vitest';
import type { KnownClient } from '../../src/lease/client.js';
import { ip, lease, leaseBook, leaseSubnet, reservations, stranger } from '../fixtures/leases.js';

const HOUR = 3_600_000;
const LINK = [ip('192.168.77.1')];
const [A, B] = [stranger(1), stranger(2)];
const RECORDS = reservations({ 'node-01': '192.168.77.20' });

it('may come from another server, where it fits', () => {
  const book = leaseBook([leaseSubnet(['192.168.77.20-192.168.77.22'])], { reservations: () => RECORDS });
  expect(book.adopt(lease('192.168.77.21', A), 0).kind).toBe('adopted');
  expect(book.adopt(lease('192.168.77.21', B), 0)).toEqual({ kind: 'refused', reason: 'another has 192.168.77.21' });
  expect(book.adopt(lease('192.168.77.20', B), 0).kind).toBe('refused');
  expect(book.adopt(lease('192.168.77.9', B), 0).kind).toBe('refused');
  expect(book.adopt(lease('10.0.0.1', B), 0).kind).toBe('refused');
  expect(book.adopt(lease('192.168.77.22', {}), 0).kind).toBe('refused');
  expect(book.decide({ kind: 'discover', client: A, link: LINK }, 0)).toMatchObject({
    kind: 'offer',
    address: '192.168.77.21',
  });
});

it('from another server does not shorten what was acknowledged here', () => {
  const book = leaseBook([leaseSubnet(['192.168.77.100'])]);
  book.decide({ kind: 'select', address: ip('192.168.77.100'), isOurs: true, client: A, link: LINK }, 0);
  const ends = (until: number) => {
    book.adopt(lease('192.168.77.100', A, { until }), 1);
    return book.at(ip('192.168.77.100'), 1)?.until;
  };
  expect([ends(600_000), ends(-1), ends(2 * HOUR)]).toEqual([HOUR, HOUR, 2 * HOUR]);
});

it('from another server is there already where its client has it here', () => {
  const book = leaseBook([leaseSubnet(['192.168.77.100-192.168.77.101'])]);
  const id = { clientId: 'ff0001' };
  const adopt = (client: KnownClient, until = HOUR) =>
    book.adopt({ ...lease('192.168.77.100', client, { until }), client }, 1);
  expect(adopt({ ...A, ...id })).toMatchObject({ kind: 'adopted', save: [{ until: HOUR }] });
  expect(adopt({ ...A, ...id })).toEqual({ kind: 'present', save: [] });
  expect(adopt(A, 2 * HOUR)).toMatchObject({ kind: 'present', save: [{ client: id, until: 2 * HOUR }] });
  // By its identifier where the file does not say its card.
  expect(adopt(id, 3 * HOUR)).toEqual({ kind: 'present', save: [] });
  expect(adopt({ ...B, ...id }).kind).toBe('refused');
  expect(adopt(B).kind).toBe('refused');
});
