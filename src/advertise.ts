import { networkInterfaces } from 'node:os';
import { decideBaseUrl } from './booter/base-url.js';
import type { Config } from './config/schema.js';
import { BootlayerError } from './errors.js';
import { isLinkLocal, parseIp } from './net/ip.js';

/** Throws CONFIG_INVALID when nothing says how machines reach this host. */
export function advertisedUrl(config: Config, port: number, warn?: (warning: string) => void): string {
  const decided = decideBaseUrl({
    advertise: config.advertise,
    listen: { host: config.http.listen.host, port },
    hostAddresses: hostAddresses(),
  });
  if (decided.kind === 'url') {
    if (decided.warning !== undefined) warn?.(decided.warning);
    return decided.url;
  }
  const found = decided.candidates.length === 0 ? 'none' : decided.candidates.join(', ');
  throw new BootlayerError(
    'CONFIG_INVALID',
    `cannot tell by which address machines reach this host (found: ${found})`,
    {
      remedy: 'set "advertise" in the configuration to one of its addresses or a URL',
    },
  );
}

function hostAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .filter(({ internal }) => !internal)
    .map(({ address }) => parseIp(address))
    .filter((ip) => ip !== undefined && !isLinkLocal(ip)) as readonly string[];
}
