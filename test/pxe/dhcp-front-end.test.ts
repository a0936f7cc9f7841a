import { expect, it } from 'vitest';
import type { Booter } from '../../src/booter/booter.js';
import type { MachineFacts } from '../../src/machine/facts.js';
import { dhcpFrontEnd } from '../../src/pxe/dhcp-front-end.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { FakePort } from '../fixtures/fake-port.js';

const HERE = { address: '0.0.0.0', port: 68 };
const ELSEWHERE = { address: '10.0.0.9', port: 68 };

function frontEnd() {
  let now = 0;
  const dropped: string[] = [];
  const dhcp = {
    invite: (facts: MachineFacts) => ({ kind: 'unmapped', subject: { facts } }),
    unanswered: () => undefined,
    dropped: (address: string, reason: string) => dropped.push(`${address}: ${reason}`),
  };
  const offerings = () => ({ loaders: new Set<string>(), hasTftp: true, scriptUrl: '', firmwareUrl: () => '' });
  const answer = dhcpFrontEnd({ booter: { dhcp } as unknown as Booter, offerings, ticks: () => now });
  const handle = answer(new FakePort(67), { step: 'offer', address: '10.0.0.1' });
  const ask = (from: typeof HERE, times: number, mac = '525400770001') => {
    const packet = Buffer.from(DHCP_PACKETS.ovmfPxeDiscover);
    packet.write(mac, 28, 'hex');
    const before = dropped.length;
    for (let time = 0; time < times; time += 1) handle(packet, from);
    return dropped.length - before;
  };
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { ask, pass, dropped };
}

it('slows down one hardware address that never stops, and no other', () => {
  const { ask, pass, dropped } = frontEnd();
  expect(ask(HERE, 1_000)).toBe(970);
  expect(new Set(dropped)).toEqual(new Set(['0.0.0.0: its hardware address asks too often']));
  expect(ask(HERE, 30, '525400770002')).toBe(0);
  pass(1_000);
  expect(ask(HERE, 10)).toBe(5);
});

it('lets nobody elsewhere use up what a machine has here', () => {
  const { ask } = frontEnd();
  expect(ask(ELSEWHERE, 1_000)).toBe(970);
  expect(ask(HERE, 30)).toBe(0);
});
