import { parseIp4 } from '../../net/ip.js';
import {
  Findings,
  type Imported,
  importedClient,
  importedId,
  importedMac,
  importedTime,
  linesOf,
  quoted,
} from './imported.js';

/**
 * kea-leases4.csv of Kea's memfile (Kea's manual, "Lease Database"): a line of names, then a line a change; the last one of an
 * address counts. A comma within a value is `&#x2c`. Pure.
 */
export function parseKeaLeases(text: string): Imported {
  const findings = new Findings();
  let columns: ReadonlyMap<string, number> | undefined;
  for (const [line, content] of linesOf(text)) {
    if (content.trim() === '') continue;
    const cells = content.split(',', MOST_COLUMNS);
    if (columns === undefined) {
      columns = new Map(cells.map((name, at) => [name.trim(), at]));
      const missing = NEEDED.filter((name) => columns?.has(name) !== true);
      if (missing.length > 0) {
        findings.problem(
          line,
          `the first line names no ${missing.join(', no ')}: leases of Kea begin with their names`,
        );
        return findings.whole();
      }
      continue;
    }
    const known = columns;
    const value = (name: string) => cellText(cells[known.get(name) ?? -1]);
    findings.problem(line, readRow(line, value, findings), parseIp4(value('address')));
  }
  return findings.whole();
}

const MOST_COLUMNS = 64;
const NEEDED = ['address', 'hwaddr', 'client_id', 'valid_lifetime', 'expire'] as const;
/** Of one that has no end (RFC 2131, 3.3). */
const NO_END = '4294967295';

/** Answers what is wrong with it. */
function readRow(line: number, value: (name: string) => string, findings: Findings): string | undefined {
  const written = value('address');
  const address = parseIp4(written);
  if (address === undefined) return `${quoted(written)} is no IPv4 address`;
  const lifetime = value('valid_lifetime');
  // One that was deleted lasts for nothing; states but 0 are declined, reclaimed, released.
  const state = value('state');
  if (lifetime === '0' || (state !== '' && state !== '0')) {
    findings.free(address);
    return undefined;
  }
  const until = lifetime === NO_END ? {} : importedTime(value('expire'));
  if (until === undefined) return `${quoted(value('expire'))} is no time in seconds`;
  const [mac, clientId] = [importedMac(value('hwaddr')), importedId(value('client_id'))];
  const client = importedClient({ mac, clientId, hostname: value('hostname') });
  if (client === undefined) return `the lease of ${address} does not say whose it is`;
  findings.lease({ line, address, client, ...until });
  return undefined;
}

function cellText(cell = ''): string {
  return cell.trim().replaceAll('&#x2c', ',');
}
