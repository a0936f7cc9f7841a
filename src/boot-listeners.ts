import { ActiveTransfers } from './booter/active-transfers.js';
import type { FirmwareBaseInput } from './booter/base-url.js';
import type { BootUrls } from './booter/boot-urls.js';
import type { Booter } from './booter/booter.js';
import { systemClock } from './clock.js';
import type { Config, TlsPair } from './config/schema.js';
import { openDhcp } from './dhcp-listener.js';
import { createListener } from './http/app.js';
import { BufferPool } from './http/buffer-pool.js';
import { closeListener, listen } from './http/listen.js';
import { countRequests } from './http/request-metrics.js';
import { type BlobRouteParts, blobRoutes } from './http/routes/blobs.js';
import { bootRoutes } from './http/routes/boot.js';
import { doneRoutes } from './http/routes/done.js';
import { firmwareRoutes } from './http/routes/firmware.js';
import { healthRoutes } from './http/routes/health.js';
import { type IpxeRouteParts, ipxeRoutes } from './http/routes/ipxe.js';
import { provisionRoutes } from './http/routes/provision.js';
import { renewPair } from './http/secure.js';
import type { InheritedSockets } from './inherited.js';
import { IpxeBinaries } from './ipxe/disk-binaries.js';
import { ipxeFolders } from './ipxe-folders.js';
import type { Lifecycle } from './lifecycle.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { findMissingIpxe } from './missing-ipxe.js';
import type { Endpoint } from './net/endpoint.js';
import type { Privileges } from './privileges-process.js';
import type { Served, ServedInterface } from './pxe/served-interfaces.js';
import { openTftp } from './tftp-listener.js';

export type BootListenersParts = {
  readonly booter: Booter;
  readonly urls: BootUrls;
  /** What `http.tls` names. */
  readonly tls: TlsPair | undefined;
  readonly isReady: () => boolean;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly raised: Privileges['raised'];
  readonly inherited: InheritedSockets;
  /** Where DHCP is answered, where it is. */
  readonly interfaces: Served | undefined;
  readonly log: Logger;
};

/** What machines boot from. */
export type BootListeners = {
  /** Where it really listens; of several, the first. */
  readonly http: Endpoint;
  /** The same of HTTPS; missing where it is not configured. */
  readonly https?: Endpoint;
  /** All of them, with commas between; missing where it is turned off. */
  readonly tftp?: string;
  /** The same: `br0 (192.168.77.1:67, 4011)`. */
  readonly dhcp?: string;
  /** Where DHCP is answered. */
  readonly interfaces: readonly ServedInterface[];
  /** Where HTTP and HTTPS really listen. */
  readonly ports: FirmwareBaseInput['ports'];
  /** Takes up nothing new that could be taken up elsewhere, or later. */
  drain(): void;
  /** New connections of HTTPS are shown this pair. Throws what the library says of one that does not do. */
  renewTls(pair: TlsPair): void;
};

/** Of transfers under way when it ends. */
const PATIENCE = { grace: 30_000, standstill: 10_000 };

/**
 * Opens HTTP, HTTPS, TFTP, and then DHCP, which invites to the others, each at the inherited sockets where there are some. Throws
 * PORT_UNAVAILABLE, DHCP_CONFLICT.
 */
