import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { isLoopback } from '../net/ip.js';
import { convertDhcp } from './convert-dhcp.js';
import { type ConvertedMapping, toKernelArgs } from './convert-mapping.js';
import { findDhcpProblems } from './dhcp-problems.js';
import { deepFreeze } from './freeze.js';
import { formatPath, type Problem } from './problem.js';
import type { Config, ConfigFile, TlsListener } from './schema.js';

const DATA = '/var/lib/bootlayer';
const HTTP_LISTEN = parseEndpoint('0.0.0.0:8080') as Endpoint;
const TLS_LISTEN = parseEndpoint('0.0.0.0:8443') as Endpoint;
const TFTP_LISTEN = parseEndpoint('0.0.0.0:69') as Endpoint;
/** What fits into an Ethernet packet: 1500 bytes without the headers of IPv4, UDP and TFTP. */
const MAX_BLOCK_BYTES = 1_468;
const MAX_WINDOW_BLOCKS = 16;
/** Where the API listens that no configuration has moved. */
export const API_LISTEN = parseEndpoint('127.0.0.1:8081') as Endpoint;

/** Fills in defaults and makes paths absolute. Frozen. Pure. */
export function convertConfig(
  file: string,
  input: ConfigFile,
  { machines, assignments, provisions, written }: ConvertedMapping & Pick<Config, 'provisions' | 'written'>,
): Config {
  const folder = dirname(resolve(file));
  return deepFreeze({
    file,
    advertise: input.advertise,
    data: resolve(folder, input.data ?? DATA),
    ...listenersOf(input, folder),
    tftp: tftpOf(input),
    dhcp: convertDhcp(input.dhcp),
    ipxe: input.ipxe?.binaries === undefined ? {} : { binaries: resolve(folder, input.ipxe.binaries) },
    ...(input.user !== undefined && { user: input.user }),
    ...(input.traces !== undefined && { traces: input.traces }),
    cache: cacheOf(input),
    unknown: input.unknown ?? 'ignore',
    identity: { verify: input.identity?.verify ?? true, trustedRelays: input.identity?.trustedRelays ?? [] },
    ...(input.defaultRegistry !== undefined && { defaultRegistry: input.defaultRegistry }),
    registries: registriesOf(input, folder),
    defaults: { kernelArgs: toKernelArgs(input.defaults?.kernelArgs) },
    provisions,
    machines: machines.map(({ value }) => value),
    assignments: assignments.map(({ value }) => value),
    written,
  });
}

/** What listeners want of each other. Pure. */
export function findListenerProblems(input: ConfigFile): readonly Problem[] {
  const isWithoutTls = input.dhcp?.httpBoot === 'https' && input.http?.tls === undefined;
  const message = 'is https, and nothing listens for that: set http.tls';
  return [
    ...findSharedEndpoints(input),
    ...findOpenApi(input),
    ...findUntrustedAccel(input),
    ...findDhcpProblems(input.dhcp),
    ...(isWithoutTls ? [{ path: ['dhcp', 'httpBoot'], message }] : []),
  ];
}

/** Without tokens, whoever reaches the API may do everything. */
function findOpenApi({ api }: ConfigFile): readonly Problem[] {
  if (api?.listen === undefined || isLoopback(api.listen.host) || api.tokenFile !== undefined) return [];
  const message =
    'must be on a loopback address: on others everybody could change what machines boot, so set api.tokenFile';
  return [{ path: ['api', 'listen'], message }];
}

/** Who is no proxy of ours would be answered with nothing. */
function findUntrustedAccel({ http }: ConfigFile): readonly Problem[] {
  if (http?.accelRedirect === undefined || http.trustedProxies !== undefined) return [];
  return [{ path: ['http', 'accelRedirect'], message: 'is for proxies alone: name them in http.trustedProxies' }];
}

/** Each listener has an endpoint of its own. */
function findSharedEndpoints(input: ConfigFile): readonly Problem[] {
  const { http, api } = listenersOf(input, '/');
  const listeners = [
    { path: ['http', 'listen'], listen: http.listen },
    ...(http.tls === undefined ? [] : [{ path: ['http', 'tls', 'listen'], listen: http.tls.listen }]),
    { path: ['api', 'listen'], listen: api.listen },
  ];
  return listeners.flatMap(({ path, listen }, position) => {
    const same = listeners.slice(0, position).find((one) => isDeepStrictEqual(one.listen, listen));
    if (same === undefined || listen.port === 0) return [];
    return [{ path, message: `is the same as ${formatPath(same.path)}: give each listener a port of its own` }];
  });
}

function listenersOf({ http, api }: ConfigFile, folder: string): Pick<Config, 'http' | 'api'> {
  const tls = tlsOf({ http }, folder);
  const tokenFile = tokenFileOf({ api }, folder);
  return {
    http: {
      listen: http?.listen ?? HTTP_LISTEN,
      trustedProxies: http?.trustedProxies ?? [],
      ...(http?.accelRedirect !== undefined && { accelRedirect: http.accelRedirect }),
      ...(tls !== undefined && { tls }),
    },
    api: { listen: api?.listen ?? API_LISTEN, ...(tokenFile !== undefined && { tokenFile }) },
  };
}

/** `folder`: of the configuration, beside which its files are named. Pure. */
export function tlsOf({ http }: Pick<ConfigFile, 'http'>, folder: string): TlsListener | undefined {
  if (http?.tls === undefined) return undefined;
  const { cert, key, listen = TLS_LISTEN } = http.tls;
  return { listen, certFile: resolve(folder, cert), keyFile: resolve(folder, key) };
}

/** The same. */
export function tokenFileOf({ api }: Pick<ConfigFile, 'api'>, folder: string): string | undefined {
  return api?.tokenFile === undefined ? undefined : resolve(folder, api.tokenFile);
}

function tftpOf({ tftp = {} }: ConfigFile): Config['tftp'] {
  if (tftp.enabled === false) return undefined;
  const { listen = TFTP_LISTEN, maxBlockSize = MAX_BLOCK_BYTES, maxWindowSize = MAX_WINDOW_BLOCKS } = tftp;
  return { listen, maxBlockSize, maxWindowSize, singlePort: tftp.singlePort === true };
}

function cacheOf({ cache: { maxSize, prefetch = true } = {} }: ConfigFile): Config['cache'] {
  return { prefetch, ...(maxSize !== undefined && { maxSize }) };
}

/** Files beside the configuration are named relative to it. */
function registriesOf({ registries = {} }: ConfigFile, folder: string): Config['registries'] {
  const settings = Object.entries(registries).map(([host, { plainHttp = false, ca, credentials, mirrors }]) => {
    return [
      host,
      {
        plainHttp,
        ...(mirrors !== undefined && { mirrors }),
        ...(ca !== undefined && { caFile: resolve(folder, ca) }),
        ...(credentials !== undefined && {
          credentials: { ...credentials, passwordFile: resolve(folder, credentials.passwordFile) },
        }),
      },
    ] as const;
  });
  return new Map(settings);
}
