import { PORT } from '../dhcp/ports.js';
import { ALL_IP4, formatEndpoint } from '../net/endpoint.js';
import type { Subnet } from '../net/ip.js';
import type { InheritedSocket } from '../net/udp-socket.js';

/** An interface of this host, with its IPv4 addresses, if any. */
export type HostInterface = {
  readonly name: string;
  readonly addresses: readonly string[];
  /** The networks that it is in. */
  readonly subnets: readonly Subnet[];
};

/** Where machines are answered: from that address, which they reach there. */
export type ServedInterface = {
  readonly name: string;
  readonly address: string;
  readonly subnets: readonly Subnet[];
  /** Opened by whoever started the server, and bound to the interface: for DHCP's port, and for the boot server's. */
  readonly inherited?: { readonly dhcp: InheritedSocket; readonly pxe: InheritedSocket };
};

/** `warnings`: what may keep machines on them from an answer. */
export type Served = {
  readonly kind: 'served';
  readonly interfaces: readonly ServedInterface[];
  readonly warnings: readonly string[];
};

export type ServedInterfaces =
  | Served
  /** `withSockets`: what would be served if there were sockets that are bound to the interfaces. */
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly remedy: string;
      readonly withSockets?: readonly ServedInterface[];
    };

export type ServedInterfacesInput = {
  /** From the configuration. */
  readonly wanted: readonly string[];
  /** The address that machines are told; a name where a URL says so. */
  readonly advertised: string;
  /** The one address at which DHCP listens, where that is not all of them: what answers come from. */
  readonly listen?: string;
  /** Of this host, without loopback. */
  readonly host: readonly HostInterface[];
  /** Of `dhcp-<interface>` and `pxe-<interface>`, by the interface. */
  readonly inherited: ReadonlyMap<string, NonNullable<ServedInterface['inherited']>>;
};

/**
 * Which interfaces are served. A socket does not tell by which interface a broadcast came in, so that several need sockets
 * that are bound to them, which this program cannot do itself. Pure.
 */
export function decideInterfaces({ listen, ...given }: ServedInterfacesInput): ServedInterfaces {
  const decided = decide({ ...given, advertised: listen ?? given.advertised });
  if (decided.kind === 'refused' || listen === undefined) return decided;
  const other = decided.interfaces.find(({ address, inherited }) => inherited === undefined && address !== listen);
  if (other === undefined) return decided;
  const reason = `dhcp.listen is at ${listen}, which is no address of ${other.name}: answers would come from another address than they say`;
  const [all, its] = [ALL_IP4, other.address].map((host) => formatEndpoint({ host, port: PORT.server }));
  return { kind: 'refused', reason, remedy: `set dhcp.listen to ${all}, or to ${its}` };
}

function decide(input: ServedInterfacesInput): ServedInterfaces {
  const { wanted, host, inherited } = input;
  const names = wanted.length > 0 ? wanted : [...inherited.keys()];
  if (names.length === 0) return decideByAddress(input);
  const found = [...new Set(names)].map((name) => ({ name, interface: host.find((one) => one.name === name) }));
  const missing = found.find((one) => one.interface === undefined);
  if (missing !== undefined) return noInterface(missing.name, host);
  const served = found.map(({ name, interface: there }) => serve(name, there, input));
  const bare = served.find(({ address }) => address === undefined);
  if (bare !== undefined) {
    const reason = `the interface ${bare.name} has no IPv4 address that machines could be told`;
    return { kind: 'refused', reason, remedy: 'give it one, or leave it out of dhcp.interfaces' };
  }
  const unbound = served.filter(({ name }) => !inherited.has(name)).map(({ name }) => name);
  if (served.length > 1 && unbound.length > 0) {
    return needsSockets(
      unbound,
      found.flatMap((one) => one.interface ?? []),
    );
  }
  return {
    kind: 'served',
    interfaces: served as ServedInterface[],
    warnings: [
      ...warningsOf(served.length, unbound, input),
      ...elsewhere(unbound, input),
      ...unusedOf(names, inherited),
    ],
  };
}

