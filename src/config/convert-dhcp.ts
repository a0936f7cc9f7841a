import type { LeaseSubnet } from '../lease/subnet.js';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import type { DhcpSection, SubnetSection } from './dhcp-schema.js';
import type { Config } from './schema.js';

const LISTEN = parseEndpoint('0.0.0.0:67') as Endpoint;
const LEASE_SECONDS = 3_600;

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
