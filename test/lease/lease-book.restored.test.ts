import { expect, it } from 'vitest';
import type { KnownClient } from '../../src/lease/client.js';
import type { LeaseQuestion } from '../../src/lease/question.js';
import { ip, lease, leaseBook, leaseSubnet, mac, reservations, stranger } from '../fixtures/leases.js';

const HOUR = 3_600_000;
const A = stranger(1);
const NODE: KnownClient = { mac: mac(16), machine: 'node-01', reserved: ip('192.168.77.20') };
const RECORDS = reservations({ 'node-01': '192.168.77.20' });
const HAD = ip('192.168.77.100');

/** A book of a copy, in doubt until three hours have passed, which says what it decides: of the leases, both are over. */
function restored({ isAuthoritative = false } = {}) {
  const subnets = [leaseSubnet(['192.168.77.20', '192.168.77.100-192.168.77.101'])];
  const book = leaseBook(subnets, { isAuthoritative, reservations: () => RECORDS });
  book.restore([lease(HAD, A), lease('192.168.77.20', NODE, { machine: 'node-01' })], 2 * HOUR, 3 * HOUR);
  return (client: KnownClient, question: LeaseQuestion, now = 2 * HOUR) =>
    book.decide({ ...question, client, link: [ip('192.168.77.1')] }, now);
}

it('offers what a copy remembers like what nobody has had, unless it is reserved', () => {
  const decide = restored();
  const fresh = { kind: 'offer', address: HAD, isFresh: true };
  expect(decide(A, { kind: 'discover' })).toMatchObject(fresh);
  expect(decide(NODE, { kind: 'discover' })).toMatchObject({ address: '192.168.77.20', isFresh: false });
  expect(decide(A, { kind: 'discover' }, 3 * HOUR)).toMatchObject({ ...fresh, isFresh: false });
});

it('confirms what a copy remembers when it has been offered, and not before', () => {
  const reboot = { kind: 'reboot', address: HAD } as const;
  expect(restored()(A, reboot).kind).toBe('silent');
  expect(restored({ isAuthoritative: true })(A, reboot).kind).toBe('nak');
  expect(restored()(A, reboot, 3 * HOUR).kind).toBe('ack');
  const decide = restored();
  expect(decide(A, { kind: 'select', address: HAD, isOurs: true }).kind).toBe('ack');
  expect(decide(A, { kind: 'discover' })).toMatchObject({ address: HAD, isFresh: false });
  expect(decide(A, reboot).kind).toBe('ack');
});
