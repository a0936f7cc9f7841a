import type { FirmwareBaseInput } from './booter/base-url.js';
import type { BootUrls } from './booter/boot-urls.js';
import type { Booter } from './booter/booter.js';
import { after, systemClock } from './clock.js';
import type { Config } from './config/schema.js';
import { openDhcpPort, openInheritedDhcpPort } from './dhcp/dhcp-socket.js';
import { PORT } from './dhcp/ports.js';
import { lookForOthers } from './dhcp-look.js';
import { BinariesWatch } from './ipxe/binaries-watch.js';
import type { IpxeBinaries } from './ipxe/disk-binaries.js';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';
import { openedAt } from './net/cannot-listen.js';
import type { DatagramPort, Peer } from './net/datagram.js';
import { QueuedPort } from './net/datagram-queue.js';
import { ALL_IP4 } from './net/endpoint.js';
import { type InheritedSocket, openUdpPort } from './net/udp-socket.js';
import type { Privileges } from './privileges-process.js';
import { dhcpFrontEnd } from './pxe/dhcp-front-end.js';
import { keptOfferings } from './pxe/offerings.js';
import type { Served, ServedInterface } from './pxe/served-interfaces.js';

export type DhcpListenerParts = {
  readonly booter: Booter;
  readonly urls: BootUrls;
  readonly binaries: IpxeBinaries;
  /** Where it is answered, where it is. */
  readonly interfaces: Served | undefined;
  /** Where HTTP and HTTPS listen. */
  readonly ports: FirmwareBaseInput['ports'];
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly raised: Privileges['raised'];
  readonly warn: (text: string) => void;
};

/** Where firmware asks for files, whatever else is said (RFC 1350, 4). */
const TFTP_PORT = 69;

/** DHCP at each served interface, as a proxy or as the server of addresses; answers where it listens. Throws PORT_UNAVAILABLE, DHCP_CONFLICT. */
export async function openDhcp(config: Config, parts: DhcpListenerParts): Promise<readonly string[]> {
  const { dhcp } = config;
  const { interfaces, booter, urls, binaries, ports, lifecycle, warn } = parts;
  if (dhcp === undefined || interfaces === undefined) return [];
  for (const warning of interfaces.warnings) warn(warning);
  if (config.tftp !== undefined && config.tftp.listen.port !== TFTP_PORT)
    warn(`firmware that is told to load by TFTP asks at port ${TFTP_PORT}, and tftp.listen is at another`);
  if (dhcp.mode === 'server') await lookForOthers(dhcp, interfaces.interfaces, parts);
  const loaders = await BinariesWatch.start(binaries, after);
  lifecycle.started('watch of the iPXE binaries', () => loaders.close());
  const common = { urls, ports, hasTftp: config.tftp !== undefined, scheme: dhcp.httpBoot };
  const offerings = keptOfferings(common, () => loaders.there);
  const answer = dhcpFrontEnd({
    ...{ booter, leases: booter.leases, offerings, ticks: () => systemClock.ticks() },
    answered: (milliseconds) => parts.metrics.dhcpSeconds.observe(milliseconds / 1_000),
    served: interfaces.interfaces.map(({ address }) => address),
  });
  const at: string[] = [];
  for (const served of interfaces.interfaces) {
    const opened = await openPorts(served, dhcp.listen, parts);
    opened.dhcp.receive(answer(opened.dhcp, { step: 'offer', ...served }));
    opened.pxe.receive(answer(opened.pxe, { step: 'ack', ...served }));
    const whom = dhcp.listen.host === ALL_IP4 || served.inherited !== undefined ? '' : ', relays alone';
    at.push(`${served.name} (${served.address}:${opened.dhcp.local.port}, ${opened.pxe.local.port}${whom})`);
  }
  return at;
}

type Ports = { readonly dhcp: DatagramPort; readonly pxe: DatagramPort };

async function openPorts(
  served: ServedInterface,
  { host, port }: NonNullable<Config['dhcp']>['listen'],
  { booter, metrics, lifecycle, raised }: DhcpListenerParts,
): Promise<Ports> {
  const fault = (thrown: unknown) => booter.reportFault('answering DHCP', thrown);
  const dropped = (count: number) => metrics.droppedDatagrams.inc({ protocol: 'dhcp' }, count);
  const { name, address, inherited } = served;
  const open = async (kind: keyof Ports, at: Peer | InheritedSocket, opening: () => Promise<DatagramPort>) => {
    const opened = await openedAt({ at, key: 'dhcp.listen', name: `${kind}-${name}` }, raised(opening));
    lifecycle.started('DHCP listener', () => opened.close());
    return new QueuedPort(opened, { fault, dropped });
  };
  if (inherited !== undefined) {
    const take = (kind: keyof Ports) => open(kind, inherited[kind], () => openInheritedDhcpPort(inherited[kind]));
    return { dhcp: await take('dhcp'), pxe: await take('pxe') };
  }
  const at = { address: host, port };
  // Chosen by the system, as the other is: for tests.
  const pxeAt = { address: host === ALL_IP4 ? address : host, port: port === 0 ? 0 : PORT.bootServer };
  return {
    dhcp: await open('dhcp', at, () => openDhcpPort(at, address)),
    pxe: await open('pxe', pxeAt, () => openUdpPort(pxeAt, { broadcasts: true })),
  };
}
