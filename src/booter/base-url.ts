import { ALL_IP4, hostIn } from '../net/endpoint.js';
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
    ? originOf('https', host, ports.https ?? DEFAULT_PORTS.https)
    : originOf('http', host, ports.http);
}

export type UrlWarningInput = Pick<BaseUrlInput, 'advertise'> & Pick<FirmwareBaseInput, 'ports'>;

/**
 * A whole URL that leads to no port of ours, which is right where a proxy stands in front. By HTTP a name says that there is one;
 * an address is most likely ours, with its port forgotten. Pure.
 */
export function urlWarning({ advertise, ports }: UrlWarningInput): string | undefined {
  if (advertise?.kind !== 'url') return undefined;
  const { protocol, port } = new URL(advertise.url);
  const [scheme, other] = protocol === 'https:' ? (['https', 'http'] as const) : (['http', 'https'] as const);
  const asked = Number(port) || DEFAULT_PORTS[scheme];
  const ours = ports[scheme];
  const host = hostIn(advertise.url);
  // Of a port that the system chooses, nothing is known yet.
  if (asked === ours || ours === 0) return undefined;
  if (ours === undefined)
    return `advertise: ${advertise.url} is HTTPS, and http.tls is not set: set it, unless a proxy in front takes HTTPS for this server`;
  const isOther = asked === ports[other];
  if (scheme === 'http' && !isOther && parseIp(host) === undefined) return undefined;
  const where = isOther ? `port ${asked}, where ${KEYS[other]} takes ${other} alone` : `port ${asked}`;
  return `advertise: ${advertise.url} leads to ${where}, and ${KEYS[scheme]} is at ${ours}: write ${originOf(scheme, host, ours)}, unless a proxy in front leads on`;
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const;
const KEYS = { http: 'http.listen', https: 'http.tls.listen' } as const;

function isOurs(address: string, listenHost: string, hostAddresses: readonly string[]): boolean {
  return address === listenHost || hostAddresses.includes(address) || address === '127.0.0.1' || address === '::1';
}

function httpUrl(host: string, port: number): string {
  return originOf('http', host, port);
}

function originOf(scheme: 'http' | 'https', host: string, port: number): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === DEFAULT_PORTS[scheme] ? `${scheme}://${bracketed}` : `${scheme}://${bracketed}:${port}`;
}
