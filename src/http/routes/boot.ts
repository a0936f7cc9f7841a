import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Booter } from '../../booter/booter.js';
import type { ScriptQuery } from '../../booter/report.js';
import { addressOf } from '../address-of.js';

/** By `autoexec.ipxe` builds of 2025 and later ask, beside where they came from and in its root. */
const GREETING_PATHS = ['/boot.ipxe', '/ipxe/autoexec.ipxe', '/autoexec.ipxe'];

/** `/boot.ipxe` and `/boot/script`: what iPXE asks for before it fetches anything. */
export function bootRoutes(app: FastifyInstance, booter: Booter): void {
  for (const path of GREETING_PATHS)
    app.get(path, (request, reply) => sendScript(reply, booter.greeting(addressOf(request))));
  app.get<{ Querystring: ScriptQuery }>('/boot/script', async (request, reply) =>
    sendScript(reply, await booter.script(request.query, addressOf(request))),
  );
}

/** Rendered whole, so that the length is known: firmware wants no chunks (protocols D2). */
function sendScript(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/plain').header('cache-control', 'no-store').send(Buffer.from(text, 'latin1'));
}
