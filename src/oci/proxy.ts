import { BootlayerError } from '../errors.js';
import { withoutBrackets } from '../net/endpoint.js';
import { isLoopback, parseIp, parseSubnet, subnetHolds } from '../net/ip.js';

/** Which proxy a URL is asked through; undefined for none. */
export type FindProxy = (url: URL) => URL | undefined;

/**
 * HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case, as curl and Go read them: NO_PROXY lists names (with all below
 * them), addresses, subnets, each with a port or without, or `*`. This host itself is never asked through a proxy. Pure. Throws
 * CONFIG_INVALID.
 */
export function proxiesFrom(env: Readonly<Record<string, string | undefined>>): FindProxy {
  const read = (name: string) => env[name] || env[name.toUpperCase()] || undefined;
  const [http, https] = ['http_proxy', 'https_proxy'].map((name) => readProxy(name, read(name)));
  const direct = (read('no_proxy') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    return proxy === undefined || isOwn(url) || direct.some((entry) => matches(entry, url)) ? undefined : proxy;
  };
}

/** `proxy.lab:3128` is an HTTP proxy. What it says is not repeated: it may hold a password. */
function readProxy(name: string, text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const whole = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if ((url?.protocol === 'http:' || url?.protocol === 'https:') && isDecodable(`${url.username}${url.password}`))
    return url;
  throw new BootlayerError('CONFIG_INVALID', `the environment's ${name.toUpperCase()} is no URL of an HTTP proxy`, {
    remedy: 'write http://proxy:3128, or unset it',
  });
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isOwn({ hostname }: URL): boolean {
  const ip = parseIp(withoutBrackets(hostname));
  return ip === undefined ? hostname === 'localhost' || hostname.endsWith('.localhost') : isLoopback(ip);
}

function matches(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const host = withoutBrackets(url.hostname);
  const ip = parseIp(host);
  const subnet = ip === undefined ? undefined : parseSubnet(entry);
  if (ip !== undefined && subnet !== undefined) return subnetHolds(subnet, ip);
  const [, name = '', port] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (port !== undefined && port !== portOf(url)) return false;
  return name !== '' && (host === withoutBrackets(name) || host.endsWith(`.${name}`));
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' ? '443' : '80';
}
