import { describe, expect, it } from 'vitest';
import { type Candidate, matchSelector, type Selector } from '../../src/machine/selector.js';
import { type IpAddress, parseIp, parseSubnet, type Subnet } from '../../src/net/ip.js';
import { swapUuid } from '../../src/net/uuid.js';
import { facts, MAC, machine, OTHER_MAC, UUID } from '../fixtures/mappings.js';

const stranger: Candidate = { facts: facts({ architecture: 'amd64' }) };
const known: Candidate = { facts: facts(), machine: machine({ labels: { rack: 'r1' }, architecture: 'arm64' }) };

describe('matchSelector', () => {
  it.each<[string, Selector, Candidate, string]>([
    ['{} matches all', {}, stranger, 'yes'],
    ['a MAC', { mac: [MAC] }, stranger, 'yes'],
    ['one MAC of several', { mac: [OTHER_MAC, MAC] }, stranger, 'yes'],
    ['another MAC', { mac: [OTHER_MAC] }, stranger, 'no'],
    ['no MAC reported yet', { mac: [MAC] }, { facts: facts({ macs: [] }) }, 'unknown'],
    ['a UUID', { uuid: [UUID] }, { facts: facts({ uuid: UUID }) }, 'yes'],
    ['a UUID in the other byte order', { uuid: [UUID] }, { facts: facts({ uuid: swapUuid(UUID) }) }, 'yes'],
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
      { facts: facts({ ip: parseIp('10.1.2.3') as IpAddress }) },
      'yes',
    ],
    [
      'a subnet elsewhere',
      { ip: [parseSubnet('10.0.0.0/8') as Subnet] },
      { facts: facts({ ip: parseIp('11.1.2.3') as IpAddress }) },
      'no',
    ],
    ['a firmware not told apart yet', { firmware: ['uefi-http'] }, stranger, 'unknown'],
  ])('%s', (_name, selector, candidate, answer) => expect(matchSelector(selector, candidate)).toBe(answer));

  it('takes no label from the prototype of objects', () => {
    expect(matchSelector({ labels: { constructor: ['x'] } }, known)).toBe('no');
  });
});
