import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ApiAnswers, type ApiRoute, type DeclaredRoute, STREAMED, type Taken } from './api-route.js';
import { readAsked } from './asked.js';
import { refuseForeignPages } from './foreign-pages.js';

/** A whole rack of machines in one request is less. */
const MOST_BODY_BYTES = 1024 * 1024;

/** Nothing runs on a page, and nothing is loaded. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Who asks may do what: reading is all that a request without consequences needs. */
export type Access = 'read' | 'admin';

/** Throws when this request is not to be answered. Runs before its body is read. */
export type ApiGuard = (request: FastifyRequest, access: Access) => Promise<void>;

/** The API of a listener: routes that declare what they take and answer. */
export class Api {
  readonly #app: FastifyInstance;
  readonly #guard: ApiGuard;
  readonly #routes: DeclaredRoute[] = [];

  constructor(app: FastifyInstance, guard: ApiGuard = refuseForeignPages) {
    this.#app = app;
    this.#guard = guard;
    // No route takes text/plain: it is answered as a wrong type, and not as a wrong body.
    app.removeContentTypeParser('text/plain');
    // RFC 7396; fastify reads JSON by its own type alone.
    app.addContentTypeParser(
      'application/merge-patch+json',
      { parseAs: 'string' },
      app.getDefaultJsonParser('error', 'error'),
    );
  }

  /** In the order in which they were declared. */
  get routes(): readonly DeclaredRoute[] {
    return this.#routes;
  }

  /** What is to be done before the listener ends. */
  beforeClose(run: () => void): void {
    this.#app.addHook('preClose', async () => run());
  }

  /** A page for browsers, which have no token to show when they open it: it may hold nothing of this server. */
  page(path: string, html: () => string): void {
    this.#app.get(path, (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .headers({
          'content-security-policy': POLICY,
          'x-content-type-options': 'nosniff',
          'cache-control': 'no-cache',
        })
        .send(html()),
    );
  }

  route<T extends Taken, const A extends ApiAnswers>(route: ApiRoute<T, A>): void {
    const { method, path, takes = {} as T, handle } = route;
    this.#routes.push(route);
    this.#app.route({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
      bodyLimit: MOST_BODY_BYTES,
      onRequest: (request) => this.#guard(request, accessOf(route, request)),
      handler: async (request, reply) => {
        const asked = readAsked(takes, request);
        const answer = await handle({ ...asked, request, reply } as Parameters<typeof handle>[0]);
        if (answer === STREAMED) return reply;
        const { status, headers = {}, body } = answer as Told;
        return reply
          .code(status)
          .headers({ 'cache-control': 'no-store', ...headers })
          .send(body);
      },
    });
  }
}

type Told = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** A dry run changes nothing; only where the route knows of one. */
function accessOf(
  { method, takes, access }: Pick<DeclaredRoute, 'method' | 'takes' | 'access'>,
  { query }: FastifyRequest,
): Access {
  const isDry =
    takes?.query?.shape['dryRun'] !== undefined && (query as { readonly dryRun?: unknown }).dryRun === 'true';
  return access ?? (method === 'GET' || isDry ? 'read' : 'admin');
}
