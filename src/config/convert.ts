import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { type ConvertedMapping, toKernelArgs } from './convert-mapping.js';
import { deepFreeze } from './freeze.js';
import type { Problem } from './problem.js';
import type { Config, ConfigFile } from './schema.js';

const DATA = '/var/lib/bootlayer';
const HTTP_LISTEN = parseEndpoint('0.0.0.0:8080') as Endpoint;
const TFTP_LISTEN = parseEndpoint('0.0.0.0:69') as Endpoint;
/** What fits into an Ethernet packet: 1500 bytes without the headers of IPv4, UDP and TFTP. */
const MAX_BLOCK_BYTES = 1_468;
const MAX_WINDOW_BLOCKS = 16;
const DHCP_LISTEN = parseEndpoint('0.0.0.0:67') as Endpoint;
const API_LISTEN = parseEndpoint('127.0.0.1:8081') as Endpoint;

/** Fills in defaults and makes paths absolute. Frozen. Pure. */
export function convertConfig(file: string, input: ConfigFile, { machines, assignments }: ConvertedMapping): Config {
  const folder = dirname(resolve(file));
  return deepFreeze({
    file,
    advertise: input.advertise,
    data: resolve(folder, input.data ?? DATA),
    ...listenersOf(input),
    tftp: tftpOf(input),
    dhcp: dhcpOf(input),
    ipxe: input.ipxe?.binaries === undefined ? {} : { binaries: resolve(folder, input.ipxe.binaries) },
    ...(input.user !== undefined && { user: input.user }),
    cache: cacheOf(input),
    ...(input.defaultRegistry !== undefined && { defaultRegistry: input.defaultRegistry }),
    registries: registriesOf(input, folder),
    defaults: { kernelArgs: toKernelArgs(input.defaults?.kernelArgs) },
    machines: machines.map(({ value }) => value),
    assignments: assignments.map(({ value }) => value),
  });
}

/** Each listener has an endpoint of its own. Pure. */
export function findSharedEndpoints(input: ConfigFile): readonly Problem[] {
  const { http, api } = listenersOf(input);
  if (http.listen.port === 0 || !isDeepStrictEqual(http.listen, api.listen)) return [];
  return [{ path: ['api', 'listen'], message: 'is the same as http.listen: give each listener a port of its own' }];
}

function listenersOf({ http, api }: ConfigFile): Pick<Config, 'http' | 'api'> {
  return { http: { listen: http?.listen ?? HTTP_LISTEN }, api: { listen: api?.listen ?? API_LISTEN } };
}

function tftpOf({ tftp = {} }: ConfigFile): Config['tftp'] {
  if (tftp.enabled === false) return undefined;
  const { listen = TFTP_LISTEN, maxBlockSize = MAX_BLOCK_BYTES, maxWindowSize = MAX_WINDOW_BLOCKS } = tftp;
  return { listen, maxBlockSize, maxWindowSize, singlePort: tftp.singlePort === true };
}

function dhcpOf({ dhcp = {} }: ConfigFile): Config['dhcp'] {
  const { mode = 'off', listen = DHCP_LISTEN, interfaces = [], httpBoot = 'http' } = dhcp;
  return mode === 'off' ? undefined : { mode, listen, interfaces, httpBoot };
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
