import { type IpAddress, parseIp4 } from '../../net/ip.js';
import type { LeaseClient } from '../client.js';
import {
  Findings,
  type Imported,
  importedClient,
  importedId,
  importedMac,
  importedName,
  importedTime,
  quoted,
} from './imported.js';
import { readStatements, type Statement, type Word } from './isc-statements.js';

/** dhcpd.leases(5) and the hosts of dhcpd.conf(5), of ISC DHCP: a file may have both. Pure. */
export function parseIsc(text: string): Imported {
  const findings = new Findings();
  const statements = readStatements(text, (line, message) => findings.problem(line, message));
  // Their depth is bounded by whoever read them.
  const visit = (one: Statement) => {
    const [keyword = ''] = textsOf(one);
    if (keyword === 'lease' && one.block !== undefined)
      findings.problem(one.line, readLease(one, one.block, findings), parseIp4(textsOf(one)[1] ?? ''));
    else if (keyword === 'host' && one.block !== undefined)
      findings.problem(one.line, readHost(one, one.block, findings), fixedIn(one.block)[0]);
    else if (keyword.startsWith('ia-')) findings.passOver('ipv6');
    else if (isForFew(textsOf(one)))
      findings.problem(one.line, `${quoted(textsOf(one).join(' '))} is left out: ${FOR_ALL}`);
    else if (keyword === 'include')
      findings.problem(one.line, `${quoted(textsOf(one)[1] ?? '')} is included, and left out: import it, too`);
    else if (one.block !== undefined) for (const inner of one.block) visit(inner);
    else findings.passOver('settings');
  };
  for (const statement of statements) visit(statement);
  return findings.whole();
}

const FOR_ALL =
  'whoever asks is answered here, and strangers get addresses of ranges: name none where they are to get none';

/** Whether a statement keeps addresses from some clients, or for some (dhcpd.conf(5), "Allow and deny"). */
function isForFew([keyword = '', whom = '']: readonly string[]): boolean {
  if (keyword === 'allow') return /^(known(-clients)?|members|authenticated)$/.test(whom);
  const isDenial = keyword === 'deny' || keyword === 'ignore';
  return isDenial && /^(booting|(un)?known(-clients)?|members|(un)?authenticated|all)$/.test(whom);
}

/** Answers what is wrong with it. Its end is in UTC; what is free, or was abandoned, is nobody's. */
function readLease({ line, words }: Statement, block: readonly Statement[], findings: Findings): string | undefined {
  const written = words[1]?.text ?? '';
  const address = parseIp4(written);
  if (address === undefined) return `${quoted(written)} is no IPv4 address`;
  const state = lastOf(block, 'binding', 'state')?.[0]?.text ?? 'active';
  if (state !== 'active') {
    findings.free(address);
    return undefined;
  }
  const until = endOf(lastOf(block, 'ends') ?? []);
  if (until === undefined) return `the lease of ${address} does not say when it ends`;
  const client = clientOf(block);
  if (client === undefined) return `the lease of ${address} does not say whose it is`;
  findings.lease({ line, address, client, ...until });
  return undefined;
}

function clientOf(block: readonly Statement[]): LeaseClient | undefined {
  return importedClient({
    mac: importedMac(lastOf(block, 'hardware', 'ethernet')?.[0]?.text ?? ''),
    clientId: idOf(lastOf(block, 'uid')?.[0]),
    hostname: lastOf(block, 'client-hostname')?.[0]?.text,
  });
}

/** In quotes one character is a byte; without them it is hex. */
function idOf(word: Word | undefined): string | undefined {
  if (word === undefined) return undefined;
  return importedId(word.isQuoted ? Buffer.from(word.text, 'latin1').toString('hex') : word.text);
}

/** `4 2026/11/26 12:00:00`, `never`, or `epoch 1795694400`; undefined where it is none of them. */
function endOf(words: readonly Word[]): { readonly until?: number } | undefined {
  const [first = '', second = '', third = ''] = words.map(({ text }) => text);
  if (first === 'never') return {};
  if (first === 'epoch') return importedTime(second);
  const date = /^(\d{4})\/(\d{2})\/(\d{2})$/.exec(second);
  if (date === null || !/^\d{2}:\d{2}:\d{2}$/.test(third)) return undefined;
  const until = Date.parse(`${date.slice(1).join('-')}T${third}Z`);
  return Number.isNaN(until) ? undefined : { until: Math.max(0, until) };
}

/** Answers why it is left out whole; what is left out of it is told. */
function readHost({ line, words }: Statement, block: readonly Statement[], findings: Findings): string | undefined {
  const name = words[1]?.text ?? '';
  // In dhcpd.leases: it was made by OMAPI, and is gone.
  if (lastOf(block, 'deleted') !== undefined) {
    findings.forgetHost(name);
    findings.passOver('settings');
    return undefined;
  }
  if (['deny', 'ignore'].some((denial) => lastOf(block, denial, 'booting') !== undefined))
    return `the host ${quoted(name)} is left out: dhcpd does not answer it, and it would be answered here`;
  const [kind, hardware] = lastOf(block, 'hardware') ?? [];
  const mac = kind?.text === 'ethernet' ? importedMac(hardware?.text ?? '') : undefined;
  if (mac === undefined) {
    const why =
      kind !== undefined
        ? `its hardware, ${quoted([kind, hardware].map((one) => one?.text ?? '').join(' '))}, is no card's`
        : 'it is known by no hardware address';
    return `the host ${quoted(name)} is left out: ${why}`;
  }
  const addresses = lastOf(block, 'fixed-address') ?? [];
  const [ip] = fixedIn(block);
  if (addresses.length > 0 && ip === undefined) findings.problem(line, withoutAddress(name, addresses[0]?.text ?? ''));
  else if (addresses.length > 1)
    findings.problem(
      line,
      `of the addresses of the host ${quoted(name)}, ${ip} is taken, and the others are left out`,
      ip,
    );
  const hostname = importedName(lastOf(block, 'option', 'host-name')?.[0]?.text);
  findings.host({
    ...{ line, macs: [mac] },
    ...(importedName(name) !== undefined && { name }),
    ...(ip !== undefined && { ip }),
    ...(hostname !== undefined && { hostname }),
  });
  return undefined;
}

function fixedIn(block: readonly Statement[]): readonly IpAddress[] {
  return (lastOf(block, 'fixed-address') ?? []).flatMap(({ text }) => parseIp4(text) ?? []);
}

function withoutAddress(name: string, written: string): string {
  const why = `${quoted(written)} is a name, which is not looked up: write the address that "getent hosts" tells of it`;
  return `the host ${quoted(name)} gets no address: ${why}`;
}

/** What stands behind these words, where they were said last. */
function lastOf(block: readonly Statement[], ...keywords: readonly string[]): readonly Word[] | undefined {
  const found = block.findLast(({ words }) => keywords.every((keyword, at) => words[at]?.text === keyword));
  return found?.words.slice(keywords.length);
}

function textsOf({ words }: Statement): readonly string[] {
  return words.map(({ text }) => text);
}
