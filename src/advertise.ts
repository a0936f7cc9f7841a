import { networkInterfaces } from 'node:os';
import { decideBaseUrl } from './booter/base-url.js';
import type { Config } from './config/schema.js';
import { BootlayerError } from './errors.js';
import { ALL_IP4 } from './net/endpoint.js';
import { type IpAddress, isLinkLocal, parseIp, parseSubnet, type Subnet } from './net/ip.js';
import {
  decideInterfaces,
  type HostInterface,
  type Served,
  type ServedInterfaces,
  type ServedInterfacesInput,
} from './pxe/served-interfaces.js';

export type AdvertiseOptions = {
  /** This host's, without loopback and link-local ones. */
  readonly addresses?: readonly IpAddress[];
  readonly warn?: (warning: string) => void;
};

/** Throws CONFIG_INVALID when nothing says how machines reach this host. */
export function advertisedUrl(
  config: Config,
  port: number,
  { addresses = hostAddresses(), warn }: AdvertiseOptions = {},
): string {
  const decided = decideBaseUrl({
    advertise: config.advertise,
    listen: { host: config.http.listen.host, port },
    hostAddresses: addresses,
  });
  if (decided.kind === 'url') {
    if (decided.warning !== undefined) warn?.(decided.warning);
    return decided.url;
  }
  const found = decided.candidates.length === 0 ? 'none' : decided.candidates.join(', ');
  throw new BootlayerError(
    'CONFIG_INVALID',
    `cannot tell by which address machines reach this host (found: ${found})`,
    {
      remedy: 'set "advertise" in the configuration to one of its addresses or a URL',
    },
  );
}

function hostAddresses(): readonly IpAddress[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const ours = all.filter(({ internal }) => !internal).flatMap(({ address }) => parseIp(address) ?? []);
  return ours.filter((ip) => !isLinkLocal(ip));
}

/** Where DHCP is answered. */
export function interfacesOf(config: Config, inherited: ServedInterfacesInput['inherited']): ServedInterfaces {
  const { hostname } = new URL(advertisedUrl(config, config.http.listen.port));
  const listen = config.dhcp?.listen.host ?? ALL_IP4;
  return decideInterfaces({
    ...(listen !== ALL_IP4 && { listen }),
    wanted: config.dhcp?.interfaces ?? [],
    advertised: hostname,
    host: hostInterfaces(),
    inherited,
  });
}

/** The same for who is about to answer there; undefined where it is not to be answered. Throws CONFIG_INVALID where it cannot be. */
export function requireInterfaces(config: Config, inherited: ServedInterfacesInput['inherited']): Served | undefined {
  const interfaces = interfacesOf(config, inherited);
  if (config.dhcp === undefined) return undefined;
  if (interfaces.kind === 'served') return interfaces;
  throw new BootlayerError('CONFIG_INVALID', interfaces.reason, { remedy: interfaces.remedy });
}

/** IPv4 networks that this host is in. */
export function hostNetworks(): readonly Subnet[] {
  return hostInterfaces().flatMap(({ subnets }) => subnets);
}

/** All that are up but loopback, which no machine reaches. The system does not say which address one that is down has. */
export function hostInterfaces(): readonly HostInterface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const outside = addresses.filter(({ internal }) => !internal);
    const ipv4 = outside.filter(({ family }) => family === 'IPv4');
    const subnets = ipv4.flatMap(({ cidr }) => parseSubnet(cidr ?? '') ?? []);
    return outside.length === 0 ? [] : [{ name, addresses: ipv4.map(({ address }) => address), subnets }];
  });
}
