import { describe, expect, it } from 'vitest';
import { MESSAGE, OPTION } from '../../src/dhcp/option-code.js';
import { parseSubnet } from '../../src/net/ip.js';
import { dhcpFrontEnd } from '../../src/pxe/dhcp-front-end.js';
import { testBooter } from '../fixtures/booter.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { FakePort } from '../fixtures/fake-port.js';
import { assignment } from '../fixtures/mappings.js';
import { allOffered, pxeDatagram } from '../fixtures/pxe.js';

const ADDRESS = '192.168.77.1';
const NOBODY = { address: '0.0.0.0', port: 68 };
const MAC = '52:54:00:77:00:01';

function frontEnd(more: Parameters<typeof testBooter>[0] = {}) {
  const { booter, events } = testBooter({ machines: [], ...more });
  let now = 0;
  const answer = dhcpFrontEnd({ booter, served: [], offerings: () => allOffered(), ticks: () => now });
  const [dhcp, pxe] = [new FakePort(67), new FakePort(4_011)];
  dhcp.receive(answer(dhcp, { step: 'offer', address: ADDRESS, subnets: [], name: 'br0' }));
  pxe.receive(answer(pxe, { step: 'ack', address: ADDRESS, subnets: [], name: 'br0' }));
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { dhcp, pxe, events, pass, booter };
}

it('says how long each answer took', () => {
  const { booter } = testBooter({ machines: [] });
  const took: number[] = [];
  let now = 0;
  const ticks = () => (now += 1);
  const open = dhcpFrontEnd({
    booter,
    served: [],
    offerings: () => allOffered(),
    ticks,
    answered: (ms) => took.push(ms),
  });
  const port = new FakePort(67);
  port.receive(open(port, { step: 'offer', address: ADDRESS, subnets: [], name: 'br0' }));
  port.arrive(DHCP_PACKETS.ovmfPxeDiscover, NOBODY);
  port.arrive(Buffer.from('nothing of DHCP'), NOBODY);
  expect(took).toHaveLength(1);
  expect(took[0]).toBeGreaterThan(0);
});

