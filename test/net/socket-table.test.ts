import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { IpAddress } from '../../src/net/ip.js';
import { socketsAt } from '../../src/net/socket-table.js';

const HEADING = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, state: string, inode: number) =>
  `   1: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0 0\n`;
const NO_IP6 = '0'.repeat(32);
const at = (text: string, host: string, port: number) => socketsAt(HEADING + text, { host: host as IpAddress, port });

it('finds who listens at a port, at that address or at all', () => {
  const text = [
    row('00000000:0045', '07', 1),
    row('0100007F:0045', '07', 2),
    row('0200007F:0045', '07', 3),
    row('0100007F:0046', '07', 4),
    row(`${NO_IP6}:0045`, '07', 5),
    row('0100007F:0045', '01', 6),
    row('0100007F:0045', '07', 0),
  ].join('');
  expect(at(text, '127.0.0.1', 69)).toEqual(['1', '2', '5']);
  expect(at(text, '0.0.0.0', 69)).toEqual(['1', '2', '3', '5']);
  expect(at(row('0100007F:1F90', '0A', 7), '127.0.0.1', 8080)).toEqual(['7']);
});

it('takes any text for a table of some', () => {
  fc.assert(fc.property(fc.string(), (text) => void at(text, '127.0.0.1', 69)));
});
