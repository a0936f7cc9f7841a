import { interfacesOf } from '../advertise.js';
import type { BootUrls } from '../booter/boot-urls.js';
import type { Config } from '../config/schema.js';
import { BootlayerError } from '../errors.js';
import { parseIp4 } from '../net/ip.js';
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
};

/** The first, unless one is wanted. Throws USAGE for one that is not served. */
export function siteOf(config: Config, wanted?: string): Site {
  const decided = interfacesOnThisHost(config);
  const served = servedBy(decided);
  const names = served.map(({ name }) => name);
  const urls = explainedUrls(config, served);
  const at = wanted === undefined ? served[0] : served.find(({ name }) => name === wanted);
  if (at !== undefined) {
    const { name, address } = at;
    const others = names.filter((one) => one !== name);
    const warnings = decided.kind === 'served' ? decided.warnings : [];
    return { name, address, others, urls: urls.for(address), warnings };
  }
  const why = decided.kind === 'refused' ? `${decided.reason}; ${decided.remedy}` : '';
  if (wanted === undefined) return { address: addressIn(urls.base()), others: [], urls, warnings: [why] };
  throw new BootlayerError('USAGE', `DHCP is not answered on an interface ${wanted}`, {
    remedy: names.length > 0 ? `name one that is served: ${names.join(', ')}` : `none is served here: ${why}`,
  });
}

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
