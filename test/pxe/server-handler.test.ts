import { describe, expect, it } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import type { LeaseAnswer, LeaseAsk } from '../../src/lease/question.js';
import { dhcpFrontEnd } from '../../src/pxe/dhcp-front-end.js';
import { testBooter } from '../fixtures/booter.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { FakePort } from '../fixtures/fake-port.js';
import { givenAddress, leaseDatagram, subnetAt } from '../fixtures/lease-packets.js';
import { allOffered } from '../fixtures/pxe.js';
import { gate } from '../fixtures/waiting.js';

const US = '192.168.77.1';
/** At another interface, which has its own port. */
const ALSO_US = '192.168.77.5';
const GIVEN = '192.168.77.50';
const NOBODY = { address: '0.0.0.0', port: 68 };
const MAC = '52:54:00:77:00:01';

const ANSWERS: Partial<Record<LeaseAsk['kind'], LeaseAnswer>> = {
  discover: { kind: 'offer', ...givenAddress() },
  select: { kind: 'ack', ...givenAddress() },
  reboot: { kind: 'nak', reason: 'it is not known' },
};

/** `answer`: of leases; without it, each kind of question has one. */
function frontEnd(
  answer?: (ask: LeaseAsk) => LeaseAnswer | Promise<LeaseAnswer>,
  more: Parameters<typeof testBooter>[0] = {},
) {
  const { booter, events } = testBooter({ machines: [], ...more });
  const asks: LeaseAsk[] = [];
  let now = 0;
  const leases = {
    answer: (ask: LeaseAsk) => {
      asks.push(ask);
      return answer?.(ask) ?? ANSWERS[ask.kind] ?? ({ kind: 'silent', reason: 'so be it' } as const);
    },
  };
  const served = [US, ALSO_US];
  const took: number[] = [];
  const open = dhcpFrontEnd({
    ...{ booter, leases, served, offerings: () => allOffered(), ticks: () => now },
    answered: (milliseconds) => took.push(milliseconds),
  });
  const [dhcp, pxe] = [new FakePort(67), new FakePort(4_011)];
  const at = { name: 'br0', address: US, subnets: [subnetAt('192.168.77.0/24')] };
  dhcp.receive(open(dhcp, { step: 'offer', ...at }));
  pxe.receive(open(pxe, { step: 'ack', ...at }));
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { dhcp, pxe, events, asks, booter, pass, took };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('where we give addresses', () => {
  it('says how long an answer took, with what it waited for', async () => {
    const durable = gate();
    const { dhcp, pass, took } = frontEnd(async () => {
      await durable.passed;
      return { kind: 'ack', ...givenAddress() };
    });
    dhcp.arrive(DHCP_PACKETS.ovmfPxeRequest, NOBODY);
    expect(took).toEqual([]);
    pass(40);
    durable.open();
    await expect.poll(() => took).toEqual([40]);
  });

  it('a boot begins with its offer, and what comes from its address then is of it', () => {
    const { dhcp, events, asks, booter } = frontEnd();
    dhcp.arrive(DHCP_PACKETS.ovmfPxeDiscover, NOBODY);
    dhcp.arrive(DHCP_PACKETS.ovmfPxeRequest, NOBODY);
    expect(asks.map(({ kind }) => kind)).toEqual(['discover', 'select']);
    expect(dhcp.sent.map(({ bytes }) => packetOf(bytes).yiaddr)).toEqual([GIVEN, GIVEN]);
    expect(events).toMatchObject([
      { event: 'dhcp.answered', machine: MAC, step: 'offer', answer: 'snponly.efi by TFTP from 192.168.77.1' },
    ]);
    booter.transferEvents.greeting({ address: GIVEN, protocol: 'tftp', file: 'boot.ipxe' });
    expect(events.at(-1)).toMatchObject({ machine: MAC });
  });

  it('whoever does not ask to be booted begins no boot, and is told of by whoever gives the address', () => {
    const { dhcp, events } = frontEnd();
    dhcp.arrive(DHCP_PACKETS.udhcpcDiscover, NOBODY);
    dhcp.arrive(DHCP_PACKETS.udhcpcRequest, NOBODY);
    dhcp.arrive(leaseDatagram('request', { wanted: GIVEN }), NOBODY);
    expect([dhcp.sent.length, events]).toEqual([3, []]);
  });

  it('what a machine says of its address gets no answer, and is not dropped', () => {
    const { dhcp, events, asks } = frontEnd(() => ({ kind: 'noted' }));
    dhcp.arrive(leaseDatagram('release', { ciaddr: GIVEN, server: US }), { address: GIVEN, port: 68 });
    dhcp.arrive(leaseDatagram('decline', { wanted: GIVEN, server: US }), NOBODY);
    expect([asks.map(({ kind }) => kind), dhcp.sent, events]).toEqual([['release', 'decline'], [], []]);
  });

  it('a machine that nothing matches is told of once, and has its address', () => {
    const { dhcp, events } = frontEnd(undefined, { assignments: [] });
    dhcp.arrive(DHCP_PACKETS.ovmfPxeDiscover, NOBODY);
    dhcp.arrive(DHCP_PACKETS.ovmfPxeRequest, NOBODY);
    expect(dhcp.sent.map(({ bytes }) => packetOf(bytes).yiaddr)).toEqual([GIVEN, GIVEN]);
    expect(events).toMatchObject([
      { event: 'dhcp.unanswered', mac: MAC, reason: 'no assignment matches this machine' },
    ]);
  });

  it('the boot server’s port is as it is where others give them', () => {
    const { pxe, asks } = frontEnd();
    pxe.arrive(DHCP_PACKETS.ovmfPxeBootServerRequest, { address: '192.168.77.199', port: 4_011 });
    expect([pxe.sent.length, asks]).toEqual([1, []]);
  });
});

describe('an answer that comes later', () => {
  it('is sent then, with the others of its time', async () => {
    const settle: (() => void)[] = [];
    const { dhcp, events } = frontEnd(
      () => new Promise((resolve) => settle.push(() => resolve({ kind: 'ack', ...givenAddress() }))),
    );
    for (let xid = 1; xid <= 3; xid += 1)
      dhcp.arrive(leaseDatagram('request', { xid, wanted: GIVEN, server: US }), NOBODY);
    expect(dhcp.sent).toEqual([]);
    for (const one of settle) one();
    await Promise.resolve();
    expect(dhcp.sent).toEqual([]);
    await turn();
    await turn();
    expect(dhcp.sent.map(({ bytes }) => packetOf(bytes).xid)).toEqual([1, 2, 3]);
    expect(events).toEqual([]);
  });

  it('is waited for by so many, and no more', () => {
    const { dhcp, asks, events } = frontEnd(() => new Promise(() => undefined));
    for (let number = 0; number < 10_001; number += 1) {
      const chaddr = Buffer.from(`5254${number.toString(16).padStart(8, '0')}`.padEnd(32, '0'), 'hex');
      dhcp.arrive(leaseDatagram('discover', { chaddr }), NOBODY);
    }
    expect(asks).toHaveLength(10_000);
    expect(events).toEqual([
      { event: 'dhcp.dropped', address: '0.0.0.0', reason: 'too many wait for their addresses' },
    ]);
  });

  it('that cannot be had is a fault of ours, and ends nothing', async () => {
    const { dhcp, events } = frontEnd(() => Promise.reject(new Error('out of order')));
    dhcp.arrive(leaseDatagram('discover'), NOBODY);
    await turn();
    expect([dhcp.sent, events]).toMatchObject([[], [{ event: 'fault', doing: 'answering DHCP' }]]);
  });
});

describe('another server', () => {
  const takes = (server: string) => leaseDatagram('request', { wanted: GIVEN, server });

  it('is told of once in an hour, with how it shows', async () => {
    const { dhcp, events, pass } = frontEnd();
    const told = () => events.filter(({ event }) => event === 'dhcp.other');
    for (let times = 0; times < 3; times += 1) dhcp.arrive(takes('192.168.77.2'), NOBODY);
    dhcp.arrive(leaseDatagram('offer', { op: 2, server: '192.168.77.3' }), { address: '192.168.77.3', port: 67 });
    const one = { event: 'dhcp.other', server: '192.168.77.2', interface: 'br0', by: 'a machine takes its offer' };
    const all = [one, { ...one, server: '192.168.77.3', by: 'its answer was heard' }];
    await turn();
    expect(told()).toEqual(all);
    pass(3_600_000);
    dhcp.arrive(takes('192.168.77.2'), NOBODY);
    await turn();
    expect(told()).toEqual([...all, one]);
  });

  it('is told of whom a machine that boots takes it from', async () => {
    const { dhcp, events } = frontEnd();
    dhcp.arrive(
      leaseDatagram('request', {
        wanted: GIVEN,
        server: '192.168.77.2',
        options: [[OPTION.vendorClass, Buffer.from('PXEClient:Arch:00007:UNDI:003000')]],
      }),
      NOBODY,
    );
    dhcp.arrive(takes('192.168.77.2'), NOBODY);
    await turn();
    expect(events.filter(({ event }) => event === 'dhcp.elsewhere')).toMatchObject([
      { machine: MAC, mac: MAC, server: '192.168.77.2' },
    ]);
  });

  it('is not ourselves', async () => {
    const { dhcp, events } = frontEnd();
    for (const one of [US, ALSO_US]) {
      dhcp.arrive(takes(one), NOBODY);
      dhcp.arrive(leaseDatagram('offer', { op: 2, server: one }), { address: one, port: 67 });
    }
    await turn();
    expect(events.filter(({ event }) => event === 'dhcp.other')).toEqual([]);
  });
});

it('whoever asks too often waits', () => {
  const { dhcp, asks } = frontEnd();
  for (let times = 0; times < 40; times += 1) dhcp.arrive(DHCP_PACKETS.udhcpcDiscover, NOBODY);
  expect([dhcp.sent.length, asks.length]).toEqual([30, 30]);
});
