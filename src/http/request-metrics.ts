import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Metrics } from '../metrics.js';

/** What is asked for, as far as it is worth telling apart: a path is what anybody writes, and these are few. */
export type RouteClass =
  | 'script'
  | 'blob'
  | 'loader'
  | 'firmware'
  | 'provision'
  | 'done'
  | 'health'
  | 'metrics'
  | 'events'
  | 'api'
  | 'other';

/** By how their paths begin, the first that fits. */
const CLASSES: readonly (readonly [string, RouteClass])[] = [
  ['/blobs/', 'blob'],
  ['/boot/script', 'script'],
  ['/boot.ipxe', 'script'],
  ['/autoexec.ipxe', 'script'],
  ['/ipxe/autoexec.ipxe', 'script'],
  ['/ipxe/', 'loader'],
  ['/uefi/', 'firmware'],
  ['/provision/', 'provision'],
  ['/boot/done/', 'done'],
  ['/healthz', 'health'],
  ['/readyz', 'health'],
  ['/metrics', 'metrics'],
  ['/api/v1/events', 'events'],
  ['/api/', 'api'],
];

const STATUSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Slashes may be doubled. */
export function routeClassOf(url: string): RouteClass {
  const path = url.startsWith('//') ? url.replace(/^\/+/, '/') : url;
  return CLASSES.find(([start]) => path.startsWith(start))?.[1] ?? 'other';
}

/**
 * Counts what is answered at a listener. Not by a hook of fastify: an answer that is cut ends none, and what is sent past fastify has
 * an end here all the same.
 */
export function countRequests(
  server: Pick<Server, 'prependListener'>,
  { httpRequests, httpSeconds }: Pick<Metrics, 'httpRequests' | 'httpSeconds'>,
  listener: 'boot' | 'api',
): void {
  // A series that begins with its first error hides that from Prometheus' increase().
  for (const route of new Set(CLASSES.map(([, kind]) => kind))) httpRequests.inc({ listener, route, status: '5xx' }, 0);
  httpRequests.inc({ listener, route: 'other', status: '5xx' }, 0);
  server.prependListener('request', ({ url = '' }: IncomingMessage, response: ServerResponse) => {
    const began = performance.now();
    response.once('close', () => {
      const route = routeClassOf(url);
      const status = response.writableFinished ? STATUSES[Math.trunc(response.statusCode / 100)] : 'aborted';
      httpRequests.inc({ listener, route, status: status ?? 'other' });
      httpSeconds.observe({ listener, route }, (performance.now() - began) / 1_000);
    });
  });
}
