import { hostInterfaces } from '../advertise.js';
import { findDhcpWarnings } from '../dhcp-warnings.js';
import { type CheckResult, warned } from './doctor-result.js';
import { type DoctorSite, isOurs } from './doctor-site.js';
import { explainedUrls } from './explained.js';

const CHECK = 'dhcp';

/** Whether machines can be answered on the interfaces of this host. */
export function checkDhcp({ config, server, decided, served }: DoctorSite): readonly CheckResult[] {
  const { dhcp, machines } = config;
  if (dhcp === undefined)
    return [{ check: CHECK, state: 'skipped', what: 'dhcp.mode is off: another server tells machines what to load' }];
  const urls = explainedUrls(config, served);
  const odd = findDhcpWarnings({ dhcp, machines, interfaces: served, host: hostInterfaces(), urls });
  const where = served.map(({ name, address }) => `${name} (${address})`).join(', ');
  const well: CheckResult = { check: CHECK, state: 'ok', what: `dhcp.mode is ${dhcp.mode}, on ${where}` };
  if (decided.kind === 'served') return [well, ...warned(CHECK, [...decided.warnings, ...odd])];
  const { reason, remedy, withSockets } = decided;
  if (withSockets === undefined) return [{ check: CHECK, state: 'fail', what: reason, remedy }, ...warned(CHECK, odd)];
  // Only the server knows which sockets it inherits.
  if (isOurs(server)) return [well, ...warned(CHECK, odd)];
  const units = 'have systemd open them: "bootlayer check" prints the units';
  return [
    { check: CHECK, state: 'warn', what: `${reason}, unless its sockets are opened for it`, remedy: units },
    ...warned(CHECK, odd),
  ];
}
