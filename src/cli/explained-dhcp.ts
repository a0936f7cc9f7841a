import { advertisedUrl, interfacesOf } from '../advertise.js';
import type { BootUrls } from '../booter/boot-urls.js';
import { inviteBy } from '../booter/invitation.js';
import type { Mapping } from '../booter/mapping.js';
import type { Config } from '../config/schema.js';
import { NO_IP4 } from '../dhcp/ip4.js';
import { encodePacket } from '../dhcp/packet.js';
import { PORT } from '../dhcp/ports.js';
import { IpxeBinaries } from '../ipxe/disk-binaries.js';
import { ipxeFolders } from '../ipxe-folders.js';
import { parseIp } from '../net/ip.js';
import { type DescribedClient, describedDiscover } from '../pxe/described-client.js';
import { offeringsAt } from '../pxe/offerings.js';
import { proxyExchange } from '../pxe/proxy-dhcp.js';
import { describeReply, type ReplyField } from '../pxe/reply-fields.js';

/** What a machine that is described would be told by DHCP. */
export type DhcpExplanation =
  /** `bytes` in hexadecimal digits; `isOn`: false where dhcp.mode is off, and nobody answers. */
  | {
      readonly kind: 'answered';
      readonly isOn: boolean;
      readonly fields: readonly ReplyField[];
      readonly bytes: string;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'unanswered'; readonly isOn: boolean; readonly reason: string }
  /** Too little of it is known. */
  | { readonly kind: 'undescribed'; readonly reason: string };

type Parts = { readonly mapping: Mapping; readonly urls: BootUrls };

/** As the server would, by the very code that answers. */
export async function explainDhcp(
  config: Config,
  described: DescribedClient | undefined,
  { mapping, urls }: Parts,
): Promise<DhcpExplanation> {
  if (described === undefined) return { kind: 'undescribed', reason: 'its firmware is not said (--firmware)' };
  const discover = describedDiscover(described);
  if (discover === undefined) return { kind: 'undescribed', reason: 'its architecture is not said (--arch)' };
  const { address, warnings } = ourAddress(config);
  const binaries = new IpxeBinaries(ipxeFolders(config));
  const loaders = await binaries.available();
  const { dhcp, http } = config;
  const ports = { http: http.listen.port, ...(http.tls !== undefined && { https: http.tls.listen.port }) };
  const hasTftp = config.tftp !== undefined;
  const offerings = () => offeringsAt({ urls, address, loaders, hasTftp, scheme: dhcp?.httpBoot, ports });
  const bytes = encodePacket(discover, { maxBytes: 1472 });
  const exchange = proxyExchange(
    bytes,
    { address: NO_IP4, port: PORT.client },
    { step: 'offer', address, subnets: [] },
    { invite: (facts) => inviteBy(mapping, facts), offerings },
  );
  const isOn = dhcp !== undefined;
  if (exchange.kind !== 'answered') return { kind: 'unanswered', isOn, reason: exchange.reason };
  const fields = describeReply(exchange.reply, exchange.client);
  return { kind: 'answered', isOn, fields, bytes: exchange.bytes.toString('hex'), warnings };
}

/** Of the first interface that would be served. */
function ourAddress(config: Config): { readonly address: string; readonly warnings: readonly string[] } {
  try {
    const interfaces = interfacesOf(config, new Map());
    if (interfaces.kind === 'served') {
      const [first] = interfaces.interfaces;
      if (first !== undefined) return { address: first.address, warnings: interfaces.warnings };
    } else {
      return { address: advertisedAddress(config), warnings: [`${interfaces.reason}: ${interfaces.remedy}`] };
    }
  } catch {
    // Nothing says how machines reach this host.
  }
  return { address: EXAMPLE, warnings: ['nothing says by which address machines reach this host: set "advertise"'] };
}

function advertisedAddress(config: Config): string {
  const { hostname } = new URL(advertisedUrl(config, config.http.listen.port));
  const ip = parseIp(hostname);
  return ip === undefined || ip.includes(':') ? EXAMPLE : ip;
}

/** An address of no host (RFC 5737). */
const EXAMPLE = '192.0.2.1';
