import type { Booter } from './booter/booter.js';
import { waitFor } from './clock.js';
import type { DhcpConfig } from './config/schema.js';
import { DiscoveryPort } from './dhcp/discovery-socket.js';
import type { OtherServer } from './dhcp/other-servers.js';
import { PORT } from './dhcp/ports.js';
import { BootlayerError } from './errors.js';
import type { Lifecycle } from './lifecycle.js';
import { ALL_IP4 } from './net/endpoint.js';
import type { Privileges } from './privileges-process.js';
import type { ServedInterface } from './pxe/served-interfaces.js';

export type LookParts = {
  readonly booter: Pick<Booter, 'dhcp'>;
  readonly lifecycle: Lifecycle;
  readonly raised: Privileges['raised'];
  readonly warn: (text: string) => void;
};

type ServerConfig = Extract<DhcpConfig, { readonly mode: 'server' }>;
type Found = { readonly at: ServedInterface; readonly others: readonly OtherServer[] };

/**
 * Whether we are the only ones to give addresses, before we give any. Nobody is looked for where we do not answer what machines
 * broadcast to servers. Others that are allowed are told of when they answer, and nothing waits for that. Throws DHCP_CONFLICT.
 */
export async function lookForOthers(
  config: ServerConfig,
  interfaces: readonly ServedInterface[],
  parts: LookParts,
): Promise<void> {
  if (config.listen.port !== PORT.server || config.listen.host !== ALL_IP4) return;
  const ended = new AbortController();
  const ours = interfaces.map(({ address }) => address);
  const looks = await Promise.all(interfaces.map((at) => openLook({ at, ours, signal: ended.signal }, parts)));
  parts.lifecycle.started('look for other DHCP servers', () => ended.abort());
  if (!config.allowOtherServers) {
    for (const found of await Promise.all(looks.map((look) => look()))) refuse(found);
    return;
  }
  for (const look of looks) {
    look().then(
      ({ at, others }) => {
        for (const { server } of others) parts.booter.dhcp.heardOther(server, at.name, 'it offers addresses');
      },
      // The server has ended.
      () => undefined,
    );
  }
}

/** `ours`: our addresses at all interfaces: two of them may be on one network. */
type Look = { readonly at: ServedInterface; readonly ours: readonly string[]; readonly signal: AbortSignal };

/** Opened at once, with the privileges for it. */
async function openLook({ at, ours, signal }: Look, parts: LookParts): Promise<() => Promise<Found>> {
  try {
    const port = await parts.raised(() => DiscoveryPort.open(at.address));
    return async () => {
      try {
        return { at, others: await port.look((milliseconds) => waitFor(milliseconds, signal), ours) };
      } finally {
        await port.close();
      }
    };
  } catch (thrown) {
    const { message } = BootlayerError.from(thrown);
    parts.warn(
      `whether another server gives addresses on ${at.name} cannot be seen, since port ${PORT.client} cannot be had: ${message}; give this server CAP_NET_BIND_SERVICE, or see that no other program holds it`,
    );
    return async () => ({ at, others: [] });
  }
}

function refuse({ at, others: [other] }: Found): void {
  if (other === undefined) return;
  const { server, from } = other;
  const by = server === from ? server : `${server} (by ${from})`;
  throw new BootlayerError('DHCP_CONFLICT', `another DHCP server gives addresses on ${at.name}: ${by}`, {
    remedy:
      'end it, set dhcp.mode to proxy (and leave out dhcp.subnets, authoritative and probe) to boot machines beside it, or set dhcp.allowOtherServers to true',
  });
}
