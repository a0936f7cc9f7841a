import { describe, expect, it } from 'vitest';
import { readClient } from '../../src/pxe/client.js';
import { leaseReply } from '../../src/pxe/lease-reply.js';
import { describeReply } from '../../src/pxe/reply-fields.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';
import { givenAddress, ip, leaseRequest, leaseSubnet } from '../fixtures/lease-packets.js';

const US = '192.168.77.1';
const subnet = leaseSubnet('192.168.77.0/24', { routers: [ip(US)], domain: 'rack1.lab' });
const granted = { kind: 'offer', ...givenAddress({ subnet, hostname: 'node-01' }) } as const;

describe('an answer with an address', () => {
  it('is told field by field, each with a reason', () => {
    const request = packetOf(DHCP_PACKETS.ovmfPxeDiscover);
    const client = readClient(request);
    const boot = {
      request,
      client,
      told: { kind: 'loader', file: 'snponly.efi' },
      address: US,
      step: 'offer',
    } as const;
    const fields = describeReply(leaseReply({ request, granted, boot, serverId: US }), client);
    const values = Object.fromEntries(fields.map(({ field, value }) => [field, value]));
    expect(values).toMatchObject({
      ...{ yiaddr: '192.168.77.50', siaddr: US, file: 'snponly.efi', 'option 1': '255.255.255.0', 'option 3': US },
      ...{
        'option 12': 'node-01',
        'option 15': 'rack1.lab',
        'option 51': '3600',
        'option 54': US,
        'option 58': '1800',
      },
    });
    expect(fields.filter(({ why }) => why === '')).toEqual([]);
    expect(fields.filter(({ why }) => why.includes('another server gives'))).toEqual([]);
  });

  it('says of UEFI HTTP Boot that it is led to a UKI or an ISO', () => {
    const request = packetOf(DHCP_PACKETS.ovmfHttpDiscover);
    const client = readClient(request);
    const told = { kind: 'url', url: `http://${US}:8080/boot.efi` } as const;
    const boot = { request, client, told, address: US, step: 'offer' } as const;
    const fields = describeReply(leaseReply({ request, granted, boot, serverId: US }), client);
    expect(fields.find(({ field }) => field === 'option 67')).toMatchObject({
      value: told.url,
      why: expect.stringContaining('the UKI or the ISO of its image') as string,
    });
  });

  it('says that there is nothing to boot', () => {
    const fields = describeReply(leaseReply({ request: leaseRequest('discover'), granted, serverId: US }));
    expect(fields.find(({ field }) => field === 'siaddr')).toMatchObject({
      value: '0.0.0.0',
      why: 'none: nothing to boot',
    });
  });
});
