import { parseDnsmasqHosts } from './dnsmasq-hosts.js';
import { parseDnsmasqLeases } from './dnsmasq-leases.js';
import { type Imported, linesOf } from './imported.js';
import { parseIsc } from './isc.js';
import { parseKeaHosts } from './kea-hosts.js';
import { parseKeaLeases } from './kea-leases.js';

/** Servers whose files are read. */
export const FOREIGN_SERVERS = ['isc', 'dnsmasq', 'kea'] as const;
export type ForeignServer = (typeof FOREIGN_SERVERS)[number];

/** `what`: for people. */
export type ForeignFile = { readonly server: ForeignServer; readonly what: string; readonly imported: Imported };

type Kind = Pick<ForeignFile, 'server' | 'what'> & {
  readonly parse: (text: string) => Imported;
  /** How a line that tells it looks. */
  readonly mark: RegExp;
};

/** Each line is held against them, in this order. */
const KINDS: readonly Kind[] = [
  { server: 'kea', what: 'leases of Kea', parse: parseKeaLeases, mark: /^address,hwaddr,/ },
  { server: 'kea', what: 'a configuration of Kea', parse: parseKeaHosts, mark: /^\s*(\{|\[|"[\w-]+"\s*:)/ },
  {
    ...{ server: 'isc', what: 'a file of ISC DHCP', parse: parseIsc },
    mark: /^\s*(lease\s+[\d.]+\s*\{|host\s+\S+\s*\{|(subnet|subnet6|server-duid|shared-network|group|include|option|class|failover|authoritative|authoring-byte-order|default-lease-time|max-lease-time|ddns-update-style)\b[^=]*[;{]\s*(#.*)?$)/,
  },
  {
    server: 'dnsmasq',
    what: 'leases of dnsmasq',
    parse: parseDnsmasqLeases,
    mark: /^(\d{1,20}\s+\S+\s+[\da-fA-F.:]+\s+\S+|duid\s+[\da-f:]+$)/,
  },
  {
    ...{ server: 'dnsmasq', what: 'hosts of dnsmasq', parse: parseDnsmasqHosts },
    mark: /^\s*([a-z][a-z0-9-]*\s*=|(domain-needed|bogus-priv|read-ethers|no-resolv|dhcp-authoritative|log-dhcp)\s*$|([0-9a-fA-F]{2}-)?([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}(,|\s*$)|id:[^,\s]+,)/,
  },
];

/** Comments stand before what tells a file. */
const MOST_LINES = 5_000;
/** A longer one tells nothing. */
const LONGEST_LINE = 1_000;

/**
 * By what is in it: which server's file it is, and what that has. `server`: whose it is said to be. undefined where it looks
 * like none of theirs. Pure.
 */
export function readForeignFile(text: string, server?: ForeignServer): ForeignFile | undefined {
  const kinds = KINDS.filter((kind) => server === undefined || kind.server === server);
  const kind = kindOf(text.replace(/^\ufeff/, ''), kinds);
  if (kind === undefined) return undefined;
  return { server: kind.server, what: kind.what, imported: kind.parse(text.replace(/^\ufeff/, '')) };
}

function kindOf(text: string, kinds: readonly Kind[]): Kind | undefined {
  for (const [line, content] of linesOf(text)) {
    if (line > MOST_LINES) return undefined;
    const shown = content.slice(0, LONGEST_LINE);
    const kind = /^\s*(#|\/\/|\/\*|$)/.test(shown) ? undefined : kinds.find(({ mark }) => mark.test(shown));
    if (kind !== undefined) return kind;
  }
  return undefined;
}
