import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Boot } from '../../boot/boot.js';
import type { BootStore } from '../../boot/ports.js';
import { BootlayerError } from '../../errors.js';
import { refuseForeignPages } from '../foreign-pages.js';
import { timeOf, toldStep } from '../told-step.js';

export type BootRouteParts = {
  readonly boots: Pick<BootStore, 'findBoots' | 'findBoot'>;
  /** Resolves when what was told is in the store. */
  readonly settled: () => Promise<void>;
};

const MOST = 1_000;
const CURSOR = /^(\d{1,15})-([0-9a-f]{1,32})$/;

const listQuery = z.strictObject({
  machine: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(MOST).default(100),
  before: z
    .string()
    .regex(CURSOR, 'is no "next" of an answer')
    .transform((text) => {
      const [, beganAt = '', id = ''] = CURSOR.exec(text) ?? [];
      return { beganAt: Number(beganAt), id };
    })
    .optional(),
});

/** `GET /api/v1/boots`: the newest first, of all machines or one; `GET /api/v1/boots/<id>`: one with its steps. */
export function bootRecordRoutes(app: FastifyInstance, { boots, settled }: BootRouteParts): void {
  app.get('/api/v1/boots', { onRequest: refuseForeignPages }, async (request) => {
    const { machine, before, limit } = parsed(request.query);
    await settled();
    const asked = { ...(machine !== undefined && { machine }), ...(before !== undefined && { before }) };
    // One more, which shows whether there is another page.
    const found = await boots.findBoots({ ...asked, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return { boots: page.map(presented), ...(last !== undefined && { next: `${last.beganAt}-${last.id}` }) };
  });
  app.get<{ Params: { id: string } }>('/api/v1/boots/:id', { onRequest: refuseForeignPages }, async (request) => {
    const id = request.params.id.slice(0, 64);
    await settled();
    const found = await boots.findBoot(id);
    if (found === undefined) throw new BootlayerError('NOT_FOUND', `there is no boot ${id}`);
    return { ...presented(found.boot), steps: found.steps.map(toldStep) };
  });
}

function parsed(query: unknown): z.output<typeof listQuery> {
  const read = listQuery.safeParse(query);
  if (read.success) return read.data;
  const [problem] = read.error.issues;
  const where = problem === undefined || problem.path.length === 0 ? '' : `"${problem.path.join('.')}": `;
  throw new BootlayerError('REQUEST_INVALID', `${where}${problem?.message ?? ''}`);
}

/** Times as people and machines read them. */
function presented({ beganAt, lastAt, attemptedAt, startSentAt, steps, ...boot }: Boot): Record<string, unknown> {
  return {
    ...boot,
    beganAt: timeOf(beganAt),
    lastAt: timeOf(lastAt),
    ...(attemptedAt !== undefined && { attemptedAt: timeOf(attemptedAt) }),
    ...(startSentAt !== undefined && { startSentAt: timeOf(startSentAt) }),
    stepCount: steps,
  };
}
