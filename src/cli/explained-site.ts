import { interfacesOf } from '../advertise.js';
import type { BootUrls } from '../booter/boot-urls.js';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { fewOf } from '../format.js';
import { formatSubnet, parseIp4, type Subnet, subnetsMeet } from '../net/ip.js';
import type { ServedInterface, ServedInterfaces } from '../pxe/served-interfaces.js';
import { explainedUrls } from './explained.js';

/** One of the places where machines are answered, looked at without the server. */
export type Site = {
  /** Its interface; missing where nothing says which one is served. */
  readonly name?: string;
  /** Ours there. */
  readonly address: string;
  /** The interfaces that are served beside it. */
  readonly others: readonly string[];
  /** As machines there reach them. */
  readonly urls: BootUrls;
  readonly warnings: readonly string[];
  /** Of `dhcp.subnets`, where it is said in which the machine is: perhaps behind a relay. */
  readonly subnet?: Subnet;
};

/** What is said of where a machine is. */
type Wanted = { readonly interface?: string; readonly subnet?: Subnet };

/** On the interface of its subnet, else the first, unless one is wanted. Throws USAGE for one that is not served. */
export function siteOf(config: Config, { interface: wanted, subnet }: Wanted = {}): Site {
  if (subnet !== undefined) requireSubnet(config.dhcp, subnet);
  const decided = interfacesOnThisHost(config);
  const served = servedBy(decided);
  const names = served.map(({ name }) => name);
  const urls = explainedUrls(config, served);
  const near = subnet && served.find(({ subnets }) => subnets.some((one) => subnetsMeet(one, subnet)));
  const at = wanted === undefined ? (near ?? served[0]) : served.find(({ name }) => name === wanted);
  const where = subnet === undefined ? {} : { subnet };
  if (at !== undefined) {
    const { name, address } = at;
    const others = names.filter((one) => one !== name);
    const warnings = decided.kind === 'served' ? decided.warnings : [];
    return { name, address, others, urls: urls.for(address), warnings, ...where };
  }
  const why = decided.kind === 'refused' ? `${decided.reason}; ${decided.remedy}` : '';
  if (wanted === undefined) return { address: addressIn(urls.base()), others: [], urls, warnings: [why], ...where };
  throw new BootlayerError('USAGE', `DHCP is not answered on an interface ${wanted}`, {
    remedy: names.length > 0 ? `name one that is served: ${names.join(', ')}` : `none is served here: ${why}`,
  });
}

function requireSubnet(dhcp: Config['dhcp'], wanted: Subnet): void {
  const subnets = dhcp?.mode === 'server' ? dhcp.subnets.map(({ subnet }) => formatSubnet(subnet)) : [];
  if (subnets.includes(formatSubnet(wanted))) return;
  throw new BootlayerError('USAGE', `this server gives no addresses in ${formatSubnet(wanted)}`, {
    remedy:
      subnets.length > 0
        ? `name one of dhcp.subnets: ${fewOf(subnets, MOST_NAMED)}`
        : 'dhcp.mode is to be server for it',
  });
}

const MOST_NAMED = 10;

/** Where DHCP would be answered. Never throws. */
export function interfacesOnThisHost(config: Config): ServedInterfaces {
  try {
    return interfacesOf(config, new Map());
  } catch (thrown) {
    const { message, remedy = '' } = BootlayerError.from(thrown);
    return { kind: 'refused', reason: message, remedy };
  }
}

/** With the sockets that they need: whether those are there, only the server knows. */
export function servedBy(decided: ServedInterfaces): readonly ServedInterface[] {
  return decided.kind === 'served' ? decided.interfaces : (decided.withSockets ?? []);
}

function addressIn(base: string): string {
  return parseIp4(new URL(base).hostname) ?? EXAMPLE;
}

/** An address of no host (RFC 5737). */
const EXAMPLE = '192.0.2.1';
