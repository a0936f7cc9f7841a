import { inviteBy } from '../booter/invitation.js';
import type { Mapping } from '../booter/mapping.js';
import type { Config } from '../config/schema.js';
import { encodePacket } from '../dhcp/packet.js';
import { PORT } from '../dhcp/ports.js';
import { IpxeBinaries } from '../ipxe/disk-binaries.js';
import { ipxeFolders } from '../ipxe-folders.js';
import { NO_IP4 } from '../net/ip.js';
import type { Offerings } from '../pxe/answer.js';
import { type DescribedClient, describedDiscover } from '../pxe/described-client.js';
import { offeringsAt } from '../pxe/offerings.js';
import { proxyExchange } from '../pxe/proxy-dhcp.js';
import { describeReply, type ReplyField } from '../pxe/reply-fields.js';
import { portsOf } from './explained.js';
import type { Site } from './explained-site.js';

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

type Parts = {
  readonly isOn: boolean;
  readonly mapping: Mapping;
  readonly site: Site;
  readonly offerings: Offerings;
};

/** What there is to be given to machines there. */
export async function offeringsOf(config: Config, { urls, address }: Site): Promise<Offerings> {
  const { dhcp, tftp } = config;
  const loaders = await new IpxeBinaries(ipxeFolders(config)).available();
  const ports = portsOf(config);
  return offeringsAt({ urls, address, loaders, hasTftp: tftp !== undefined, scheme: dhcp?.httpBoot, ports });
}

/** As the server would, by the very code that answers. Pure. */
export function explainDhcp(
  described: DescribedClient | undefined,
  { isOn, mapping, site, offerings }: Parts,
): DhcpExplanation {
  if (described === undefined) return { kind: 'undescribed', reason: 'its firmware is not said (--firmware)' };
  const discover = describedDiscover(described);
  if (discover === undefined) return { kind: 'undescribed', reason: 'its architecture is not said (--arch)' };
  const exchange = proxyExchange(
    encodePacket(discover, { maxBytes: 1472 }),
    { address: NO_IP4, port: PORT.client },
    { step: 'offer', address: site.address, subnets: [], name: 'br0' },
    { invite: (facts) => inviteBy(mapping, facts), offerings: () => offerings },
  );
  if (exchange.kind !== 'answered') return { kind: 'unanswered', isOn, reason: exchange.reason };
  const fields = describeReply(exchange.reply, exchange.client);
  return { kind: 'answered', isOn, fields, bytes: exchange.bytes.toString('hex'), warnings: site.warnings };
}