export async function openBootListeners(config: Config, parts: BootListenersParts): Promise<BootListeners> {
  const { booter, tls, metrics, lifecycle, raised, inherited, interfaces, log } = parts;
  warnOfUnused(config, inherited, log);
  const transfers = new ActiveTransfers();
  const binaries = new IpxeBinaries(ipxeFolders(config));
  const common = { booter, binaries, transfers, lifecycle };
  const { trustedProxies: proxies, accelRedirect } = config.http;
  const sending = { booter, binaries, transfers, pool: new BufferPool(), proxies };
  const web = { ...parts, sending: accelRedirect === undefined ? sending : { ...sending, accelRedirect } };
  const [listen, secureListen] = [config.http.listen, config.http.tls?.listen];
  // Once no connection is left on which another part of a disc could be asked for.
  lifecycle.started('reads', () => booter.artifacts.endReads());
  const plain = await openHttp({ key: 'http.listen', listen, inherited: inherited.http }, web);
  const secure =
    secureListen &&
    tls &&
    (await openHttp({ key: 'http.tls.listen', listen: secureListen, inherited: inherited.https, tls }, web));
  const tftp = config.tftp && (await openTftp(config.tftp, { ...common, metrics, raised, inherited: inherited.tftp }));
  lifecycle.started('transfers', () => transfers.settled(PATIENCE, systemClock));
  await warnOfMissing(binaries, config, log);
  const ports = { http: plain.at.port, ...(secure !== undefined && { https: secure.at.port }) };
  const dhcp = await openDhcp(config, {
    ...{ ...common, metrics, raised, urls: parts.urls, interfaces, ports },
    warn: (text) => log.warn({ event: 'config.warning' }, text),
  });
  return {
    http: plain.at,
    ...(secure !== undefined && { https: secure.at }),
    ...(tftp !== undefined && { tftp: tftp.at.join(', ') }),
    ...(dhcp.length > 0 && { dhcp: dhcp.join(', ') }),
    interfaces: interfaces?.interfaces ?? [],
    ports,
    drain: () => tftp?.drain(),
    renewTls: (pair) => secure?.renew(pair),
  };
}

function warnOfUnused(config: Config, inherited: InheritedSockets, log: Logger): void {
  const warn = (what: string, key: string) =>
    log.warn({ event: 'config.warning' }, `a socket for ${what} is inherited, and ${key}: nobody answers there`);
  if (config.tftp === undefined && inherited.tftp.length > 0) warn('TFTP', 'tftp.enabled is false');
  if (config.http.tls === undefined && inherited.https.length > 0) warn('HTTPS', 'http.tls is not set');
  if (config.dhcp === undefined && inherited.dhcp.size > 0) warn('DHCP', 'dhcp.mode is off');
}

async function warnOfMissing(binaries: IpxeBinaries, config: Config, log: Logger): Promise<void> {
  const missing = await findMissingIpxe(binaries, config);
  if (missing === undefined) return;
  const { text, ...which } = missing;
  log.warn({ event: 'ipxe.missing', ...which }, text);
}

type HttpParts = Pick<BootListenersParts, 'isReady' | 'metrics' | 'lifecycle' | 'raised' | 'log'> & {
  readonly sending: BlobRouteParts & IpxeRouteParts;
};

type HttpListener = {
  readonly key: 'http.listen' | 'http.tls.listen';
  readonly listen: Endpoint;
  readonly inherited: readonly number[];
  /** It speaks TLS. */
  readonly tls?: TlsPair;
};

/** At one place, or several inherited ones. */
type OpenHttp = {
  /** The first of them. */
  readonly at: Endpoint;
  readonly renew: (pair: TlsPair) => void;
};

async function openHttp(
  { key, listen: configured, inherited, tls }: HttpListener,
  parts: HttpParts,
): Promise<OpenHttp> {
  const { sending, isReady, metrics, lifecycle, raised, log } = parts;
  const places = inherited.length > 0 ? inherited.map((fd) => ({ fd })) : [configured];
  const at: Endpoint[] = [];
  const servers: Parameters<typeof renewPair>[0][] = [];
  for (const place of places) {
    const app = createListener(log, { tls, proxies: sending.proxies });
    countRequests(app.server, metrics, 'boot');
    healthRoutes(app, isReady);
    bootRoutes(app, sending.booter);
    doneRoutes(app, sending.booter.doneReports);
    provisionRoutes(app, sending.booter.provisioning);
    blobRoutes(app, sending);
    ipxeRoutes(app, sending);
    firmwareRoutes(app, sending);
    lifecycle.started('boot listener', () => closeListener(app));
    at.push(await raised(() => listen(app, place, key)));
    servers.push(app.server);
  }
  const [first = configured] = at;
  const renew = (pair: TlsPair) => {
    for (const server of servers) renewPair(server, pair);
  };
  return { at: first, renew };
}
