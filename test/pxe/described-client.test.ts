import { expect, it } from 'vitest';
import { OPTION } from '../../src/dhcp/option-code.js';
import { readClient } from '../../src/pxe/client.js';
import { type DescribedClient, describedDiscover } from '../../src/pxe/described-client.js';
import { packetOf } from '../fixtures/dhcp.js';
import { DHCP_PACKETS } from '../fixtures/dhcp-packets.js';

const discoverOf = (kind: DescribedClient['kind']) =>
  describedDiscover({ kind, architecture: 'amd64' }) ?? expect.fail();
const askedIn = (packet: ReturnType<typeof packetOf>) => [...(packet.options.get(OPTION.parameterRequestList) ?? [])];

it.each([
  ['uefi', DHCP_PACKETS.ovmfPxeDiscover],
  ['ipxe-bios', DHCP_PACKETS.ipxeBiosDiscover],
  ['ipxe-uefi', DHCP_PACKETS.ipxeAmd64Discover],
] as const)('%s asks for what that was seen to ask for', (kind, seen) => {
  expect(askedIn(discoverOf(kind)).sort()).toEqual(askedIn(packetOf(seen)).sort());
});

it('uefi-http asks for what that was seen to ask for, but for a byte that means nothing', () => {
  const seen = askedIn(packetOf(DHCP_PACKETS.ovmfHttpDiscover)).filter((code) => code !== 232);
  expect(askedIn(discoverOf('uefi-http'))).toEqual(seen);
});

it('an installed system asks for an address, and for nothing to boot', () => {
  const discover = discoverOf('os');
  expect(readClient(discover).kind).toBe('other');
  expect(askedIn(discover)).toEqual(expect.arrayContaining([OPTION.hostName, OPTION.classlessRoutes]));
});
