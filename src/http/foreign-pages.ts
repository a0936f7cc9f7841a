import type { FastifyRequest } from 'fastify';
import { BootlayerError } from '../errors.js';
import { withoutBrackets } from '../net/endpoint.js';
import { isLoopback, parseIp } from '../net/ip.js';

/**
 * A page in a browser on this host can ask us by a name of its own that leads here; it cannot hide that name. And it can have
 * something done by our own name, whose answer it may not see: what browsers say of that (Fetch standard, `Origin`; Fetch Metadata,
 * `Sec-Fetch-Site`) no page can hide either. Throws REQUEST_INVALID, FORBIDDEN.
 */
export async function refuseForeignPages(request: FastifyRequest): Promise<void> {
  const address = parseIp(withoutBrackets(request.hostname));
  const isOurName = request.hostname === 'localhost' || (address !== undefined && isLoopback(address));
  if (!isOurName) {
    throw new BootlayerError('REQUEST_INVALID', `"${request.hostname.slice(0, 80)}" is no name of this listener`, {
      remedy: 'ask it by its address',
    });
  }
  if (isOfForeignPage(request)) {
    throw new BootlayerError('FORBIDDEN', 'a page of another site asks this', {
      remedy: 'ask from a page of this listener, or from a program',
    });
  }
}

/** What only reads tells other pages nothing, since none of our answers lets them see it. */
function isOfForeignPage({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin, host } = headers;
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}
