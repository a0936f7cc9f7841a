import { describe, expect, it } from 'vitest';
import { type ReadForeignFile, togetherOf } from '../../src/cli/foreign-files.js';
import { readForeignFile } from '../../src/lease/import/foreign-file.js';

const NAMES = 'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context';
const row = (address: string, card: string, state = 0) =>
  `${address},52:54:00:00:01:${card},,3600,4102444800,1,0,0,,${state},`;

function read(file: string, ...lines: readonly string[]): ReadForeignFile {
  const found = readForeignFile(lines.join('\n'));
  return found === undefined ? expect.fail(`${file} is not recognised`) : { file, ...found };
}

describe('togetherOf', () => {
  it('takes what the last file says of an address, also that it is free, and copies for older than what they are of', () => {
    const whole = togetherOf(
      [
        read('kea.csv', NAMES, row('10.0.0.1', '01'), row('10.0.0.2', '02', 2), row('10.0.0.4', '04', 1)),
        read('kea.csv.2', NAMES, row('10.0.0.1', '09'), row('10.0.0.2', '02'), row('10.0.0.3', '03')),
        read('kea.csv.completed', NAMES, row('10.0.0.3', '08'), row('10.0.0.4', '04'), row('10.0.0.5', '05')),
      ],
      0,
    );
    expect(whole.leases.map(({ file, line, address, client }) => [file, line, address, client.mac])).toEqual([
      ['kea.csv.2', 4, '10.0.0.3', '52:54:00:00:01:03'],
      ['kea.csv.completed', 4, '10.0.0.5', '52:54:00:00:01:05'],
      ['kea.csv', 2, '10.0.0.1', '52:54:00:00:01:01'],
    ]);
  });

  it('tells a host that another is already with its file, line and address', () => {
    const hosts = ['dhcp-host=52:54:00:00:01:01,10.0.0.1,a', 'dhcp-host=52:54:00:00:01:02,10.0.0.1,b'];
    const { machines, problems } = togetherOf([read('one', hosts[0] ?? ''), read('two', '#', hosts[1] ?? '')], 0);
    expect(machines).toEqual([
      { file: 'one', line: 1, machine: { name: 'a', mac: ['52:54:00:00:01:01'], ip: '10.0.0.1', hostname: 'a' } },
    ]);
    const reason = 'b is left out: the address 10.0.0.1 is that of a already';
    expect(problems).toEqual([{ file: 'two', line: 2, address: '10.0.0.1', reason }]);
  });
});