function decideByAddress(input: ServedInterfacesInput): ServedInterfaces {
  const { advertised, host } = input;
  const holder = host.find(({ addresses }) => addresses.includes(advertised));
  if (holder !== undefined) {
    const { name } = holder;
    return {
      kind: 'served',
      interfaces: [{ name, address: advertised, subnets: holder.subnets }],
      warnings: warningsOf(1, [name], input),
    };
  }
  const reason = `no interface of this host that is up has the advertised address ${advertised}, so that nothing says where to answer DHCP`;
  const remedy = `set dhcp.interfaces to one of ${listOf(host)}, or "advertise" to its address`;
  return { kind: 'refused', reason, remedy: isAnyThere(host) ? remedy : NONE_THERE };
}

/** The advertised address is told where it is one of the interface's; an inherited socket sends by the first in any case. */
function serve(
  name: string,
  { addresses = [], subnets = [] }: Partial<HostInterface> = {},
  { advertised, inherited }: ServedInterfacesInput,
) {
  const sockets = inherited.get(name);
  const address = sockets === undefined && addresses.includes(advertised) ? advertised : addresses[0];
  return { name, address, subnets, ...(sockets !== undefined && { inherited: sockets }) };
}

function warningsOf(count: number, unbound: readonly string[], { host }: ServedInterfacesInput): readonly string[] {
  const [name] = unbound;
  const others = host.filter((one) => one.name !== name && one.addresses.length > 0);
  if (count > 1 || name === undefined || others.length === 0) return [];
  return [
    `DHCP is answered on ${name} alone, and requests that come by ${listOf(others)} are answered there, too, where nobody hears it: bind the sockets to ${name} (bootlayer check prints the systemd units)`,
  ];
}

/** Machines there are told of an address on another of our networks, which only a router gets them to. */
function elsewhere([name]: readonly string[], { advertised, host }: ServedInterfacesInput): readonly string[] {
  const holder = host.find(({ addresses }) => addresses.includes(advertised));
  if (name === undefined || holder === undefined || holder.name === name) return [];
  return [
    `"advertise" is the address of ${holder.name}, and DHCP is answered on ${name}: machines there are told to come to ${advertised}`,
  ];
}

function noInterface(name: string, host: readonly HostInterface[]): ServedInterfaces {
  return {
    kind: 'refused',
    reason: `dhcp.interfaces: this host has no interface ${name}, or it is down: without a cable, or a bridge with nobody on it`,
    remedy: isAnyThere(host) ? `name one of ${listOf(host)}` : NONE_THERE,
  };
}

function needsSockets(names: readonly string[], all: readonly HostInterface[]): ServedInterfaces {
  return {
    kind: 'refused',
    withSockets: all.flatMap(({ name, addresses: [address], subnets }) =>
      address === undefined ? [] : [{ name, address, subnets }],
    ),
    reason: `several interfaces are to be served, and a socket does not tell by which of them a broadcast came in (${names.join(', ')})`,
    remedy: 'let systemd open sockets that are bound to them: bootlayer check prints the units',
  };
}

/** Sockets that somebody opened to no avail. */
function unusedOf(names: readonly string[], inherited: ServedInterfacesInput['inherited']): readonly string[] {
  const unused = [...inherited.keys()].filter((name) => !names.includes(name));
  if (unused.length === 0) return [];
  const which = unused.join(', ');
  return [`sockets for DHCP on ${which} are inherited, and dhcp.interfaces does not name it: nobody answers there`];
}

const NONE_THERE =
  'bring an interface of this host up, with a link (its cable, its switch), and give it an IPv4 address';

function isAnyThere(host: readonly HostInterface[]): boolean {
  return host.some(({ addresses }) => addresses.length > 0);
}

/** Those that could be served. */
function listOf(host: readonly HostInterface[]): string {
  return host
    .filter(({ addresses }) => addresses.length > 0)
    .map(({ name }) => name)
    .join(', ');
}
