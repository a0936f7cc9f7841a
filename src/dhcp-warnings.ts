import type { BootUrls } from './booter/boot-urls.js';
import type { DhcpConfig } from './config/schema.js';
import { fewOf, formatDuration } from './format.js';
import { type AddressRange, formatRange, rangeHolds } from './lease/address-range.js';
import type { LeaseSubnet } from './lease/subnet.js';
import type { Machine } from './machine/machine.js';
import { hostIn } from './net/endpoint.js';
import { formatSubnet, type IpAddress, isIp4, parseIp, type Subnet, subnetsMeet } from './net/ip.js';
import { ip4Bounds, ip4NumberOf } from './net/ip4-number.js';
import type { HostInterface, ServedInterface } from './pxe/served-interfaces.js';

const MAX_NAMED = 5;

/** iPXE never renews: what it loads by a lease is to be there before that ends. */
const SHORT_LEASE_SECONDS = 600;

export type DhcpWarningsInput = {
  readonly dhcp: DhcpConfig | undefined;
  /** Of files, and of the API where that is known. */
  readonly machines: readonly Pick<Machine, 'name' | 'ip'>[];
  /** Where DHCP is answered; none where that is not known. */
  readonly interfaces: readonly Pick<ServedInterface, 'name' | 'address' | 'subnets'>[];
  /** All of this host; none where another is meant. */
  readonly host: readonly Pick<HostInterface, 'name' | 'subnets'>[];
  readonly urls: BootUrls;
};

type Input = DhcpWarningsInput & { readonly subnets: readonly LeaseSubnet[] };

/** What an operator will not have meant with the addresses that this server gives. Pure. */
export function findDhcpWarnings(input: DhcpWarningsInput): readonly string[] {
  if (input.dhcp?.mode !== 'server') return [];
  const { subnets } = input.dhcp;
  const whole = { ...input, subnets };
  return [
    ...nothingToGive(whole),
    ...outsiders(whole),
    ...interfacesForRelays(whole),
    ...subnetsElsewhere(whole),
    ...ownAddresses(whole),
    ...serversInRanges(whole),
    ...namesWithoutDns(whole),
    ...shortLeases(whole),
  ];
}

function nothingToGive({ subnets, machines }: Input): readonly string[] {
  if (subnets.some(({ ranges }) => ranges.length > 0) || machines.some(({ ip }) => ip !== undefined && isIp4(ip)))
    return [];
  return [
    'dhcp.mode is server, and there is no address to give: no subnet has a range, and no machine an ip; add one of them',
  ];
}

/** Their address is known, and they would be given another one, or none. */
function outsiders({ subnets, machines }: Input): readonly string[] {
  const bounds = subnets.map(({ subnet }) => ip4Bounds(subnet));
  const isInside = (ip: IpAddress) => {
    const number = ip4NumberOf(ip);
    return number === undefined || bounds.some((one) => one !== undefined && number >= one[0] && number <= one[1]);
  };
  const outside = machines.flatMap(({ name, ip }) => (ip === undefined || isInside(ip) ? [] : [`${name} (${ip})`]));
  if (outside.length === 0) return [];
  return [`no subnet of dhcp.subnets holds the ip of ${fewOf(outside, MAX_NAMED)}: they are not given it`];
}

/** An interface may be there for relays; a subnet that is written wrong looks the same. */
function interfacesForRelays({ subnets, interfaces }: Input): readonly string[] {
  return interfaces.flatMap(({ name, subnets: here }) => {
    if (here.length === 0 || here.some((one) => subnets.some(({ subnet }) => subnetsMeet(subnet, one)))) return [];
    const networks = here.map(formatSubnet).join(', ');
    return [
      `no subnet of dhcp.subnets is on ${name} (${networks}): machines on it are given no address, and it serves relays alone`,
    ];
  });
}

/** Machines there may well be meant to ask here: nobody hears their broadcasts, but for a relay. */
function subnetsElsewhere({ subnets, interfaces, host }: Input): readonly string[] {
  const meets = (subnet: Subnet) => (one: Pick<HostInterface, 'subnets'>) =>
    one.subnets.some((network) => subnetsMeet(subnet, network));
  const served = interfaces.map(({ name }) => name);
  if (served.length === 0) return [];
  return subnets.flatMap(({ subnet }) => {
    const there = host.find(meets(subnet));
    if (there === undefined || interfaces.some(meets(subnet))) return [];
    return [
      `${formatSubnet(subnet)} of dhcp.subnets is on ${there.name}, and DHCP is answered on ${served.join(', ')}: machines on ${there.name} are given addresses over a relay alone; set dhcp.interfaces to [${[...served, there.name].join(', ')}]`,
    ];
  });
}

/** It is not given; whoever counts the addresses that are left is to know. */
function ownAddresses({ subnets, machines, interfaces }: Input): readonly string[] {
  return interfaces.flatMap(({ name, address }) => {
    const ip = parseIp(address);
    if (ip === undefined) return [];
    const ranges = rangesWith(subnets, ip).map(
      (range) => `the range ${formatRange(range)} of dhcp.subnets holds ${address}, this server's own on ${name}`,
    );
    const machine = machines.find((one) => one.ip === ip);
    return [
      ...ranges.map((what) => `${what}: leave it out`),
      ...(machine === undefined ? [] : [`the machine ${machine.name} has the ip ${ip}, this server's own on ${name}`]),
    ];
  });
}

/** Somebody has it already, unless it is a machine that is given it. */
function serversInRanges({ subnets, machines }: Input): readonly string[] {
  const kept = new Set(machines.map(({ ip }) => ip));
  const named = new Set(subnets.flatMap(({ options: { dns, ntp } }) => [...dns, ...ntp]));
  return [...named]
    .filter((ip) => !kept.has(ip))
    .flatMap((ip) =>
      rangesWith(subnets, ip).map(
        (range) =>
          `the range ${formatRange(range)} of dhcp.subnets holds ${ip}, which machines are told as a server: leave it out, or make it the ip of a machine`,
      ),
    );
}

function rangesWith(subnets: readonly LeaseSubnet[], ip: IpAddress): readonly AddressRange[] {
  return subnets.flatMap(({ ranges }) => ranges).filter((range) => rangeHolds(range, ip));
}

/** iPXE is told by name then, and asks nobody. */
function namesWithoutDns({ subnets, urls }: Input): readonly string[] {
  const host = hostIn(urls.base());
  if (parseIp(host) !== undefined) return [];
  const without = subnets.filter(({ options }) => options.dns.length === 0).map(({ subnet }) => formatSubnet(subnet));
  if (without.length === 0) return [];
  return [
    `machines are told to ask ${host}, and those in ${fewOf(without, MAX_NAMED)} are told no DNS server: add dns there, or set advertise to an address`,
  ];
}

function shortLeases({ subnets }: Input): readonly string[] {
  const short = subnets.filter(({ leaseSeconds }) => leaseSeconds < SHORT_LEASE_SECONDS);
  return short.map(
    ({ subnet, leaseSeconds }) =>
      `addresses of ${formatSubnet(subnet)} are given for ${formatDuration(leaseSeconds * 1_000)}, and iPXE does not renew them: a machine that loads for longer may lose its own; set lease to 10m or more`,
  );
}