describe('what comes in', () => {
  it('is answered by the port that it came to, and told of', () => {
    const { dhcp, pxe, events } = frontEnd();
    const sender = { address: '192.168.77.199', port: 4_011 };
    dhcp.arrive(DHCP_PACKETS.ovmfPxeDiscover, NOBODY);
    pxe.arrive(DHCP_PACKETS.ovmfPxeBootServerRequest, sender);
    dhcp.arrive(pxeDatagram({ architectures: [0], giaddr: '10.1.0.1' }), { address: '10.1.0.1', port: 67 });
    expect(dhcp.sent.map(({ to }) => to)).toEqual([
      { address: '255.255.255.255', port: 68 },
      { address: '10.1.0.1', port: 67 },
    ]);
    expect(pxe.sent.map(({ to }) => to)).toEqual([sender]);
    const types = [...dhcp.sent, ...pxe.sent].map(({ bytes }) => packetOf(bytes).options.get(OPTION.messageType)?.[0]);
    expect(types).toEqual([2, 2, 5]);
    const told = { event: 'dhcp.answered', machine: MAC, mac: MAC, assignment: 'all' };
    const uefi = { ...told, client: 'x64 UEFI by PXE', firmware: 'uefi', platform: 'UEFI amd64' };
    expect(events).toEqual([
      { ...uefi, step: 'offer', answer: 'snponly.efi by TFTP from 192.168.77.1' },
      { ...uefi, step: 'ack', answer: 'snponly.efi by TFTP from 192.168.77.1' },
      {
        ...{ ...told, client: 'x86 BIOS by PXE', firmware: 'bios', platform: 'BIOS', relay: '10.1.0.1', step: 'offer' },
        answer: 'undionly.kpxe by TFTP from 192.168.77.1',
      },
    ]);
  });

  it('is told with the place that its relay names, and with none that a client makes up', () => {
    const { dhcp, events } = frontEnd();
    const place = Buffer.from(`0108${Buffer.from('ge-0/0/1').toString('hex')}0206aabbccddeeff`, 'hex');
    const asks = (giaddr: string, architecture: number) =>
      pxeDatagram({ architectures: [architecture], giaddr, options: [[OPTION.relayAgent, place]] });
    dhcp.arrive(asks('10.1.0.1', 7), { address: '10.1.0.1', port: 67 });
    dhcp.arrive(asks('10.1.0.1', 2), { address: '10.1.0.1', port: 67 });
    dhcp.arrive(asks('0.0.0.0', 7), NOBODY);
    const relayed = { relay: '10.1.0.1', circuitId: 'ge-0/0/1', remoteId: '0xaabbccddeeff' };
    expect(events).toMatchObject([
      { event: 'dhcp.answered', ...relayed },
      { event: 'dhcp.unanswered', ...relayed },
      { event: 'dhcp.answered' },
    ]);
    for (const name of Object.keys(relayed)) expect(events[2]).not.toHaveProperty(name);
  });

  it('shows who is behind a trusted relay, and is told where that cannot be', () => {
    const trustedRelays = ['10.1.0.1'].flatMap((text) => parseSubnet(text) ?? []);
    const { dhcp, events } = frontEnd({ policies: { identity: () => ({ verify: true, trustedRelays }) } });
    const relay = { address: '10.1.0.1', port: 67 };
    const asks = (card: string) =>
      pxeDatagram({
        type: MESSAGE.request,
        giaddr: relay.address,
        chaddr: Buffer.from(card.padEnd(32, '0'), 'hex'),
        options: [[OPTION.requestedAddress, Buffer.of(10, 1, 0, 20)]],
      });
    for (const card of ['525400770001', '525400770002', '525400770001']) dhcp.arrive(asks(card), relay);
    expect(events.filter(({ event }) => event !== 'dhcp.dropped')).toEqual([
      {
        ...{ event: 'relay.refused', address: relay.address, relay: relay.address, mac: '52:54:00:77:00:02' },
        reason: `10.1.0.20 is taken by ${MAC}`,
      },
    ]);
  });

  it.each([
    ['ovmfHttpDiscover', 'http://192.168.77.1:8080/uefi/amd64/'],
    ['ipxeBiosDiscover', 'http://192.168.77.1:8080/boot.ipxe'],
  ] as const)('%s is told a URL', (name, url) => {
    const { dhcp, events } = frontEnd();
    dhcp.arrive(DHCP_PACKETS[name], NOBODY);
    expect(events).toMatchObject([{ event: 'dhcp.answered', answer: expect.stringContaining(url) as string }]);
  });

  it('gets no answer where there is none, and is told of', () => {
    const { dhcp, pxe, events } = frontEnd({ assignments: [] });
    dhcp.arrive(DHCP_PACKETS.ovmfPxeDiscover, NOBODY);
    dhcp.arrive(DHCP_PACKETS.udhcpcDiscover, NOBODY);
    pxe.arrive(Buffer.from('x'), { address: '10.0.0.9', port: 5 });
    expect([dhcp.sent, pxe.sent]).toEqual([[], []]);
    expect(events).toMatchObject([
      { event: 'dhcp.unanswered', mac: MAC, step: 'offer', reason: 'no assignment matches this machine' },
      { event: 'dhcp.dropped', address: '0.0.0.0', reason: 'it does not ask to be booted' },
      { event: 'dhcp.dropped', address: '10.0.0.9', reason: 'it has 1 bytes, fewer than a header' },
    ]);
  });

  it.each([
    ['ovmfPxeDiscover', 'uefi'],
    ['ovmfHttpDiscover', 'uefi-http'],
  ] as const)('shows the iPXE that comes next by which firmware it came: %s', (name, firmware) => {
    const assignments = [
      assignment({ name: 'uefi', match: { firmware: ['uefi'] } }),
      assignment({ name: 'uefi-http', match: { firmware: ['uefi-http'] } }),
    ];
    const { dhcp, events } = frontEnd({ assignments });
    for (const packet of [DHCP_PACKETS[name], DHCP_PACKETS.ipxeAmd64ProxyDiscover]) dhcp.arrive(packet, NOBODY);
    expect(events).toMatchObject([{ assignment: firmware }, { client: 'x64 UEFI, iPXE', assignment: firmware }]);
    // What it says itself is no sign of it.
    dhcp.arrive(DHCP_PACKETS.ipxeAmd64ProxyDiscover, NOBODY);
    expect(events.at(-1)).toMatchObject({ assignment: firmware });
  });

  it('may be a loop, which is told of', () => {
    const { dhcp, events } = frontEnd();
    for (let xid = 1; xid <= 6; xid += 1)
      for (let times = 0; times < 2; times += 1) dhcp.arrive(pxeDatagram({ architectures: [7], xid }), NOBODY);
    expect(events.filter(({ event }) => event === 'loader.repeated')).toMatchObject([
      { machine: MAC, mac: MAC, loader: 'snponly.efi', times: 6 },
    ]);
  });

  it('may be a loop of UEFI HTTP Boot, which is told of unless an iPXE from there asks for its script', async () => {
    const { dhcp, events, booter } = frontEnd();
    const asks = (xid: number) =>
      dhcp.arrive(pxeDatagram({ vendorClass: 'HTTPClient', architectures: [16], xid }), NOBODY);
    for (let xid = 1; xid <= 5; xid += 1) asks(xid);
    await booter.script({ mac: MAC, buildarch: 'x86_64', platform: 'efi' }, '192.168.77.20');
    for (let xid = 6; xid <= 10; xid += 1) asks(xid);
    expect(events.filter(({ event }) => event === 'loader.repeated')).toEqual([]);
    asks(11);
    const loader = `http://192.168.77.1:8080/uefi/amd64/${MAC}/-/boot.efi`;
    expect(events.at(-1)).toMatchObject({ event: 'loader.repeated', machine: MAC, loader, times: 6 });
  });
});

