import { rangeHolds, rangeSize } from '../lease/address-range.js';
import type { Machine } from '../machine/machine.js';
import { broadcastOf, formatSubnet, type IpAddress, type Subnet, subnetHolds } from '../net/ip.js';
import { ip4Bounds, ip4NumberOf } from '../net/ip4-number.js';
import type { DhcpSection, SubnetSection } from './dhcp-schema.js';
import type { Problem } from './problem.js';
import type { Config } from './schema.js';
import type { Entry } from './unique.js';

/** Of all ranges together: each address costs memory once it is given. */
const MOST_ADDRESSES = 1 << 20;

type Path = Problem['path'];

/** What the section's keys want of each other. Pure. */
export function findDhcpProblems(section: DhcpSection = {}): readonly Problem[] {
  const { mode = 'off', subnets, authoritative, allowOtherServers } = section;
  const at = (...path: readonly (string | number)[]) => ['dhcp', ...path];
  if (mode !== 'server') {
    const given = (['subnets', 'authoritative', 'allowOtherServers', 'probe'] as const).filter(
      (key) => section[key] !== undefined,
    );
    const message = 'counts for mode server alone: leave it out, or set dhcp.mode to server';
    return given.map((key) => ({ path: at(key), message }));
  }
  const problems: Problem[] = [];
  if (subnets === undefined || subnets.length === 0)
    problems.push({ path: at('subnets'), message: 'is missing: name the subnets in which addresses are given' });
  if (authoritative === true && allowOtherServers === true)
    problems.push({
      path: at('allowOtherServers'),
      message:
        'is true, and so is authoritative, which refuses what other servers have given: set one of them to false',
    });
  return [...problems, ...findSubnetProblems(subnets ?? [])];
}

function findSubnetProblems(subnets: readonly SubnetSection[]): readonly Problem[] {
  const own = subnets.flatMap((section, place) => findOwnProblems(section, ['dhcp', 'subnets', place]));
  const shared = overlaps(subnets.map(({ subnet }) => ip4Bounds(subnet))).map(([place, other]) => {
    const written = formatSubnet((subnets[other] as SubnetSection).subnet);
    const message = `overlaps ${written}: an address is in one subnet alone`;
    return { path: ['dhcp', 'subnets', place, 'subnet'], message };
  });
  const size = subnets.flatMap(({ range = [] }) => range).reduce((sum, range) => sum + rangeSize(range), 0);
  if (size <= MOST_ADDRESSES) return [...own, ...shared];
  const message = `has ranges of ${size} addresses together, and ${MOST_ADDRESSES} can be given`;
  return [...own, ...shared, { path: ['dhcp', 'subnets'], message }];
}

function findOwnProblems(section: SubnetSection, path: Path): readonly Problem[] {
  const { range = [] } = section;
  const shared = overlaps(range.map(({ first, last }) => [numberOf(first), numberOf(last)] as const));
  return [
    ...findRangeProblems(section, path),
    ...shared.map(([place]) => ({ path: [...path, 'range', place], message: 'overlaps another range of the subnet' })),
    ...findRouterProblems(section, path),
  ];
}

function findRangeProblems({ subnet, range = [], ...section }: SubnetSection, path: Path): readonly Problem[] {
  const none = [...hostless(subnet).keys()];
  return range.flatMap((one, place) => {
    const at = [...path, 'range', place];
    if (!subnetHolds(subnet, one.first) || !subnetHolds(subnet, one.last))
      return [{ path: at, message: `is not in ${formatSubnet(subnet)}` }];
    const other = none.find((address) => rangeHolds(one, address));
    if (other !== undefined) return [{ path: at, message: `holds ${other}, which no machine can have` }];
    const router = routersOf(section).find((address) => rangeHolds(one, address));
    return router === undefined ? [] : [{ path: at, message: `holds the router ${router}` }];
  });
}

