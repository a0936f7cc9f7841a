import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DiskArpTable, parseArpTable } from '../../src/net/disk-arp-table.js';
import { temporaryFolder } from '../fixtures/folder.js';

const HEADING = 'IP address       HW type     Flags       HW address            Mask     Device\n';
const entry = (address: string, flags: string, mac: string) =>
  `${address.padEnd(17)}0x1         ${flags}         ${mac}     *        br0\n`;

it('reads who has been answered for', () => {
  const text = [
    HEADING,
    entry('192.168.77.20', '0x2', '52:54:00:12:34:56'),
    entry('192.168.77.21', '0x6', '52:54:00:12:34:57'),
    entry('192.168.77.22', '0x0', '00:00:00:00:00:00'),
    entry('192.168.77.23', '0x2', '00:00:00:00:00:00'),
    entry('192.168.77.24', '0x0', '52:54:00:12:34:58'),
  ].join('');
  expect([...parseArpTable(text)]).toEqual([
    ['192.168.77.20', '52:54:00:12:34:56'],
    ['192.168.77.21', '52:54:00:12:34:57'],
  ]);
});

it('takes any text for a table of some', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseArpTable(text)));
});

it('looks again for whom it does not know, and otherwise not for a while', async () => {
  const file = join(await temporaryFolder(), 'arp');
  let now = 0;
  const neighbours = new DiskArpTable({ file, ticks: () => now });
  const seen = async (address: string) => {
    neighbours.look(address);
    await neighbours.settled();
    return neighbours.macAt(address);
  };
  expect(await seen('10.0.0.7')).toBeUndefined();
  await writeFile(file, HEADING + entry('10.0.0.7', '0x2', '52:54:00:12:34:56'));
  expect(await seen('10.0.0.7')).toBe('52:54:00:12:34:56');
  await writeFile(file, HEADING + entry('10.0.0.7', '0x2', '52:54:00:12:34:57'));
  expect(await seen('::ffff:10.0.0.7')).toBe('52:54:00:12:34:56');
  now = 200;
  expect(await seen('10.0.0.7')).toBe('52:54:00:12:34:57');
});
