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
  const networks = listIn(outer, 'shared-networks');
  const subnets = [outer, ...networks].flatMap((one) => listIn(one, 'subnet4'));
  for (const place of [outer, ...networks, ...subnets])
    for (const one of listIn(place, 'reservations')) findings.problem(one.line, readReservation(one, findings));
  return findings.whole();
}

/** Answers what is wrong with it. */
function readReservation(reservation: KeaValue, findings: Findings): string | undefined {
  const { line } = reservation;
  const [hardware, written, hostname] = ['hw-address', 'ip-address', 'hostname'].map((key) => textIn(reservation, key));
  const mac = importedMac(hardware ?? '');
  if (mac === undefined) {
    const by = ['client-id', 'duid', 'circuit-id', 'flex-id'].find((key) => get(reservation, key) !== undefined);
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
