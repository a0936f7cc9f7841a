import { z } from 'zod';
import { parseDuration } from '../format.js';
import { parseRange } from '../lease/address-range.js';
import { parseEndpoint } from '../net/endpoint.js';
import { isHostIp4, isIp4, isLoopback, parseIp4, parseSubnet } from '../net/ip.js';
import { mapping, oneOf, oneOrMore, parsed, text } from './values.js';

/** The part of the configuration that says who answers DHCP, and how. */

const trueOrFalse = z.boolean('must be true or false');

const interfaceName = text(15).regex(/^[\w.@-]+$/, 'is no name of a network interface');

const listen = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  parsed(parseEndpoint, 'is not address:port, such as 0.0.0.0:67').refine(
    ({ host }) => isIp4(host),
    'must be an IPv4 address: DHCP has no other',
  ),
);

const ip4 = parsed(parseIp4, 'is no IPv4 address');

/** Of a server that machines are to ask. */
const ip4Server = ip4.refine(
  (ip) => isHostIp4(ip) && !isLoopback(ip),
  'is no address at which machines reach a server',
);

const ip4Subnet = parsed((written) => {
  const subnet = written.includes('/') ? parseSubnet(written) : undefined;
  return subnet !== undefined && isIp4(subnet.address) ? subnet : undefined;
}, 'is no subnet of IPv4, such as 192.168.77.0/24');

/** Where machines may have addresses (RFC 1122, 3.2.1.3). */
const machineSubnet = ip4Subnet.refine(
  ({ address, prefixLength }) => prefixLength >= 8 && isHostIp4(address) && !isLoopback(address),
  'is no network of machines, which has a prefix of 8 bits or more, and is neither loopback nor multicast',
);

/** More are more likely a slip of whatever wrote them. */
const [MOST_SUBNETS, MOST_RANGES] = [1_000, 100];

/** A machine that renews at half of it is to find a server that is started anew; a year is as good as for ever. */
const [SHORTEST, LONGEST] = [60_000, 365 * 86_400_000];
const lease = parsed(parseDuration, 'is no duration, such as 30m, 1h or 7d', {
  whereNumber: 'write it with its unit: "90s", "30m", "1h"',
}).refine((milliseconds) => milliseconds >= SHORTEST && milliseconds <= LONGEST, 'must be from 1m to 365d');

const domain = text(253).regex(
  /^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$/,
  'is no domain, such as rack1.lab',
);

const mtu = 'must be a whole number from 576 to 65535';

const subnet = mapping(
  {
    subnet: machineSubnet,
    range: oneOrMore(parsed(parseRange, 'is no range, such as 192.168.77.100-192.168.77.199'))
      .refine((ranges) => ranges.length <= MOST_RANGES, `names more than ${MOST_RANGES} ranges`)
      .optional(),
    lease: lease.optional(),
    routers: oneOrMore(ip4).optional(),
    dns: oneOrMore(ip4Server).optional(),
    domain: domain.optional(),
    search: oneOrMore(domain).optional(),
    ntp: oneOrMore(ip4Server).optional(),
    mtu: z.int(mtu).min(576, mtu).max(65_535, mtu).optional(),
    routes: oneOrMore(
      mapping({ to: ip4Subnet, via: ip4 }, undefined, '{ to: 10.2.0.0/16, via: 192.168.77.254 }'),
    ).optional(),
  },
  undefined,
  '{ subnet: 192.168.77.0/24, range: 192.168.77.100-192.168.77.199 }',
);

export const dhcpSchema = mapping({
  mode: oneOf(['off', 'proxy', 'server']).optional(),
  listen: listen.optional(),
  interfaces: oneOrMore(interfaceName).optional(),
  httpBoot: oneOf(['http', 'https']).optional(),
  authoritative: trueOrFalse.optional(),
  allowOtherServers: trueOrFalse.optional(),
  probe: trueOrFalse.optional(),
  subnets: z.array(subnet, 'must be a list').max(MOST_SUBNETS, `names more than ${MOST_SUBNETS} subnets`).optional(),
});

export type DhcpSection = z.output<typeof dhcpSchema>;
export type SubnetSection = z.output<typeof subnet>;
