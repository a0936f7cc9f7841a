import { writeClasslessRoutes } from '../dhcp/classless-routes.js';
import { writeDomainSearch } from '../dhcp/domain-search.js';
import { OPTION } from '../dhcp/option-code.js';
import { writeIp4s, writeSubnetMask, writeU16, writeU32 } from '../dhcp/option-values.js';
import type { GivenAddress } from '../lease/question.js';
import type { LeaseSubnet, StaticRoute } from '../lease/subnet.js';
import { broadcastOf, NO_IP4 } from '../net/ip.js';
import { RecentMap } from '../recent-map.js';

/** What an address comes with. Of whoever has one from elsewhere, the times are missing (RFC 2131, 4.3.5). */
export type AddressOptionsInput = {
  readonly subnet: LeaseSubnet;
  /** Of its record. */
  readonly hostname?: string | undefined;
  readonly times?: Pick<GivenAddress, 'seconds' | 'renewSeconds' | 'rebindSeconds'>;
  /** Option 55, as the client sent it. */
  readonly requested: Buffer | undefined;
};

/** What a client without option 55 cannot do without, beside the mask. */
const UNASKED = Buffer.of(OPTION.routers, OPTION.dnsServers);

/**
 * What goes first where the client takes no more: what it can do without or find out; 61 is an echo (RFC 6842), without which
 * some still know their answer.
 */
export const DROPPABLE_OF_ADDRESS: readonly number[] = [
  ...[OPTION.domainSearch, OPTION.ntpServers, OPTION.hostName, OPTION.domainName, OPTION.mtu, OPTION.broadcastAddress],
  ...[OPTION.renewalTime, OPTION.rebindingTime, OPTION.classlessRoutes, OPTION.dnsServers, OPTION.routers],
  OPTION.clientId,
];

/** Adds what is told with an address, behind what is there: the mask and the times always, what else is asked for. */
export function addAddressOptions(options: Map<number, Buffer>, input: AddressOptionsInput): void {
  const { subnet, hostname, times, requested = UNASKED } = input;
  if (times !== undefined) {
    options.set(OPTION.leaseTime, secondsBytes(times.seconds));
    options.set(OPTION.renewalTime, secondsBytes(times.renewSeconds));
    options.set(OPTION.rebindingTime, secondsBytes(times.rebindSeconds));
  }
  for (const { code, value, asked } of optionsOf(subnet))
    if (asked.length === 0 || asked.some((one) => requested.includes(one))) options.set(code, value);
  if (hostname !== undefined && requested.includes(OPTION.hostName))
    options.set(OPTION.hostName, Buffer.from(hostname));
}

/** `asked`: whoever asks for one of them gets it; everybody, where there is none. */
type SubnetOption = { readonly code: number; readonly value: Buffer; readonly asked: readonly number[] };

/** Subnets are the configuration's, and live as long as it does. */
const kept = new WeakMap<LeaseSubnet, readonly SubnetOption[]>();

function optionsOf(subnet: LeaseSubnet): readonly SubnetOption[] {
  const known = kept.get(subnet);
  if (known !== undefined) return known;
  const made = subnetOptions(subnet);
  kept.set(subnet, made);
  return made;
}

/** In the order in which they are written: the mask before the routers (RFC 2132, 3.3). */
function subnetOptions({ subnet, options }: LeaseSubnet): readonly SubnetOption[] {
  const { routers, dns, domain, mtu, ntp, search } = options;
  const broadcast = broadcastOf(subnet);
  const routes = routesOf(options);
  const all: readonly (readonly [number, Buffer | undefined])[] = [
    [OPTION.routers, routers.length === 0 ? undefined : writeIp4s(...routers)],
    [OPTION.dnsServers, dns.length === 0 ? undefined : writeIp4s(...dns)],
    [OPTION.domainName, domain === undefined ? undefined : Buffer.from(domain)],
    [OPTION.mtu, mtu === undefined ? undefined : writeU16(mtu)],
    [OPTION.broadcastAddress, broadcast === undefined ? undefined : writeIp4s(broadcast)],
    [OPTION.ntpServers, ntp.length === 0 ? undefined : writeIp4s(...ntp)],
    [OPTION.domainSearch, search.length === 0 ? undefined : writeDomainSearch(search)],
    [OPTION.classlessRoutes, routes.length === 0 ? undefined : writeClasslessRoutes(routes)],
  ];
  const asked = all.flatMap(([code, value]) => (value === undefined ? [] : [{ code, value, asked: askedFor(code) }]));
  return [{ code: OPTION.subnetMask, value: writeSubnetMask(subnet.prefixLength), asked: [] }, ...asked];
}

/** Who asks for the newer form of routes alone has no router where there are no others. */
function askedFor(code: number): readonly number[] {
  return code === OPTION.routers ? [OPTION.routers, OPTION.classlessRoutes] : [code];
}

/** Who gets them ignores the routers: the default one is repeated (RFC 3442). */
function routesOf({ routes, routers: [router] }: LeaseSubnet['options']): readonly StaticRoute[] {
  if (routes.length === 0 || router === undefined || routes.some(({ to }) => to.prefixLength === 0)) return routes;
  return [...routes, { to: EVERYWHERE, via: router }];
}

const EVERYWHERE = { address: NO_IP4 as StaticRoute['via'], prefixLength: 0 };

const writtenSeconds = new RecentMap<number, Buffer>(64);

function secondsBytes(seconds: number): Buffer {
  return writtenSeconds.kept(seconds, () => writeU32(seconds));
}
