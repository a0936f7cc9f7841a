import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { advertisedUrl } from '../advertise.js';
import { findBootWarnings } from '../boot-warnings.js';
import type { Config } from '../config/schema.js';
import { systemErrorCode } from '../errors.js';
import { fewOf } from '../format.js';
import { hostIn } from '../net/endpoint.js';
import { formatSubnet, type IpAddress, isIp4, isLoopback, parseIp, type Subnet, subnetHolds } from '../net/ip.js';
import { parseRoutes } from '../net/ip4-routes.js';
import { type CheckResult, failed, warned } from './doctor-result.js';
import { type DoctorSite, isOurs, readinessAt } from './doctor-site.js';
import { explainedUrls, portsOf } from './explained.js';

const CHECK = 'advertise';
const MOST_NAMED = 5;

/** Whether machines reach this host by what they are told. */
export async function checkAdvertise(site: DoctorSite): Promise<readonly CheckResult[]> {
  const { config, tls, served } = site;
  const odd: string[] = [];
  try {
    const url = advertisedUrl(config, config.http.listen.port, { warn: (text) => odd.push(text) });
    const urls = explainedUrls(config, served);
    const ofBoot = findBootWarnings({ config, tls, interfaces: served, ports: portsOf(config), urls });
    const told = await Promise.all([checkUrl(url, site), checkRoutes(config)]);
    return [...warned(CHECK, [...odd, ...ofBoot]), ...told.flat()];
  } catch (thrown) {
    return [failed(CHECK, thrown)];
  }
}

async function checkUrl(url: string, { server, config }: DoctorSite): Promise<readonly CheckResult[]> {
  const host = hostIn(url);
  const what = `machines are told ${url}`;
  const address = parseIp(host);
  if (address !== undefined && isLoopback(address)) {
    const remedy = 'set advertise to an address of a network, unless this is a trial on this host';
    return [{ check: CHECK, state: 'warn', what: `${what}, which no machine but this host reaches`, remedy }];
  }
  const unknown = address === undefined ? await whyUnknown(host) : undefined;
  if (unknown !== undefined)
    return [{ check: CHECK, state: 'fail', what: `${what}, and ${unknown.why}`, remedy: unknown.remedy }];
  // Of a port that the system chooses nothing is known, and whose certificate HTTPS has is judged with that.
  if (!isOurs(server) || config.http.listen.port === 0 || url.startsWith('https:'))
    return [{ check: CHECK, state: 'ok', what }];
  const answered = await readinessAt(url);
  if (answered === 'ready' || answered === 'unready')
    return [{ check: CHECK, state: 'ok', what: `${what}, where the server answers` }];
  const who = answered === 'none' ? 'nobody' : 'something else than the server';
  const remedy = 'set advertise to where machines reach http.listen, and let packet filters pass that port';
  return [{ check: CHECK, state: 'fail', what: `${what}, where ${who} answers, though it runs`, remedy }];
}

/** Of a name; undefined where it is known. */
async function whyUnknown(host: string): Promise<{ readonly why: string; readonly remedy: string } | undefined> {
  try {
    await lookup(host);
    return undefined;
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'EAI_AGAIN') {
      const remedy = 'see that the name servers of /etc/resolv.conf answer, or set advertise to an address';
      return { why: `no name server of this host says who ${host} is`, remedy };
    }
    return { why: `nobody knows the name ${host}`, remedy: 'mend the name in DNS, or set advertise to an address' };
  }
}

async function checkRoutes(config: Config): Promise<readonly CheckResult[]> {
  const text = await readFile('/proc/net/route', 'utf8').catch(() => undefined);
  return text === undefined ? [] : judgeRoutes(config, parseRoutes(text));
}

/** Machines whose networks are known, to which no answer finds its way. Pure. */
export function judgeRoutes(
  { machines, dhcp }: Pick<Config, 'machines' | 'dhcp'>,
  routes: readonly Subnet[],
): readonly CheckResult[] {
  const reached = (ip: IpAddress) => !isIp4(ip) || routes.some((route) => subnetHolds(route, ip));
  const subnets = dhcp?.mode === 'server' ? dhcp.subnets.map(({ subnet }) => subnet) : [];
  const lost = [
    ...subnets.filter(({ address }) => !reached(address)).map(formatSubnet),
    ...machines.flatMap(({ name, ip }) => (ip === undefined || reached(ip) ? [] : [`${name} (${ip})`])),
  ];
  if (lost.length === 0) return [];
  const what = `this host has no route to ${fewOf(lost, MOST_NAMED)}: nothing that is sent there arrives`;
  return [
    { check: CHECK, state: 'warn', what, remedy: 'add a route to the network (ip route add), or mend the address' },
  ];
}
