import { inviteBy } from '../booter/invitation.js';
import { LeaseClients } from '../booter/lease-clients.js';
import type { Mapping } from '../booter/mapping.js';
import type { Config, DhcpConfig } from '../config/schema.js';
import { encodePacket } from '../dhcp/packet.js';
import { PORT } from '../dhcp/ports.js';
import { IpxeBinaries } from '../ipxe/disk-binaries.js';
import { ipxeFolders } from '../ipxe-folders.js';
import { LeaseBook } from '../lease/lease-book.js';
import { givenAddress, type LeaseAnswer, type LeaseAsk } from '../lease/question.js';
import { subnetsOn } from '../lease/subnet.js';
import type { Peer } from '../net/datagram.js';
import { NO_IP4 } from '../net/ip.js';
import type { Offerings } from '../pxe/answer.js';
import { type DescribedClient, describedDiscover } from '../pxe/described-client.js';
import { readAsking, serverDoor, serverExchange } from '../pxe/dhcp-server.js';
import type { Door } from '../pxe/door.js';
import type { Exchange } from '../pxe/exchange.js';
import { offeringsAt } from '../pxe/offerings.js';
import { type BootParts, proxyExchange } from '../pxe/proxy-dhcp.js';
import { describeReply, type ReplyField } from '../pxe/reply-fields.js';
import { REQUEST_LISTS } from '../pxe/request-lists.js';
import { portsOf } from './explained.js';
import type { AddressExplanation } from './explained-address.js';
import type { Site } from './explained-site.js';

/** What a machine that is described would be told by DHCP. */
export type DhcpExplanation =
  /** `asker`: as whom it asks, on which the options depend; `bytes` in hexadecimal digits; `isOn`: false where dhcp.mode is off. */
  | {
      readonly kind: 'answered';
      readonly isOn: boolean;
      readonly asker: string;
      readonly fields: readonly ReplyField[];
      readonly bytes: string;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'unanswered'; readonly isOn: boolean; readonly reason: string }
  /** Too little of it is known. */
  | { readonly kind: 'undescribed'; readonly reason: string };

export type DhcpParts = {
  /** Where it is off, what a proxy would say is shown. */
  readonly dhcp: DhcpConfig | undefined;
  readonly mapping: Mapping;
  readonly site: Site;
  readonly offerings: Offerings;
  /** Its address; missing where another server gives addresses. */
  readonly given?: AddressExplanation | undefined;
};

/** What there is to be given to machines there. */
export async function offeringsOf(config: Config, { urls, address }: Site): Promise<Offerings> {
  const { dhcp, tftp } = config;
  const loaders = await new IpxeBinaries(ipxeFolders(config)).available();
  const ports = portsOf(config);
  return offeringsAt({ urls, address, loaders, hasTftp: tftp !== undefined, scheme: dhcp?.httpBoot, ports });
}

/** As the server would, by the very code that answers. Pure. */
export function explainDhcp(described: DescribedClient | undefined, parts: DhcpParts): DhcpExplanation {
  if (described === undefined) return { kind: 'undescribed', reason: 'its firmware is not said (--firmware)' };
  const discover = describedDiscover(described);
  if (discover === undefined) return { kind: 'undescribed', reason: 'its architecture is not said (--arch)' };
  const { dhcp, site, given } = parts;
  const isOn = dhcp !== undefined;
  const exchange = exchangeOf(encodePacket(discover, { maxBytes: 1472 }), { from: NOBODY, step: 'offer' }, parts);
  const sent = sentBy(exchange);
  if (sent === undefined) return { kind: 'unanswered', isOn, reason: 'reason' in exchange ? exchange.reason : '' };
  const fields = describeReply(sent.reply, 'client' in exchange ? exchange.client : undefined);
  const toNothing = exchange.kind === 'unanswered' ? [`it is told nothing to boot: ${exchange.reason}`] : [];
  return {
    kind: 'answered',
    isOn,
    asker: REQUEST_LISTS[described.kind].asker,
    fields: given?.kind === 'pool' ? ofPool(fields) : fields,
    bytes: sent.bytes.toString('hex'),
    // Where to answer is no matter where nothing is answered.
    warnings: [...toNothing, ...(isOn ? site.warnings : [])],
  };
}

/** Which one it is, only the server knows. */
function ofPool(fields: readonly ReplyField[]): readonly ReplyField[] {
  const why = 'one of the range, as if nobody had any: who has which, bootlayer lease ls tells';
  return fields.map((one) => (one.field === 'yiaddr' ? { ...one, why } : one));
}

/** Whoever has no address yet. */
const NOBODY = { address: NO_IP4, port: PORT.client };

/** Who sent it, and to which port: DHCP's, or the one of PXE boot servers. */
type CameBy = { readonly from: Peer; readonly step: Door['step'] };

/** What becomes of a datagram, by the very code that answers; who has which address, only the server knows. Pure. */
export function exchangeOf(
  bytes: Buffer,
  { from, step }: CameBy,
  { dhcp, mapping, site, offerings }: Omit<DhcpParts, 'given'>,
): Exchange {
  const { name = '', address } = site;
  const parts: BootParts = { invite: (facts) => inviteBy(mapping, facts), offerings: () => offerings };
  const at = { step, name, address, subnets: [] } as const;
  if (dhcp?.mode !== 'server' || step === 'ack') return proxyExchange(bytes, from, at, parts);
  const door = serverDoor(at);
  const asking = readAsking(bytes, from, door);
  if (asking.kind !== 'asking') return asking;
  return serverExchange(asking, offerTo(asking.ask, dhcp, { mapping, site }), door, parts);
}

type ServerConfig = Extract<DhcpConfig, { readonly mode: 'server' }>;

/** By records alone: who has an address now, only the server knows. */
function offerTo(
  ask: LeaseAsk,
  { subnets, authoritative: isAuthoritative }: ServerConfig,
  { mapping, site }: Pick<DhcpParts, 'mapping' | 'site'>,
): LeaseAnswer {
  const clients = new LeaseClients(() => mapping);
  const book = new LeaseBook({ subnets, isAuthoritative, reservations: () => clients.reservations() });
  const { known, hostname } = clients.find(ask.client);
  const { reserved } = known;
  // Where its own address is, unless it is said where it is, which may be behind a relay: `explainAddress` says the same.
  const hasOwn = reserved !== undefined && subnetsOn(subnets, [reserved]).length > 0;
  const near = hasOwn ? [reserved] : ask.link;
  const link = site.subnet === undefined ? near : [site.subnet.address];
  const decision = book.decide({ ...ask, client: known, link }, 0);
  if (decision.kind === 'silent') return decision;
  if (decision.kind !== 'offer') return { kind: 'silent', reason: 'no address is left for it' };
  const { address, subnet } = decision;
  return { kind: 'offer', ...givenAddress(address, subnet), ...(hostname !== undefined && { hostname }) };
}

function sentBy(exchange: Exchange) {
  if (exchange.kind === 'answered' || exchange.kind === 'leased') return exchange;
  return exchange.kind === 'unanswered' ? exchange.sent : undefined;
}
