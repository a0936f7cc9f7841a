import { rangeHolds, rangeSize, rangesOverlap } from '../lease/address-range.js';
import type { LeaseSubnet } from '../lease/subnet.js';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { broadcastOf, type IpAddress, subnetHolds } from '../net/ip.js';
import type { DhcpSection, SubnetSection } from './dhcp-schema.js';
import type { Problem } from './problem.js';
import type { Config } from './schema.js';

const LISTEN = parseEndpoint('0.0.0.0:67') as Endpoint;
const LEASE_SECONDS = 3_600;
/** Of all ranges together: each address costs memory once it is given. */
const MOST_ADDRESSES = 1 << 20;

/** Fills in defaults. Pure. */
export function convertDhcp(section: DhcpSection = {}): Config['dhcp'] {
  const { mode = 'off', listen = LISTEN, interfaces = [], httpBoot } = section;
  if (mode === 'off') return undefined;
  const common = { listen, interfaces, ...(httpBoot !== undefined && { httpBoot }) };
  if (mode === 'proxy') return { mode, ...common };
  const { authoritative = false, allowOtherServers = false, probe = true, subnets = [] } = section;
  return { mode, ...common, authoritative, allowOtherServers, probe, subnets: subnets.map(toSubnet) };
}

function toSubnet(section: SubnetSection): LeaseSubnet {
  const {
    subnet,
    range = [],
    lease,
    routers = [],
    dns = [],
    ntp = [],
    domain,
    search = [],
    mtu,
    routes = [],
  } = section;
  return {
    subnet,
    ranges: range,
    leaseSeconds: lease === undefined ? LEASE_SECONDS : Math.floor(lease / 1_000),
    options: {
      ...{ routers, dns, ntp, search, routes },
      ...(domain !== undefined && { domain }),
      ...(mtu !== undefined && { mtu }),
    },
  };
}

/** What the section's keys want of each other. Pure. */
export function findDhcpProblems(section: DhcpSection = {}): readonly Problem[] {
  const { mode = 'off', subnets, authoritative, allowOtherServers } = section;
  const at = (...path: readonly (string | number)[]) => ['dhcp', ...path];
  if (mode !== 'server') {
    const given = (['subnets', 'authoritative', 'allowOtherServers', 'probe'] as const).filter(
      (key) => section[key] !== undefined,
    );
    return given.map((key) => ({ path: at(key), message: 'counts for mode server alone' }));
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
  const problems = subnets.flatMap((section, place) => [
    ...findOwnProblems(section, ['dhcp', 'subnets', place]),
    ...findSharedAddresses(section, subnets.slice(0, place), ['dhcp', 'subnets', place]),
  ]);
  const size = subnets.flatMap(({ range = [] }) => range).reduce((sum, range) => sum + rangeSize(range), 0);
  if (size <= MOST_ADDRESSES) return problems;
  const message = `has ranges of ${size} addresses together, and ${MOST_ADDRESSES} can be given`;
  return [...problems, { path: ['dhcp', 'subnets'], message }];
}

type Path = Problem['path'];

function findOwnProblems(section: SubnetSection, path: Path): readonly Problem[] {
  const { subnet, range = [], routers = [], routes = [] } = section;
  const written = `${subnet.address}/${subnet.prefixLength}`;
  const holds = (address: IpAddress) => subnetHolds(subnet, address);
  const noHosts = [subnet.prefixLength < 31 ? subnet.address : undefined, broadcastOf(subnet)];
  return [
    ...range.flatMap((one, place) => {
      const at = [...path, 'range', place];
      if (!holds(one.first) || !holds(one.last)) return [{ path: at, message: `is not in ${written}` }];
      const other = noHosts.find((address) => address !== undefined && rangeHolds(one, address));
      if (other !== undefined) return [{ path: at, message: `holds ${other}, which no machine can have` }];
      const router = routers.find((address) => rangeHolds(one, address));
      return router === undefined ? [] : [{ path: at, message: `holds the router ${router}` }];
    }),
    ...range.flatMap((one, place) =>
      range.slice(0, place).some((other) => rangesOverlap(one, other))
        ? [{ path: [...path, 'range', place], message: 'overlaps another range of the subnet' }]
        : [],
    ),
    ...[
      ...routers.map((via, place) => ({ via, at: [...path, 'routers', place] })),
      ...routes.map(({ via }, place) => ({ via, at: [...path, 'routes', place, 'via'] })),
    ].flatMap(({ via, at }) =>
      holds(via) ? [] : [{ path: at, message: `is not in ${written}: machines there cannot reach it` }],
    ),
  ];
}

function findSharedAddresses(
  { subnet }: SubnetSection,
  before: readonly SubnetSection[],
  path: Path,
): readonly Problem[] {
  const same = before.find(
    ({ subnet: other }) => subnetHolds(other, subnet.address) || subnetHolds(subnet, other.address),
  );
  if (same === undefined) return [];
  const message = `overlaps ${same.subnet.address}/${same.subnet.prefixLength}: an address is in one subnet alone`;
  return [{ path: [...path, 'subnet'], message }];
}
