import { parseIp } from '../net/ip.js';

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

const ANY_ADDRESS = new Set(['0.0.0.0', '::', '']);

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

/** The same where a name would have to be looked up: UEFI HTTP Boot fails without a word where DHCP names no DNS server. */
export function withoutName(base: string, { host, port }: { readonly host: string; readonly port: number }): string {
  const { hostname } = new URL(base);
  return parseIp(hostname.replace(/^\[(.*)\]$/, '$1')) === undefined ? httpUrl(host, port) : base;
}

function isOurs(address: string, listenHost: string, hostAddresses: readonly string[]): boolean {
  return address === listenHost || hostAddresses.includes(address) || address === '127.0.0.1' || address === '::1';
}

function httpUrl(host: string, port: number): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === 80 ? `http://${bracketed}` : `http://${bracketed}:${port}`;
}
