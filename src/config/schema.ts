import { z } from 'zod';
import type { Assignment } from '../boot/assignment.js';
import { parseBytes } from '../format.js';
import type { KernelArgs } from '../image/command-line.js';
import type { LeaseSubnet } from '../lease/subnet.js';
import type { Machine } from '../machine/machine.js';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { type IpAddress, parseIp, parseSubnet, type Subnet } from '../net/ip.js';
import { parseRegistryHost } from '../oci/reference.js';
import { parseMirror, type RegistrySettings } from '../oci/registry-settings.js';
import type { Provision } from '../provision/provision.js';
import { dhcpSchema } from './dhcp-schema.js';
import { defaults, mappingEntries } from './mapping-schema.js';
import { provisions } from './provision-schema.js';
import { LATER, mapping, oneOf, oneOrMore, parsed, record, text } from './values.js';
import type { WrittenFile } from './written.js';

/** The whole configuration as the program receives it: validated, parsed, frozen. */
export type Config = {
  /** The file it was read from. */
  readonly file: string;
  readonly advertise:
    | { readonly kind: 'address'; readonly address: IpAddress }
    | { readonly kind: 'url'; readonly url: string }
    | undefined;
  /** Absolute. */
  readonly data: string;
  readonly http: {
    readonly listen: Endpoint;
    /** Proxies whose word counts for whom they ask for. */
    readonly trustedProxies: readonly Subnet[];
    /** The location of nginx that is the cache's folder, with a slash at both ends; without it, we send everything ourselves. */
    readonly accelRedirect?: string;
    /** The same for machines that want TLS (UEFI HTTPS Boot); undefined where there is none. */
    readonly tls?: TlsListener;
  };
  readonly api: {
    readonly listen: Endpoint;
    /** Who may ask what, absolute; without it, everybody who can reach it may do everything. */
    readonly tokenFile?: string;
  };
  /** undefined where it is turned off. */
  readonly tftp:
    | {
        readonly listen: Endpoint;
        /** Bytes. */
        readonly maxBlockSize: number;
        /** Blocks. */
        readonly maxWindowSize: number;
        /** Whether all transfers go through the port that requests come in by. */
        readonly singlePort: boolean;
      }
    | undefined;
  /** undefined where it is turned off. */
  readonly dhcp: DhcpConfig | undefined;
  readonly ipxe: {
    /** Where the iPXE binaries are, absolute; without it, where they usually are. */
    readonly binaries?: string;
  };
  /** Where traces of boots are sent, by OTLP over HTTP; undefined where none are. */
  readonly traces?: {
    /** The collector's base URL, without a slash at its end: `http://collector:4318`. */
    readonly otlp: string;
  };
  /** Who a server is that root has started: at once, but for opening its ports, and for good once they are open. */
  readonly user?: string;
  readonly cache: {
    /** In bytes; without it, as much as there is room for. */
    readonly maxSize?: number;
    /** Whether what is mapped is downloaded before a machine asks for it. */
    readonly prefetch: boolean;
  };
  /** Whether machines that no assignment matches are recorded, and wait for one. */
  readonly unknown: 'ignore' | 'enrol';
  readonly identity: {
    /** Whether who asks must be shown to be the machine, where it matters. */
    readonly verify: boolean;
    /** DHCP relays whose word for an address's hardware counts. */
    readonly trustedRelays: readonly Subnet[];
  };
  /** For references that name none. */
  readonly defaultRegistry?: string;
  /** By `host[:port]`; the others are as `DEFAULT_SETTINGS` says. */
  readonly registries: ReadonlyMap<string, RegistrySettings>;
  readonly defaults: { readonly kernelArgs: KernelArgs };
  /** What assignments hand out that take it by its name, those of the API as well. */
  readonly provisions: ReadonlyMap<string, Provision>;
  readonly machines: readonly Machine[];
  /** In the files' order. */
  readonly assignments: readonly Assignment[];
  /** What the API's entries are joined with. */
  readonly written: {
    readonly files: readonly WrittenFile[];
    readonly shared: SharedValues;
  };
};

/** `proxy`: beside another server, which gives addresses. */
export type DhcpConfig = DhcpCommon & ({ readonly mode: 'proxy' } | ({ readonly mode: 'server' } & LeaseConfig));

type DhcpCommon = {
  readonly listen: Endpoint;
  /** Their names; without any, the one that has the advertised address. */
  readonly interfaces: readonly string[];
  /** By what UEFI HTTP Boot is told to fetch; without it, by what is advertised. */
  readonly httpBoot?: 'http' | 'https';
};

export type LeaseConfig = {
  /** Whether machines are refused what this server knows nothing of. */
  readonly authoritative: boolean;
  /** Whether it starts although another server answers. */
  readonly allowOtherServers: boolean;
  /** Whether an address is tried before it is given to somebody who has not had it. */
  readonly probe: boolean;
  readonly subnets: readonly LeaseSubnet[];
};

export type TlsListener = {
  readonly listen: Endpoint;
  /** PEM files, absolute. */
  readonly certFile: string;
  readonly keyFile: string;
};

/** What a TLS server is: PEM texts of its certificate, with those that prove it behind it, and of its private key. */
export type TlsPair = { readonly cert: string; readonly key: string };

/** `read`: what changes nothing; `admin`: everything. */
export const API_ROLES = ['admin', 'read'] as const;
export type ApiRole = (typeof API_ROLES)[number];

