import { toldBy } from './boot-records.js';
import type { EventHub } from './booter/event-hub.js';
import type { ImageDesk } from './booter/image-desk.js';
import type { Journal } from './booter/journal.js';
import { version } from './cli/version.js';
import { systemClock } from './clock.js';
import type { ApiToken, Config } from './config/schema.js';
import type { Content } from './content.js';
import { Api } from './http/api.js';
import { apiGuard } from './http/api-guard.js';
import { createListener } from './http/app.js';
import { closeListener, listen } from './http/listen.js';
import { bootRecordRoutes } from './http/routes/boots.js';
import { type CacheRouteParts, cacheRoutes } from './http/routes/cache.js';
import { eventRoutes } from './http/routes/events.js';
import { healthRoutes } from './http/routes/health.js';
import { imageRoutes } from './http/routes/images.js';
import { metricsRoutes } from './http/routes/metrics.js';
import { openApiRoutes } from './http/routes/openapi.js';
import type { Lifecycle } from './lifecycle.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import type { Endpoint } from './net/endpoint.js';

export type ApiListenerParts = Pick<Content, 'database'> & {
  readonly journal: Journal;
  readonly hub: EventHub;
  /** What `api.tokenFile` names. */
  readonly tokens: readonly ApiToken[] | undefined;
  readonly cache: CacheRouteParts;
  readonly desk: ImageDesk;
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
};

export type ApiListener = {
  /** Where it really listens. */
  readonly at: Endpoint;
  /** These count from now on, where there were some from the start. */
  readonly renewTokens: (tokens: readonly ApiToken[]) => void;
};

/** People, dashboards and scripts; an answer that nobody reads takes memory. */
const MOST_CONNECTIONS = 512;
/** Longer than removing thousands of files takes. Events beat more often than that. */
const SILENCE_MILLISECONDS = 300_000;

/** Opens the listener of the API and of what watches the server. Throws PORT_UNAVAILABLE. */
export async function openApi(config: Config, parts: ApiListenerParts): Promise<ApiListener> {
  const { journal, hub, database, cache, desk, metrics, isReady, lifecycle, log } = parts;
  let { tokens } = parts;
  const app = createListener(log);
  app.server.maxConnections = MOST_CONNECTIONS;
  app.server.setTimeout(SILENCE_MILLISECONDS);
  const guard = apiGuard({ tokens: () => tokens, ticks: () => systemClock.ticks() });
  healthRoutes(app, isReady);
  metricsRoutes(app, metrics, async (request) => {
    if (tokens !== undefined) await guard(request, 'read');
  });
  const api = new Api(app, guard);
  bootRecordRoutes(api, { boots: database.boots, settled: () => journal.settled() });
  const streams = eventRoutes(api, { listen: (listener) => hub.add(toldBy(listener, journal)) });
  imageRoutes(api, desk);
  cacheRoutes(api, cache);
  openApiRoutes(api, version());
  lifecycle.started('API listener', () => {
    desk.close();
    return closeListener(app);
  });
  const at = await listen(app, config.api.listen, 'api.listen');
  const renewTokens = (renewed: readonly ApiToken[]) => {
    // Without them, whoever wanted none would be shut out by a change that counts from the next start on.
    if (tokens === undefined) return;
    tokens = renewed;
    streams.end();
  };
  return { at, renewTokens };
}
