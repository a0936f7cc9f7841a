import { type IpAddress, parseIp4 } from '../../net/ip.js';
import type { MacAddress } from '../../net/mac.js';
import { Findings, type Imported, importedHardware, importedName, linesOf, quoted } from './imported.js';

/**
 * `dhcp-host=` of dnsmasq.conf, and the lines of a file that `dhcp-hostsfile` names, which are the same without that word
 * (dnsmasq(8)): MACs, `id:`, tags, an address, a host name, how long, `ignore`, in any order. Pure.
 */
export function parseDnsmasqHosts(text: string): Imported {
  const findings = new Findings();
  for (const [line, content] of linesOf(text)) {
    const written = content.replace(/(^|\s)#.*/, '').trim();
    if (written === '') continue;
    const [, keyword, value = ''] = /^([a-z0-9-]+)\s*(?:=\s*(.*))?$/.exec(written) ?? [];
    if (keyword === 'dhcp-host') readHost(line, value, findings);
    else if (keyword === 'dhcp-ignore')
      findings.problem(line, `dhcp-ignore=${value} is left out: whom dnsmasq ignores would be answered here`);
    else if (keyword !== undefined && NAMING.has(keyword))
      findings.problem(
        line,
        `${keyword}${value === '' ? '' : ` ${quoted(value)}`} is left out: import what it names, too`,
      );
    else if (/^(([0-9a-fA-F]{2}-)?[0-9a-fA-F*]{1,2}:|id:|set:|net:|[^=]*,)/.test(written))
      readHost(line, written, findings);
    else findings.passOver('settings');
  }
  return findings.whole();
}

/** Options by which other files are read. */
const NAMING: ReadonlySet<string> = new Set([
  ...['dhcp-hostsfile', 'dhcp-hostsdir', 'conf-file', 'conf-dir', 'read-ethers', 'servers-file'],
]);

type Host = { macs: Set<MacAddress>; ip?: IpAddress; ip6?: string; name?: string; isById: boolean };

function readHost(line: number, value: string, findings: Findings): void {
  const host: Host = { macs: new Set(), isById: false };
  findings.problem(line, takeHost(line, value, { host, findings }), host.ip);
  if (host.ip6 !== undefined)
    findings.problem(line, `its address ${quoted(host.ip6)} is left out: addresses of IPv6 are not given here`);
}

type Reading = { readonly host: Host; readonly findings: Findings };

/** Answers what is wrong with it. */
function takeHost(line: number, value: string, { host, findings }: Reading): string | undefined {
  for (const field of value.split(',').map((one) => one.trim())) {
    if (field === 'ignore') return 'a host that dnsmasq ignores is left out: it would be answered here';
    const problem = takeField(host, field);
    if (problem !== undefined) return problem;
  }
  const { macs, ip, name, isById } = host;
  if (macs.size === 0) {
    const by = isById ? 'a client identifier alone' : 'no MAC';
    return `${quoted(value)} is left out: it is known by ${by}, by which no machine is known here`;
  }
  findings.host({
    ...{ line, macs: [...macs] },
    ...(ip !== undefined && { ip }),
    ...(name !== undefined && { name, hostname: name }),
  });
  return undefined;
}

/** The same. */
function takeField(host: Host, field: string): string | undefined {
  if (field === '' || /^(set|tag|net):/.test(field)) return undefined;
  if (field.startsWith('id:')) {
    host.isById ||= field !== 'id:*';
    return undefined;
  }
  if (field.startsWith('[')) {
    host.ip6 ??= field;
    return undefined;
  }
  const ip = parseIp4(field);
  if (ip !== undefined) {
    if (host.ip !== undefined) return `${quoted(field)} is its second address`;
    host.ip = ip;
    return undefined;
  }
  if (/^(infinite|\d{1,10}[smhdw]?)$/.test(field)) return undefined;
  if (field.includes('*')) return `${quoted(field)} is many cards, and a machine has its own`;
  const mac = importedHardware(field);
  if (mac !== undefined) {
    host.macs.add(mac);
    return undefined;
  }
  const name = importedName(field);
  if (name === undefined) return `${quoted(field)} is neither a MAC, an address, a name nor how long`;
  host.name ??= name;
  return undefined;
}
