import { parseIp4 } from '../../net/ip.js';
import { Findings, type Imported, importedMac, importedName, quoted } from './imported.js';
import { type KeaValue, readKeaJson } from './kea-json.js';

/** The reservations of kea-dhcp4.conf: those for all, of subnets, and of subnets in shared networks. Pure. */
export function parseKeaHosts(text: string): Imported {
  const findings = new Findings();
  const { root, includes, problem } = readKeaJson(text);
  for (const { line, file } of includes)
    findings.problem(line, `${quoted(file)} is included, and left out: import it, too`);
  if (problem !== undefined) findings.problem(problem.line, `this is no configuration of Kea: ${problem.message}`);
  // A file that others include may hold the inner part alone.
  const outer = get(root, 'Dhcp4') ?? root;
  tellLeftOut(root, outer, findings);
  const networks = listIn(outer, 'shared-networks');
  const subnets = [outer, ...networks].flatMap((one) => listIn(one, 'subnet4'));
  for (const place of [outer, ...networks, ...subnets])
    for (const one of listIn(place, 'reservations'))
      findings.problem(one.line, readReservation(one, findings), parseIp4(textIn(one, 'ip-address') ?? ''));
  return findings.whole();
}

/** What else may have leases or reservations, or keeps addresses for some. */
function tellLeftOut(root: KeaValue | undefined, outer: KeaValue | undefined, findings: Findings): void {
  const v6 = get(root, 'Dhcp6');
  if (v6 !== undefined) findings.problem(v6.line, 'Dhcp6 is left out: addresses of IPv6 are not given here');
  for (const key of ['hosts-database', 'hosts-databases']) {
    const hosts = get(outer, key);
    if (hosts !== undefined)
      findings.problem(hosts.line, `${key} is left out: what is reserved in a database is not read`);
  }
  const leases = get(outer, 'lease-database');
  const type = leases && textIn(leases, 'type');
  if (leases !== undefined && type !== 'memfile')
    findings.problem(
      leases.line,
      `the leases are in a database (${quoted(type ?? '')}), which is not read: dump them as CSV`,
    );
}

/** Answers what is wrong with it. */
function readReservation(reservation: KeaValue, findings: Findings): string | undefined {
  const { line } = reservation;
  if (listIn(reservation, 'client-classes').some(({ value }) => value === 'DROP'))
    return 'a reservation of the class DROP is left out: Kea does not answer it, and it would be answered here';
  const [hardware, written, hostname] = ['hw-address', 'ip-address', 'hostname'].map((key) => textIn(reservation, key));
  const mac = importedMac(hardware ?? '');
  if (mac === undefined) {
    const by = ['client-id', 'duid', 'circuit-id', 'flex-id', 'remote-id'].find(
      (key) => get(reservation, key) !== undefined,
    );
    const why = hardware === undefined ? `is known by ${by ?? 'nothing'}` : `has the hw-address ${quoted(hardware)}`;
    return `a reservation is left out: it ${why}, by which no machine is known here`;
  }
  const ip = parseIp4(written ?? '');
  if (written !== undefined && written !== '' && ip === undefined)
    return `a reservation is left out: ${quoted(written)} is no IPv4 address`;
  const name = importedName(hostname);
  findings.host({
    ...{ line, macs: [mac] },
    ...(ip !== undefined && { ip }),
    ...(name !== undefined && { name, hostname: name }),
  });
  return undefined;
}

function get(place: KeaValue | undefined, key: string): KeaValue | undefined {
  return place?.value instanceof Map ? (place.value as ReadonlyMap<string, KeaValue>).get(key) : undefined;
}

function listIn(place: KeaValue | undefined, key: string): readonly KeaValue[] {
  const value = get(place, key)?.value;
  return Array.isArray(value) ? (value as readonly KeaValue[]) : [];
}

function textIn(place: KeaValue, key: string): string | undefined {
  const value = get(place, key)?.value;
  return typeof value === 'string' ? value : undefined;
}