describe('whoever asks too often', () => {
  const of = (last: number) =>
    pxeDatagram({
      architectures: [7],
      chaddr: Buffer.from(`5254007700${last.toString(16).padStart(2, '0')}`.padEnd(32, '0'), 'hex'),
    });

  it('waits, and nobody else does', () => {
    const { dhcp, events, pass } = frontEnd();
    for (let times = 0; times < 40; times += 1) dhcp.arrive(of(1), NOBODY);
    expect(dhcp.sent).toHaveLength(30);
    expect(events.at(-1)).toEqual({
      ...{ event: 'dhcp.dropped', address: '0.0.0.0', reason: 'its hardware address asks too often' },
    });
    dhcp.arrive(of(2), NOBODY);
    expect(dhcp.sent).toHaveLength(31);
    pass(1_000);
    for (let times = 0; times < 40; times += 1) dhcp.arrive(of(1), NOBODY);
    expect(dhcp.sent).toHaveLength(36);
  });

  it('waits there, and uses up nothing of whoever comes from elsewhere', () => {
    const { dhcp } = frontEnd();
    const ask = (address: string) => dhcp.arrive(DHCP_PACKETS.ovmfPxeDiscover, { address, port: 68 });
    for (let times = 0; times < 40; times += 1) ask('10.0.0.9');
    expect(dhcp.sent).toHaveLength(30);
    ask('0.0.0.0');
    expect(dhcp.sent).toHaveLength(31);
  });
});

it('a relay is sent no more than it can mean, and that is told of', () => {
  const { dhcp, events } = frontEnd();
  const ask = (number: number, giaddr: string, address: string) => {
    const chaddr = Buffer.from(`52540077${number.toString(16).padStart(4, '0')}`.padEnd(32, '0'), 'hex');
    dhcp.arrive(pxeDatagram({ architectures: [7], chaddr, giaddr }), { address, port: 67 });
  };
  for (let number = 0; number < 1_001; number += 1) ask(number, '10.1.0.1', '10.0.0.254');
  expect(dhcp.sent).toHaveLength(1_000);
  const reason = 'it names a relay at another address too often';
  expect(events.at(-1)).toEqual({ event: 'dhcp.dropped', address: '10.0.0.254', reason });
  ask(0, '10.1.0.1', '10.1.0.1');
  expect(dhcp.sent).toHaveLength(1_001);
});
