import type { FastifyInstance, FastifyReply } from 'fastify';
import { AUTOEXEC_PATHS, GREETING_PATH, SCRIPT_PATH } from '../../booter/boot-path.js';
import type { Booter } from '../../booter/booter.js';
import type { ScriptQuery } from '../../booter/report.js';
import { addressOf } from '../address-of.js';

/** `/boot.ipxe` and `/boot/script`: what iPXE asks for before it fetches anything. */
export function bootRoutes(app: FastifyInstance, booter: Booter): void {
  greetingRoute(app, booter, { path: GREETING_PATH, script: (address) => booter.greeting(address) });
  for (const path of AUTOEXEC_PATHS)
    greetingRoute(app, booter, { path, script: (address) => booter.autoexec(address) });
  app.get<{ Querystring: ScriptQuery }>(SCRIPT_PATH, async (request, reply) =>
    sendScript(reply, await booter.script(request.query, addressOf(request))),
  );
}

/** A HEAD is answered as well, and is not a machine's beginning. */
function greetingRoute(
  app: FastifyInstance,
  { transferEvents }: Booter,
  { path, script }: { readonly path: string; readonly script: (address: string) => string },
): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: path,
    handler: (request, reply) => {
      const file = path.slice(1);
      const address = addressOf(request);
      if (request.method === 'GET') transferEvents.greeting({ address, protocol: 'http', file });
      return sendScript(reply, script(address));
    },
  });
}

/** Rendered whole, so that the length is known: EDK2 wants no chunks of a file. */
function sendScript(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/plain').header('cache-control', 'no-store').send(Buffer.from(text, 'latin1'));
}