function findRouterProblems({ subnet, routers = [], routes = [] }: SubnetSection, path: Path): readonly Problem[] {
  const none = hostless(subnet);
  const named = [
    ...routers.map((via, place) => ({ via, at: [...path, 'routers', place] })),
    ...routes.map(({ via }, place) => ({ via, at: [...path, 'routes', place, 'via'] })),
  ];
  const unreachable = named.flatMap(({ via, at }) => {
    if (!subnetHolds(subnet, via))
      return [{ path: at, message: `is not in ${formatSubnet(subnet)}: machines there cannot reach it` }];
    const what = none.get(via);
    return what === undefined ? [] : [{ path: at, message: `is ${what}, which nobody can have` }];
  });
  const defaults = routes.flatMap(({ to }, place) =>
    to.prefixLength === 0 ? [{ path: [...path, 'routes', place, 'to'], message: 'is the default: name routers' }] : [],
  );
  return [...unreachable, ...defaults];
}

/** What machines cannot have by what the configuration says of their networks, and why. Pure. */
export function findNetworkAddresses(dhcp: Config['dhcp']): ReadonlyMap<IpAddress, string> {
  if (dhcp?.mode !== 'server') return new Map();
  return new Map(
    dhcp.subnets.flatMap(({ subnet, options }) => [
      ...hostless(subnet),
      ...routersOf(options).map((router) => [router, `a router of ${formatSubnet(subnet)}`] as const),
    ]),
  );
}

/** Machines of files that have one of those. Pure. */
export function findReservationProblems(machines: readonly Entry<Machine>[], dhcp: Config['dhcp']): readonly Problem[] {
  const taken = findNetworkAddresses(dhcp);
  return machines.flatMap(({ file, path, value: { ip } }) => {
    const message = ip && describeTaken(taken, ip);
    return message === undefined ? [] : [{ file, path: [...path, 'ip'], message }];
  });
}

/** `192.168.77.1 is a router of 192.168.77.0/24 (dhcp.subnets)`; undefined where a machine may have it. Pure. */
export function describeTaken(taken: ReadonlyMap<IpAddress, string>, ip: IpAddress): string | undefined {
  const what = taken.get(ip);
  return what && `${ip} is ${what} (dhcp.subnets)`;
}

type Routers = {
  readonly routers?: readonly IpAddress[] | undefined;
  readonly routes?: readonly { readonly via: IpAddress }[] | undefined;
};

function routersOf({ routers = [], routes = [] }: Routers): readonly IpAddress[] {
  return [...routers, ...routes.map(({ via }) => via)];
}

/** Addresses of the subnet that no host has, and what they are: none where there are two or one (RFC 3021). */
function hostless(subnet: Subnet): ReadonlyMap<IpAddress, string> {
  const broadcast = broadcastOf(subnet);
  if (broadcast === undefined) return new Map();
  const written = formatSubnet(subnet);
  return new Map([
    [subnet.address, `the address of the network ${written} itself`],
    [broadcast, `the broadcast address of ${written}`],
  ]);
}

type Bounds = readonly [first: number, last: number] | undefined;

/** Pairs of places: each that holds something of one before it in the list, at most once. */
function overlaps(bounds: readonly Bounds[]): readonly (readonly [place: number, other: number])[] {
  const inOrder = bounds
    .flatMap((one, place) => (one === undefined ? [] : [{ first: one[0], last: one[1], place }]))
    .sort((one, other) => one.first - other.first || one.place - other.place);
  const found = new Map<number, number>();
  let widest: (typeof inOrder)[number] | undefined;
  for (const one of inOrder) {
    if (widest !== undefined && one.first <= widest.last) {
      const [other, place] = [one.place, widest.place].sort((a, b) => a - b) as [number, number];
      found.set(place, found.get(place) ?? other);
    }
    if (widest === undefined || one.last > widest.last) widest = one;
  }
  return [...found].sort(([one], [other]) => one - other);
}

function numberOf(address: IpAddress): number {
  return ip4NumberOf(address) ?? 0;
}