/** One of the tokens that the API knows, by the SHA-256 of what is sent, in hex. */
export type ApiToken = { readonly role: ApiRole; readonly sha256: string };

/** A lone port is a number to YAML, and no endpoint either way. */
const endpoint = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  parsed(parseEndpoint, 'is not address:port, such as 0.0.0.0:8080 or [::]:8080'),
);

function readAdvertise(written: string) {
  const address = parseIp(written);
  if (address !== undefined) return { kind: 'address', address } as const;
  if (!URL.canParse(written)) return undefined;
  const { protocol, origin, host, pathname, search, hash, username, password } = new URL(written);
  const isBase = pathname === '/' && [search, hash, username, password].join('') === '' && /^[\w.:[\]-]+$/.test(host);
  return isBase && (protocol === 'http:' || protocol === 'https:')
    ? ({ kind: 'url', url: origin } as const)
    : undefined;
}

const advertise = z.preprocess(
  (value) => (typeof value === 'object' && value !== null ? LIST : value),
  parsed(
    (written) => (written === LIST ? refuseList() : readAdvertise(written)),
    'is no address and no URL without a path: write 192.168.77.1 or http://boot.lab:8080',
  ),
);
const LIST = '\0list';

function refuseList(): never {
  throw new RangeError(`a list by interface or subnet ${LATER}: name one address or URL`);
}

function parseLocation(written: string): string | undefined {
  return /^\/([\w-]+\/)+$/.test(written) ? written : undefined;
}

/** A lone number is bytes. */
const size = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  parsed(parseBytes, 'is no size, such as 50GiB'),
);

/** Nothing secret is to be in a URL that is shown wherever it is told of, and so not in what is said against it. Throws RangeError. */
function readCollector(written: string): string | undefined {
  if (!URL.canParse(written)) return undefined;
  const { protocol, origin, pathname, search, hash, username, password } = new URL(written);
  if ([search, hash, username, password].some((part) => part !== ''))
    throw new RangeError('a URL of a collector has no user, no password, and nothing behind ? or #');
  return protocol === 'http:' || protocol === 'https:' ? `${origin}${pathname.replace(/\/+$/, '')}` : undefined;
}

const collector = parsed(readCollector, 'is no URL of a collector, such as http://collector:4318');

const trueOrFalse = z.boolean('must be true or false');

const registry = mapping({
  plainHttp: trueOrFalse.optional(),
  mirrors: oneOrMore(parsed(parseMirror, 'is no URL of a mirror, such as https://mirror.lab')).optional(),
  ca: text(4096).optional(),
  credentials: mapping({ username: text(), passwordFile: text(4096) }).optional(),
});

function numberFrom(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z.int(message).min(least, message).max(most, message);
}

const tls = mapping({ cert: text(4096), key: text(4096), listen: endpoint.optional() });

const tftp = mapping({
  enabled: trueOrFalse.optional(),
  listen: endpoint.optional(),
  maxBlockSize: numberFrom(8, 65_464).optional(),
  maxWindowSize: numberFrom(1, 65_535).optional(),
  singlePort: trueOrFalse.optional(),
});

/** The file's own shape, with every value parsed; what spans several entries is checked in `convert.ts`. */
export const configFileSchema = mapping({
  advertise: advertise.optional(),
  data: text(4096).optional(),
  http: mapping({
    listen: endpoint.optional(),
    tls: tls.optional(),
    trustedProxies: oneOrMore(parsed(parseSubnet, 'is no address and no subnet, such as 127.0.0.1')).optional(),
    accelRedirect: parsed(parseLocation, 'is no location of nginx, such as /bootlayer-cache/').optional(),
  }).optional(),
  api: mapping({ listen: endpoint.optional(), tokenFile: text(4096).optional() }).optional(),
  tftp: tftp.optional(),
  dhcp: dhcpSchema.optional(),
  ipxe: mapping({ binaries: text(4096).optional() }).optional(),
  user: text(256).optional(),
  traces: mapping({ otlp: collector }).optional(),
  cache: mapping({ maxSize: size.optional(), prefetch: trueOrFalse.optional() }).optional(),
  store: z.literal('sqlite', `any store but sqlite ${LATER}`).optional(),
  unknown: oneOf(['ignore', 'enrol']).optional(),
  identity: mapping({
    verify: trueOrFalse.optional(),
    trustedRelays: oneOrMore(parsed(parseSubnet, 'is no address and no subnet, such as 10.1.0.0/16')).optional(),
  }).optional(),
  defaultRegistry: parsed(parseRegistryHost, 'is no registry host').optional(),
  registries: record(
    parsed(parseRegistryHost, 'is no registry host'),
    registry,
    'must be a mapping of registries',
  ).optional(),
  defaults: defaults.optional(),
  provisions: provisions.optional(),
  ...mappingEntries,
  include: oneOrMore(
    text(4096).refine((pattern) => !pattern.startsWith('!'), 'cannot exclude: name what is to be included'),
  ).optional(),
});

/** What assignments take from the rest of the file, when that is right whatever else is wrong. */
export const sharedSchema = z.object({
  defaults: configFileSchema.shape.defaults,
  defaultRegistry: configFileSchema.shape.defaultRegistry,
  provisions: configFileSchema.shape.provisions,
});

/** What the configuration says for all assignments, also for those of other files and of the API. */
export type SharedValues = z.output<typeof sharedSchema>;

export type ConfigFile = z.output<typeof configFileSchema>;
