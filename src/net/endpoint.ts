import { type IpAddress, parseIp } from './ip.js';

/** All IPv4 addresses of this host, as a place to listen at. */
export const ALL_IP4 = '0.0.0.0';

/** Where a server listens. Port 0 lets the system choose. */
export type Endpoint = { readonly host: IpAddress; readonly port: number };

/** `0.0.0.0:8080`, `[::]:8080`, `:8080` (all addresses); undefined when it is none of them. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const port = Number(match[3]);
  const host = parseIp(match[1] ?? (match[2] === '' ? ALL_IP4 : (match[2] ?? '')));
  return host === undefined || port > 65535 ? undefined : { host, port };
}

/** The name or address in a URL, one of IPv6 without its brackets. */
export function hostIn(url: string): string {
  return withoutBrackets(new URL(url).hostname);
}

/** An IPv6 address without its brackets; anything else as it is. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

export function formatEndpoint({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
