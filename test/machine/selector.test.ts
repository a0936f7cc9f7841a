import { describe, expect, it } from 'vitest';
import { type Candidate, matchSelector, type Selector } from '../../src/machine/selector.js';
import { type IpAddress, parseIp, parseSubnet, type Subnet } from '../../src/net/ip.js';
import { swapUuid } from '../../src/net/uuid.js';
import { candidate, facts, MAC, machine, OTHER_MAC, UUID } from '../fixtures/mappings.js';

const stranger = candidate({ facts: facts({ architecture: 'amd64' }) });
const known = candidate({
  machine: machine({ labels: { rack: 'r1' }, architecture: 'arm64', hostname: 'node-01.lab' }),
});
const open = candidate({ mayBeKnown: true });
const efi = candidate({ facts: facts({ firmware: ['uefi', 'uefi-http'] }) });

describe('matchSelector', () => {
  it.each<[string, Selector, Candidate, string]>([
    ['{} matches all', {}, stranger, 'yes'],
    ['a MAC', { mac: [MAC] }, stranger, 'yes'],
    ['one MAC of several', { mac: [OTHER_MAC, MAC] }, stranger, 'yes'],
    ['another MAC', { mac: [OTHER_MAC] }, stranger, 'no'],
    ['no MAC reported yet', { mac: [MAC] }, candidate({ facts: facts({ macs: [] }) }), 'unknown'],
    ['a UUID', { uuid: [UUID] }, candidate({ facts: facts({ uuid: UUID }) }), 'yes'],
    ['a UUID in the other byte order', { uuid: [UUID] }, candidate({ facts: facts({ uuid: swapUuid(UUID) }) }), 'yes'],
    ['a UUID not reported', { uuid: [UUID] }, stranger, 'unknown'],
    ['an architecture', { arch: ['arm64', 'amd64'] }, stranger, 'yes'],
    ['another architecture', { arch: ['arm64'] }, stranger, 'no'],
    ['the architecture of our records', { arch: ['arm64'] }, known, 'yes'],
    ['a known machine', { machine: ['node-01'] }, known, 'yes'],
    ['a stranger is no known machine', { machine: ['node-01'] }, stranger, 'no'],
    ['a label', { labels: { rack: ['r1', 'r2'] } }, known, 'yes'],
    ['a label with another value', { labels: { rack: ['r2'] } }, known, 'no'],
    ['a label that is not there', { labels: { role: ['worker'] } }, known, 'no'],
    ['labels of a stranger', { labels: { rack: ['r1'] } }, stranger, 'no'],
    ['keys are AND: yes and unknown', { mac: [MAC], serial: ['A1'] }, stranger, 'unknown'],
    ['keys are AND: no beats unknown', { mac: [OTHER_MAC], serial: ['A1'] }, stranger, 'no'],
    [
      'a subnet',
      { ip: [parseSubnet('10.0.0.0/8') as Subnet] },
      candidate({ facts: facts({ ip: parseIp('10.1.2.3') as IpAddress }) }),
      'yes',
    ],
    [
      'a subnet elsewhere',
      { ip: [parseSubnet('10.0.0.0/8') as Subnet] },
      candidate({ facts: facts({ ip: parseIp('11.1.2.3') as IpAddress }) }),
      'no',
    ],
    ['a firmware of which nothing is known', { firmware: ['uefi-http'] }, stranger, 'unknown'],
    ['a firmware not told apart yet', { firmware: ['uefi-http'] }, efi, 'unknown'],
    ['a firmware that is one of two wanted', { firmware: ['uefi', 'uefi-http'] }, efi, 'yes'],
    ['another firmware', { firmware: ['bios'] }, efi, 'no'],
    ['a host name of our records, in any case', { hostname: ['node-01.lab'] }, known, 'yes'],
    ['another host name of our records, before it says one', { hostname: ['n2'] }, known, 'unknown'],
    ['a host name reported in capitals', { hostname: ['n1'] }, candidate({ facts: facts({ hostname: 'N1' }) }), 'yes'],
    ['a machine that a stranger may turn out to be', { machine: ['node-02'] }, open, 'unknown'],
    ['labels that a stranger may turn out to have', { labels: { rack: ['r1'] } }, open, 'unknown'],
    ['another MAC, which our records may add', { mac: [OTHER_MAC] }, open, 'unknown'],
    ['an address, which our records may add', { ip: [parseSubnet('10.0.0.0/8') as Subnet] }, open, 'unknown'],
    ['an asset tag', { asset: ['A1'] }, candidate({ facts: facts({ asset: 'A1' }) }), 'yes'],
    ['a manufacturer', { manufacturer: ['Acme'] }, candidate({ facts: facts({ manufacturer: 'Other' }) }), 'no'],
  ])('%s', (_name, selector, candidate, answer) => expect(matchSelector(selector, candidate)).toBe(answer));

  it('takes no label from the prototype of objects', () => {
    expect(matchSelector({ labels: { constructor: ['x'] } }, known)).toBe('no');
  });
});
