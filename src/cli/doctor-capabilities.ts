import { readFile } from 'node:fs/promises';
import { findProbeTrouble } from '../lease-records.js';
import { wantedPorts } from './doctor-ports.js';
import { type CheckResult, warned } from './doctor-result.js';
import { type DoctorSite, isOurs } from './doctor-site.js';
import { findServerUser } from './doctor-user.js';

const CHECK = 'capabilities';
/** Linux, include/uapi/linux/capability.h. */
const NET_BIND_SERVICE = 10n;
/** Where the system does not say otherwise. */
const FIRST_FOR_ALL = 1024;

export type CapabilitiesInput = {
  /** Ports that are wanted, each once. */
  readonly ports: readonly number[];
  /** The first port that everybody may have (ip_unprivileged_port_start). */
  readonly firstForAll: number;
  /** Of this process, as /proc/self/status has them: undefined where it does not say. */
  readonly effective: bigint | undefined;
  readonly runs: boolean;
  /** Whom the server is, where that is somebody else, whom root does not start. */
  readonly other?: string;
};

/** What this user may, and what the server will want with the addresses that it gives. */
export async function checkCapabilities({ config, server, served }: DoctorSite): Promise<readonly CheckResult[]> {
  const [first, status, probe, user] = await Promise.all([
    readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => ''),
    readFile('/proc/self/status', 'utf8').catch(() => ''),
    findProbeTrouble(config.dhcp),
    findServerUser(config),
  ]);
  const addresses = served.map(({ address }) => address);
  const ports = wantedPorts(config, addresses).map(({ at }) => at.port);
  const hex = /^CapEff:\s*([\da-f]+)$/m.exec(status)?.[1];
  const judged = judgeCapabilities({
    ports: [...new Set(ports)].filter((port) => port !== 0),
    firstForAll: first === '' ? FIRST_FOR_ALL : Number(first),
    effective: hex === undefined ? undefined : BigInt(`0x${hex}`),
    runs: isOurs(server),
    ...(user?.from === 'data' && { other: user.name }),
  });
  return [judged, ...warned(CHECK, probe)];
}

/** Pure. */
export function judgeCapabilities({ ports, firstForAll, effective, runs, other }: CapabilitiesInput): CheckResult {
  const low = ports.filter((port) => port < firstForAll).sort((one, other) => one - other);
  if (low.length === 0) return { check: CHECK, state: 'ok', what: 'no port that is wanted needs privileges' };
  const which = `port${low.length === 1 ? '' : 's'} ${low.join(', ')}`;
  if (effective !== undefined && ((effective >> NET_BIND_SERVICE) & 1n) === 1n)
    return { check: CHECK, state: 'ok', what: `CAP_NET_BIND_SERVICE is there for ${which}${whose(other)}` };
  if (runs) return { check: CHECK, state: 'ok', what: `the server has ${which}, which this user could not open` };
  return {
    ...{ check: CHECK, state: 'warn', what: `this user has no CAP_NET_BIND_SERVICE, which ${which} needs` },
    remedy:
      'if this is the user that the server runs as: start it as root with "user" set, by the systemd units of deploy/, or with sockets that systemd opens; else run doctor as root',
  };
}

function whose(other: string | undefined): string {
  if (other === undefined) return '';
  return `, of who runs doctor; ${other}, whose the data folder is, needs it, too, or sockets that systemd opens`;
}
