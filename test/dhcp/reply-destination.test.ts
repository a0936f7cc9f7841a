import { describe, expect, it } from 'vitest';
import { type ReplyRoute, replyDestination, replyFlags } from '../../src/dhcp/reply-destination.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';

const NONE = '0.0.0.0';
const RELAY = { kind: 'relay', address: '10.1.0.1', port: 67 };
const CLIENT = { kind: 'unicast', address: '10.1.0.9', port: 68 };
const ALL = { kind: 'broadcast', port: 68 };

type Case = Partial<Omit<ReplyRoute, 'request'>> & { readonly giaddr?: string; readonly ciaddr?: string };

const to = ({ giaddr = NONE, ciaddr = NONE, ...route }: Case) =>
  replyDestination({
    ...{ request: { giaddr, ciaddr }, from: { address: NONE, port: 68 }, servedPort: 67, kind: 'ack' },
    ...route,
  });

describe('replyDestination', () => {
  const [giaddr, ciaddr] = ['10.1.0.1', '10.1.0.9'];

  it.each<[string, Case, unknown]>([
    ['a client without an address', { kind: 'offer' }, ALL],
    ['a client that renews', { ciaddr }, CLIENT],
    ['a client that tells what it has', { ciaddr, from: { address: ciaddr, port: 68 } }, CLIENT],
    ['a client behind a relay', { giaddr, kind: 'offer' }, RELAY],
    ['a client that renews over a relay', { giaddr, ciaddr }, RELAY],
    ['a client that is refused', { kind: 'nak' }, ALL],
    ['a client that is refused what it has', { ciaddr, kind: 'nak' }, ALL],
    ['a client that is refused over a relay', { giaddr, ciaddr, kind: 'nak' }, RELAY],
    ['a client whose address can be none', { ciaddr: '255.255.255.255' }, ALL],
    ['a client whose address is of many', { ciaddr: '224.0.0.1' }, ALL],
    ['a relay whose address is of many', { giaddr: '239.1.1.1' }, ALL],
    ['a relay whose address can be none', { giaddr: '0.1.2.3', ciaddr }, CLIENT],
  ])('%s', (_, sent, destination) => expect(to(sent)).toEqual(destination));

  it.each<[string, Case, unknown]>([
    // OVMF from 4011, iPXE from 68.
    ['from 4011', { from: { address: ciaddr, port: 4_011 }, ciaddr }, { kind: 'sender', address: ciaddr, port: 4_011 }],
    ['from 68', { from: { address: ciaddr, port: 68 }, ciaddr }, { kind: 'sender', address: ciaddr, port: 68 }],
    ['over a relay', { from: { address: giaddr, port: 67 }, giaddr }, { kind: 'sender', address: giaddr, port: 67 }],
    ['without an address', { from: { address: NONE, port: 68 } }, ALL],
  ])('what came to the boot server %s', (_, sent, destination) =>
    expect(to({ ...sent, servedPort: 4_011 })).toEqual(destination),
  );

  it('is what real clients wait for', () => {
    const from = { address: '192.168.77.199', port: 4_011 };
    const route = { from, servedPort: 4_011, kind: 'ack' } as const;
    expect(replyDestination({ ...route, request: packetOf(DHCP_PACKETS.ovmfPxeBootServerRequest) })).toEqual({
      kind: 'sender',
      ...from,
    });
    // They do not want a broadcast, and cannot be reached otherwise.
    const request = packetOf(DHCP_PACKETS.ipxeBiosDiscover);
    expect(request.flags).toBe(0);
    expect(replyDestination({ request, from: { address: NONE, port: 68 }, servedPort: 67, kind: 'offer' })).toEqual(
      ALL,
    );
  });
});

describe('replyFlags', () => {
  it('are the request’s, but that a relay broadcasts what refuses', () => {
    expect(replyFlags({ flags: 0x0001, giaddr: '10.1.0.1' }, 'nak')).toBe(0x8001);
    expect(replyFlags({ flags: 0x0001, giaddr: '10.1.0.1' }, 'ack')).toBe(1);
    expect(replyFlags({ flags: 0x8000, giaddr: NONE }, 'offer')).toBe(0x8000);
    expect(replyFlags({ flags: 0, giaddr: NONE }, 'nak')).toBe(0);
  });
});
