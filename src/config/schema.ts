import { z } from 'zod';
import type { Assignment } from '../boot/assignment.js';
import { type KernelArgs, PLACEHOLDERS, placeholdersIn } from '../image/command-line.js';
import type { Machine } from '../machine/machine.js';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';
import { type IpAddress, isLoopback, parseIp } from '../net/ip.js';
import { parseMac } from '../net/mac.js';
import { isJunkUuid, parseUuid } from '../net/uuid.js';
import { knownArchitectures, parseArchitecture } from '../oci/platform.js';
import { parseReference, parseRegistryHost } from '../oci/reference.js';
import { nearest } from './nearest.js';
import { LATER, later, mapping, oneOf, oneOrMore, parsed, text } from './values.js';

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
  readonly http: { readonly listen: Endpoint };
  readonly api: { readonly listen: Endpoint };
  /** Registries (`host[:port]`) that are talked to without TLS. */
  readonly plainHttpRegistries: ReadonlySet<string>;
  readonly defaults: { readonly kernelArgs: KernelArgs };
  readonly machines: readonly Machine[];
  /** In the file's order. */
  readonly assignments: readonly Assignment[];
};

const endpoint = parsed(parseEndpoint, 'is not address:port, such as 0.0.0.0:8080 or [::]:8080');
const architecture = parsed(parseArchitecture, `is no architecture; known: ${knownArchitectures().join(', ')}`);
const mac = parsed(parseMac, 'is not a MAC address, such as "52:54:00:12:34:56"');
const uuid = parsed(readUuid, 'is not a UUID');
const name = text(128).regex(/^[^\s/\p{Cc}]+$/u, 'must not hold spaces or slashes');

function readUuid(written: string) {
  const value = parseUuid(written);
  if (value !== undefined && isJunkUuid(value))
    throw new RangeError(`"${written}" is a placeholder that many machines share`);
  return value;
}

const loopbackEndpoint = endpoint.refine(({ host }) => isLoopback(host), {
  error: `must be on a loopback address: other addresses need tokenFile, which ${LATER}`,
});

const kernelArgument = parsed((written) => {
  const unknown = placeholdersIn(written).find((found) => !PLACEHOLDERS.some((known) => known === found));
  if (unknown === undefined) return written;
  const meant = nearest(unknown, PLACEHOLDERS) ?? PLACEHOLDERS.join('} or {');
  throw new RangeError(`"{${unknown}}" is no placeholder, did you mean {${meant}}?`);
}, 'is no kernel argument');

const kernelArgs = mapping({
  append: oneOrMore(kernelArgument).optional(),
  remove: oneOrMore(text(2048)).optional(),
  replace: z.record(text(), kernelArgument, { error: 'must be a mapping of keys to values' }).optional(),
});

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
    'is no address and no http(s) URL without a path',
  ),
);
const LIST = '\0list';

function refuseList(): never {
  throw new RangeError(`a list by interface or subnet ${LATER}: name one address or URL`);
}

const machine = mapping({
  name,
  mac: oneOrMore(mac).optional(),
  uuid: uuid.optional(),
  serial: text(256).optional(),
  arch: architecture.optional(),
  ip: parsed(parseIp, 'is no IP address').optional(),
  hostname: text(253).optional(),
  labels: z.record(text(), text(), { error: 'must be a mapping of labels to values' }).optional(),
  kernelArgs: kernelArgs.optional(),
});

const match = mapping({
  machine: oneOrMore(name).optional(),
  mac: oneOrMore(mac).optional(),
  uuid: oneOrMore(uuid).optional(),
  arch: oneOrMore(architecture).optional(),
  serial: later,
  asset: later,
  manufacturer: later,
  product: later,
  ip: later,
  firmware: later,
  hostname: later,
  labels: later,
});

const assignment = mapping({
  name,
  priority: z.int('must be a whole number').optional(),
  match: z
    .unknown()
    .refine((value) => value !== undefined && value !== null, 'is missing: write {} to match every machine')
    .pipe(match),
  image: parsed(parseReference, 'is no image reference'),
  variant: text(128).optional(),
  boot: oneOf(['auto', 'kernel'], ['uki', 'iso', 'local']).optional(),
  kernelArgs: kernelArgs.optional(),
  policy: mapping({
    mode: oneOf(['always'], ['once', 'hold']).optional(),
    maxAttempts: later,
    window: later,
  }).optional(),
  provision: later,
  signature: later,
});

const registry = mapping({
  plainHttp: z.boolean('must be true or false').optional(),
  mirrors: later,
  ca: later,
  credentials: later,
});

const tftp = mapping({
  enabled: z.literal(false, `TFTP ${LATER}: write enabled: false, or leave tftp out`),
  listen: endpoint.optional(),
  maxBlockSize: z.int('must be a whole number').min(8).max(65464).optional(),
  maxWindowSize: z.int('must be a whole number').min(1).max(65535).optional(),
});

const dhcp = mapping({
  mode: oneOf(['off'], ['proxy', 'server']).optional(),
  listen: later,
  interfaces: later,
  authoritative: later,
  allowOtherServers: later,
  subnets: later,
});

/** The file's own shape, with every value parsed; what spans several entries is checked in `convert.ts`. */
export const configFileSchema = mapping({
  advertise: advertise.optional(),
  data: text(4096).optional(),
  http: mapping({ listen: endpoint.optional(), tls: later, trustedProxies: later }).optional(),
  api: mapping({ listen: loopbackEndpoint.optional(), tokenFile: later }).optional(),
  tftp: tftp.optional(),
  dhcp: dhcp.optional(),
  ipxe: later,
  cache: mapping({ maxSize: later }).optional(),
  store: z.literal('sqlite', `any store but sqlite ${LATER}`).optional(),
  unknown: oneOf(['ignore'], ['enrol']).optional(),
  defaultRegistry: parsed(parseRegistryHost, 'is no registry host').optional(),
  registries: z.record(parsed(parseRegistryHost, 'is no registry host'), registry).optional(),
  defaults: mapping({ kernelArgs: kernelArgs.optional() }).optional(),
  machines: z.array(machine, 'must be a list').optional(),
  assignments: z.array(assignment, 'must be a list').optional(),
  include: later,
});

export type ConfigFile = z.output<typeof configFileSchema>;
