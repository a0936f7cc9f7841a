import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Booter } from '../../booter/booter.js';
import type { ScriptQuery } from '../../booter/report.js';
import { addressOf } from '../address-of.js';

/** Builds of 2025 and later ask for it beside where they came from, and in its root. */
const AUTOEXEC_PATHS = ['/ipxe/autoexec.ipxe', '/autoexec.ipxe'];

/** `/boot.ipxe` and `/boot/script`: what iPXE asks for before it fetches anything. */
export function bootRoutes(app: FastifyInstance, booter: Booter): void {
  app.get('/boot.ipxe', (request, reply) => sendScript(reply, booter.greeting(addressOf(request))));
  for (const path of AUTOEXEC_PATHS)
    app.get(path, (request, reply) => sendScript(reply, booter.autoexec(addressOf(request))));
  app.get<{ Querystring: ScriptQuery }>('/boot/script', async (request, reply) =>
    sendScript(reply, await booter.script(request.query, addressOf(request))),
  );
}

/** Rendered whole, so that the length is known: firmware wants no chunks (protocols D2). */
function sendScript(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/plain').header('cache-control', 'no-store').send(Buffer.from(text, 'latin1'));
}
