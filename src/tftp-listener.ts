import type { ActiveTransfers } from './booter/active-transfers.js';
import type { Booter } from './booter/booter.js';
import { after, systemClock } from './clock.js';
import type { Config } from './config/schema.js';
import type { InheritedSockets } from './inherited.js';
import type { IpxeBinaries } from './ipxe/disk-binaries.js';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';
import { openedAt } from './net/cannot-listen.js';
import type { DatagramPort } from './net/datagram.js';
import { formatEndpoint } from './net/endpoint.js';
import type { Privileges } from './privileges-process.js';
import { artifactRoute } from './pxe/artifact-route.js';
import { binaryRoute } from './pxe/binary-route.js';
import type { BootFile } from './pxe/boot-file.js';
import { scriptRoute } from './pxe/script-route.js';
import { tftpFrontEnd } from './pxe/tftp-front-end.js';
import { ADMISSION_LIMITS, Admissions, LIMITS_BEHIND_NAT } from './tftp/admission.js';
import { openRequestPort, openTransferPort } from './tftp/request-socket.js';
import { TftpServer } from './tftp/server.js';
import type { TftpEnd, TftpServerParts } from './tftp/server-parts.js';

export type TftpListenerParts = {
  readonly booter: Booter;
  readonly binaries: IpxeBinaries;
  readonly transfers: ActiveTransfers;
  readonly metrics: Metrics;
  readonly inherited: InheritedSockets['tftp'];
  readonly lifecycle: Lifecycle;
  readonly raised: Privileges['raised'];
};

export type TftpListener = {
  /** Where it really listens: `0.0.0.0:69`. */
  readonly at: readonly string[];
  /** Nothing new is taken up from then on. */
  drain(): void;
};

/** TFTP at each of its ports. Throws PORT_UNAVAILABLE. */
export async function openTftp(
  { listen, maxBlockSize, maxWindowSize, singlePort }: NonNullable<Config['tftp']>,
  parts: TftpListenerParts,
): Promise<TftpListener> {
  const { booter, binaries, transfers, metrics, inherited, lifecycle, raised } = parts;
  const routes = [scriptRoute(booter), artifactRoute(booter), binaryRoute(binaries, booter.transferEvents)];
  const fault = (thrown: unknown) => booter.reportFault('serving TFTP', thrown);
  const common = {
    ...tftpFrontEnd({ routes, booter, transfers }),
    fault,
    ended: (end: TftpEnd) => countTransfer(metrics, end),
    negotiation: { maxBlockSize, maxWindowSize },
    clock: { ticks: () => systemClock.ticks(), after },
    admissions: new Admissions(singlePort ? LIMITS_BEHIND_NAT : ADMISSION_LIMITS),
  };
  const dropped = (count: number) => metrics.droppedDatagrams.inc({ protocol: 'tftp' }, count);
  const servers: TftpServer<BootFile>[] = [];
  const opened: string[] = [];
  const places = inherited.length > 0 ? inherited : [{ address: listen.host, port: listen.port }];
  for (const at of places) {
    const opening = raised(() => openRequestPort(at, { fault, dropped }));
    const port = await openedAt({ at, key: 'tftp.listen', name: 'tftp' }, opening);
    const server = new TftpServer({ ...common, port, openPort: ownPorts(port, singlePort) });
    lifecycle.started('TFTP listener', () => server.close());
    servers.push(server);
    opened.push(formatEndpoint({ host: port.local.address, port: port.local.port }));
  }
  const drain = () => {
    for (const server of servers) server.drain();
  };
  return { at: opened, drain };
}

function countTransfer(
  { tftpRequests, tftpBytes, tftpResends, tftpSeconds }: Metrics,
  { outcome, bytes, resends, milliseconds }: TftpEnd,
): void {
  tftpRequests.inc({ outcome });
  tftpBytes.inc(bytes);
  tftpResends.inc(resends);
  if (outcome === 'sent') tftpSeconds.observe(milliseconds / 1_000);
}

function ownPorts({ local }: DatagramPort, singlePort: boolean): TftpServerParts['openPort'] {
  return singlePort ? undefined : () => openTransferPort(local);
}
