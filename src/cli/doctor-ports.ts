import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../config/schema.js';
import { PORT } from '../dhcp/ports.js';
import { systemErrorCode } from '../errors.js';
import { cannotOpen } from '../net/cannot-listen.js';
import { ALL_IP4, type Endpoint, formatEndpoint } from '../net/endpoint.js';
import { openUdpPort } from '../net/udp-socket.js';
import { lookAtSystemd, type SystemdHolds } from './disk-port-holder.js';
import { type Awaited, type CheckResult, failed } from './doctor-result.js';
import { askReadiness, type DoctorSite, isOurs } from './doctor-site.js';
import { ownName } from './doctor-user.js';
import type { SocketUnit } from './socket-units.js';
import { listSocketUnits } from './socket-units-process.js';

const CHECK = 'ports';

/** One that the configuration wants. */
export type WantedPort = {
  /** Of the configuration. */
  readonly key: string;
  readonly transport: 'tcp' | 'udp';
  readonly at: Endpoint;
};

/** What the system says of it, and who answers by HTTP where that can be asked. */
export type TriedPort = {
  /** Of the error, with which it cannot be had. */
  readonly cause?: unknown;
  readonly isHttpOfOurs?: boolean;
  /** Where somebody has it. */
  readonly holder?: PortHolder;
};

/** Systemd opens ports for services that do not run. `units`: of that port; undefined where systemd does not tell of any. */
export type PortHolder = { readonly systemd: SystemdHolds; readonly units: readonly SocketUnit[] | undefined };

/** Each is opened and closed again; nothing is answered there. */
export async function checkPorts(
  { config, server, served }: DoctorSite,
  awaited: Awaited,
): Promise<readonly CheckResult[]> {
  const addresses = served.map(({ address }) => address);
  const tried = await Promise.all(
    wantedPorts(config, addresses).map(async (wanted) => {
      const who = `whoever has ${formatEndpoint(wanted.at)} (${wanted.key})`;
      return judgePort(wanted, await awaited.by(who, tryPort(wanted)), isOurs(server));
    }),
  );
  return joined(tried);
}

/** Pure. `addresses`: ours where DHCP is answered. */
export function wantedPorts({ http, api, tftp, dhcp }: Config, addresses: readonly string[]): readonly WantedPort[] {
  const tcp = (key: string, at: Endpoint): WantedPort => ({ key, transport: 'tcp', at });
  const udp = (key: string, at: Endpoint): WantedPort => ({ key, transport: 'udp', at });
  const bootServers = dhcp === undefined || dhcp.listen.port === 0 ? [] : addressesOfPxe(dhcp.listen.host, addresses);
  return [
    tcp('http.listen', http.listen),
    ...(http.tls === undefined ? [] : [tcp('http.tls.listen', http.tls.listen)]),
    tcp('api.listen', api.listen),
    ...(tftp === undefined ? [] : [udp('tftp.listen', tftp.listen)]),
    ...(dhcp === undefined ? [] : [udp('dhcp.listen', dhcp.listen)]),
    ...bootServers.map((host) => udp('dhcp.listen', { host: host as Endpoint['host'], port: PORT.bootServer })),
  ];
}

/** Where DHCP has all addresses, the boot server's port is at each that is served. */
function addressesOfPxe(host: string, addresses: readonly string[]): readonly string[] {
  return host === ALL_IP4 ? addresses : [host];
}

async function tryPort({ key, transport, at }: WantedPort): Promise<TriedPort> {
  if (at.port === 0) return {};
  try {
    await (transport === 'tcp' ? tryTcp(at) : tryUdp(at));
    return {};
  } catch (cause) {
    const isHttp = key === 'http.listen' || key === 'api.listen';
    const [readiness, holder] = await Promise.all([
      isHttp ? askReadiness(at) : undefined,
      systemErrorCode(cause) === 'EADDRINUSE' ? findHolder(transport, at) : undefined,
    ]);
    return {
      cause,
      ...(readiness !== undefined && { isHttpOfOurs: isOurs(readiness) }),
      ...(holder !== undefined && { holder }),
    };
  }
}

async function findHolder(transport: 'tcp' | 'udp', at: Endpoint): Promise<PortHolder> {
  const systemd = await lookAtSystemd(transport, at);
  const units = systemd === 'holds-not' ? [] : await listSocketUnits();
  return { systemd, units: units?.filter((one) => one.transport === transport && one.port === at.port) };
}

async function tryTcp({ host, port }: Endpoint): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host, port, exclusive: true });
  await once(server, 'listening');
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

async function tryUdp({ host, port }: Endpoint): Promise<void> {
  const opened = await openUdpPort({ address: host, port });
  await opened.close();
}

/** Pure. `runs`: whether a server of ours does, by this configuration. */
export function judgePort(wanted: WantedPort, { cause, isHttpOfOurs, holder }: TriedPort, runs: boolean): CheckResult {
  const { key, at } = wanted;
  const where = `${formatEndpoint(at)} (${key})`;
  if (at.port === 0) return { check: CHECK, state: 'ok', what: `${where} is chosen by the system` };
  if (cause === undefined && !runs) return { check: CHECK, state: 'ok', what: `${where} is free` };
  if (cause === undefined) {
    return {
      ...{ check: CHECK, state: 'warn', what: `the server runs, and nobody listens at ${where}` },
      remedy: 'restart it, if the configuration changed since it started; sockets that it inherits are elsewhere',
    };
  }
  const code = systemErrorCode(cause);
  const isHeld = code === 'EADDRINUSE' || code === 'EACCES';
  if (isHeld && runs && isHttpOfOurs !== false) return { check: CHECK, state: 'ok', what: `${where} is the server's` };
  const refused = (state: 'warn' | 'fail') =>
    failed(CHECK, cannotOpen({ at: { address: at.host, port: at.port }, key, name: '' }, cause), state);
  // It may be another user who starts it.
  if (code === 'EACCES') return refused('warn');
  return judgeHolder(where, holder) ?? refused('fail');
}

/** Undefined where it is any program. Where nobody may see what systemd has open, its word is taken. */
function judgeHolder(where: string, holder: PortHolder | undefined): CheckResult | undefined {
  if (holder === undefined || holder.systemd === 'holds-not') return undefined;
  const { systemd, units } = holder;
  const [unit] = units ?? [];
  if (unit !== undefined) {
    const { service = 'no service' } = unit;
    const what = `${where} is held by systemd for ${service} (${unit.unit})`;
    if (/bootlayer/.test(`${unit.unit} ${service}`)) return { check: CHECK, state: 'ok', what };
    return { check: CHECK, state: 'fail', what, remedy: `systemctl disable --now ${unit.unit}, unless that is ours` };
  }
  if (systemd === 'holds') {
    const what = `${where} is held by systemd, for the service of one of its socket units`;
    const remedy = 'see that it is the one of this server: "systemctl list-sockets" names it';
    return { check: CHECK, state: 'warn', what, remedy };
  }
  if (units !== undefined) return undefined;
  const what = `${where} is held by another program, or by systemd for the service: this user may not see which`;
  return { check: CHECK, state: 'fail', what, remedy: 'run doctor as root, or see "systemctl list-sockets"' };
}

/** What is well needs one line. */
function joined(results: readonly CheckResult[]): readonly CheckResult[] {
  const well = results.filter(({ state }) => state === 'ok');
  const others = results.filter(({ state }) => state !== 'ok');
  if (well.length === 0) return others;
  return [
    ...others,
    { check: CHECK, state: 'ok', what: `${well.map(({ what }) => what).join(', ')}: tried as ${ownName()}` },
  ];
}
