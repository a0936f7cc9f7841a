import type { FastifyRequest } from 'fastify';
import { BootlayerError } from '../errors.js';
import { withoutBrackets } from '../net/endpoint.js';
import { isLoopback, parseIp } from '../net/ip.js';

/** A page in a browser on this host can ask us by a name of its own that leads here; it cannot hide that name. */
export async function refuseForeignPages(request: FastifyRequest): Promise<void> {
  const address = parseIp(withoutBrackets(request.hostname));
  if (request.hostname === 'localhost' || (address !== undefined && isLoopback(address))) return;
  throw new BootlayerError('REQUEST_INVALID', `"${request.hostname.slice(0, 80)}" is no name of this listener`, {
    remedy: 'ask it by its address',
  });
}
