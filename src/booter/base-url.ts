import { ALL_IP4 } from '../net/endpoint.js';
import { parseIp, type Subnet } from '../net/ip.js';
import type { NearerBase } from './boot-urls.js';

/** How machines reach this server, decided from the configuration and this host's addresses. */
export type BaseUrlInput = {
  /** From the configuration, when it says: an address, or a whole URL. */
  readonly advertise:
    | { readonly kind: 'address'; readonly address: string }
    | { readonly kind: 'url'; readonly url: string }
    | undefined;
  readonly listen: { readonly host: string; readonly port: number };
  /** This host's addresses without loopback and link-local ones. */
  readonly hostAddresses: readonly string[];
};

export type BaseUrl =
  | { readonly kind: 'url'; readonly url: string; readonly warning?: string }
  | { readonly kind: 'undecided'; readonly candidates: readonly string[] };

const ANY_ADDRESS = new Set<string>([ALL_IP4, '::', '']);

/** Pure: the same input, the same URL. IPv4 addresses go first, since a BIOS machine has no other. */
export function decideBaseUrl({ advertise, listen, hostAddresses }: BaseUrlInput): BaseUrl {
  if (advertise?.kind === 'url') return { kind: 'url', url: advertise.url.replace(/\/+$/, '') };
  if (advertise !== undefined) {
    const url = httpUrl(advertise.address, listen.port);
    if (isOurs(advertise.address, listen.host, hostAddresses)) return { kind: 'url', url };
    return { kind: 'url', url, warning: `the advertised address ${advertise.address} is not one of this host` };
  }
  if (!ANY_ADDRESS.has(listen.host)) return { kind: 'url', url: httpUrl(listen.host, listen.port) };
  const ipv4 = hostAddresses.filter((address) => !address.includes(':'));
  const candidates = ipv4.length > 0 ? ipv4 : hostAddresses;
  const [only] = candidates;
  if (only === undefined || candidates.length > 1) return { kind: 'undecided', candidates };
  return { kind: 'url', url: httpUrl(only, listen.port) };
}

/**
 * Of several networks, each has an address of ours of its own, unless a whole URL says how all of them reach us. Pure.
 */
export function nearerBases(
  { advertise, interfaces }: Pick<BaseUrlInput, 'advertise'> & { readonly interfaces: readonly Network[] },
  port: number,
): readonly NearerBase[] {
  if (advertise?.kind === 'url' || interfaces.length < 2) return [];
  return interfaces.flatMap(({ address, subnets }) =>
    subnets.map((subnet) => ({ subnet, base: httpUrl(address, port) })),
  );
}

/** One that machines boot from, and our address there. */
type Network = { readonly address: string; readonly subnets: readonly Subnet[] };

export type FirmwareBaseInput = {
  /** How machines reach this server. */
  readonly base: string;
  /** Ours on their network. */
  readonly address: string;
  /** That of `base`, unless it says. */
  readonly scheme: 'http' | 'https' | undefined;
  /** Where we listen for each. */
  readonly ports: { readonly http: number; readonly https?: number };
};

/**
 * The same for UEFI HTTP Boot, which may want HTTPS, and fails without a word at a name where DHCP says no DNS server
 * (edk2: NetworkPkg/HttpBootDxe). Pure.
 */
export function firmwareBase({ base, address, scheme, ports }: FirmwareBaseInput): string {
  const { protocol, hostname } = new URL(base);
  // One of IPv6 has brackets here: who is told by DHCP for IPv4 does not reach it.
  const literal = parseIp(hostname);
  const isAsBase = scheme === undefined || protocol === `${scheme}:`;
  if (literal !== undefined && isAsBase) return base;
  const host = literal ?? address;
  return (scheme ?? protocol).startsWith('https')
    ? originOf('https', host, ports.https ?? 443)
    : originOf('http', host, ports.http);
}

function isOurs(address: string, listenHost: string, hostAddresses: readonly string[]): boolean {
  return address === listenHost || hostAddresses.includes(address) || address === '127.0.0.1' || address === '::1';
}

function httpUrl(host: string, port: number): string {
  return originOf('http', host, port);
}

function originOf(scheme: 'http' | 'https', host: string, port: number): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === (scheme === 'http' ? 80 : 443) ? `${scheme}://${bracketed}` : `${scheme}://${bracketed}:${port}`;
}
