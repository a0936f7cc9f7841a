import { isIp4, parseIp, parseIp4 } from '../../net/ip.js';
import {
  Findings,
  type Imported,
  importedClient,
  importedHardware,
  importedId,
  importedTime,
  linesOf,
  quoted,
} from './imported.js';

/**
 * dnsmasq.leases: `<end in seconds, 0 for none> <MAC> <address> <host name or *> <client id or *>` a line. Those of DHCPv6 stand
 * behind a line with the server's DUID, and are passed over. Pure.
 */
export function parseDnsmasqLeases(text: string): Imported {
  const findings = new Findings();
  let isV6 = false;
  for (const [line, content] of linesOf(text)) {
    const fields = content.trim().split(/\s+/, 6);
    if (fields[0] === '') continue;
    if (fields[0] === 'duid') isV6 = true;
    if (isV6) findings.passOver('ipv6');
    else findings.problem(line, readLine(line, fields, findings), parseIp4(fields[2] ?? ''));
  }
  return findings.whole();
}

/** Answers what is wrong with it. */
function readLine(line: number, fields: readonly string[], findings: Findings): string | undefined {
  const [end = '', hardware = '', written = '', name, id] = fields;
  const until = end === '0' ? {} : importedTime(end);
  if (until === undefined) return `${quoted(end)} is no time in seconds, as leases of dnsmasq begin`;
  const address = parseIp(written);
  if (address === undefined) return `${quoted(written)} is no address`;
  if (!isIp4(address)) {
    findings.passOver('ipv6');
    return undefined;
  }
  const clientId = id === undefined || id === '*' ? undefined : importedId(id);
  const client = importedClient({ mac: importedHardware(hardware), clientId, hostname: name });
  if (client === undefined) return `the lease of ${address} does not say whose it is`;
  findings.lease({ line, address, client, ...until });
  return undefined;
}
