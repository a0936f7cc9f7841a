import { z } from 'zod';
import { BOOT_STATES, type Boot } from '../../boot/boot.js';
import { FINDINGS, type Finding, type FindingName } from '../../boot/finding.js';
import type { BootStore, BootWithSteps } from '../../boot/ports.js';
import { mapping } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { Api } from '../api.js';
import { timeOf, toldStep } from '../told-step.js';
import { limitUpTo } from './pages.js';

export type BootRouteParts = {
  readonly boots: Pick<BootStore, 'findBoots' | 'findBoot' | 'findBootIds'>;
  /** Why it does not go on. */
  readonly findings: (boot: BootWithSteps) => readonly Finding[];
  /** The first of those of one that is under way. */
  readonly firstFinding: (boot: Boot) => FindingName | undefined;
  /** Resolves when what was told is in the store. */
  readonly settled: () => Promise<void>;
};

const MOST = 1_000;
/** Of those that an unfinished id may mean. */
const MOST_NAMED = 5;
const CURSOR = /^(\d{1,15})-([0-9a-f]{1,32})$/;

const listQuery = mapping({
  machine: z.string().max(256).optional().describe('only boots of this machine'),
  state: z.enum(BOOT_STATES).optional().describe('only boots in this state'),
  since: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z' })
    .transform((text) => Date.parse(text))
    .optional()
    .describe('only boots that began then or later'),
  limit: limitUpTo(MOST),
  before: z
    .string()
    .regex(CURSOR, 'is no "next" of an answer')
    .transform((text) => {
      const [, beganAt = '', id = ''] = CURSOR.exec(text) ?? [];
      return { beganAt: Number(beganAt), id };
    })
    .optional()
    .describe('"next" of an answer: the page after it'),
});

const time = z.iso.datetime();

const finding = z
  .enum(Object.keys(FINDINGS) as FindingName[])
  .optional()
  .describe('in a list, of one that is under way: why it does not go on');

const boot = z
  .object({
    id: z.string(),
    machine: z.string(),
    state: z.enum(BOOT_STATES).describe('how far it has come'),
    reason: z.string().optional().describe('why it is refused, or was told nothing'),
    finding,
    beganAt: time,
    lastAt: time.describe('of its last step'),
    assignment: z.string().optional(),
    image: z.string().optional(),
    plan: z.string().optional().describe('digest of the plan that it was issued'),
    attemptedAt: time.optional().describe('when its kernel, UKI or ISO was asked for first'),
    startSentAt: time.optional().describe('when that had been sent completely, or began to be read as a disc'),
    isDoneByStart: z
      .literal(true)
      .optional()
      .describe('by its policy the machine is done when it has all that it starts'),
    stepCount: z.int(),
  })
  .meta({ id: 'Boot' });

const step = z
  .looseObject({ at: time, event: z.string(), text: z.string().describe('the event in a sentence') })
  .describe('a step, with what else its event says')
  .meta({ id: 'Step' });

const found = z
  .object({
    finding: z.enum(Object.keys(FINDINGS) as FindingName[]),
    at: time.describe('of the step that shows it'),
    evidence: z.string().describe('what was seen'),
    remedy: z.string().describe('what to do, or to look at'),
  })
  .describe('why it does not go on')
  .meta({ id: 'Finding' });

const detail = boot.extend({ steps: z.array(step), findings: z.array(found) }).meta({ id: 'BootWithSteps' });

/** `GET /api/v1/boots`: the newest first, those that are wanted; `GET /api/v1/boots/<id>`: one with its steps. */
export function bootRecordRoutes(api: Api, { boots, findings, firstFinding, settled }: BootRouteParts): void {
  api.route({
    method: 'GET',
    path: '/api/v1/boots',
    tag: 'boots',
    summary: 'List boots, the newest first',
    takes: { query: listQuery },
    answers: {
      200: {
        about: 'A page of them; "next" is there when there are more',
        body: z.object({
          boots: z.array(boot),
          next: z.string().optional(),
        }),
      },
    },
    handle: async ({ query: { machine, state, since, before, limit } }) => {
      await settled();
      const asked = {
        ...(machine !== undefined && { machine }),
        ...(state !== undefined && { state }),
        ...(since !== undefined && { since }),
        ...(before !== undefined && { before }),
      };
      // One more, which shows whether there is another page.
      const found = await boots.findBoots({ ...asked, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      const next = last === undefined ? {} : { next: `${last.beganAt}-${last.id}` };
      return { status: 200, body: { boots: page.map((one) => listed(one, firstFinding(one))), ...next } };
    },
  });
  api.route({
    method: 'GET',
    path: '/api/v1/boots/{id}',
    tag: 'boots',
    summary: 'Show a boot with its steps',
    takes: {
      params: mapping({ id: z.string().min(1).max(64).describe('or how it begins, where no other begins so') }),
    },
    answers: { 200: { about: 'The boot', body: detail } },
    errors: ['NOT_FOUND'],
    handle: async ({ params: { id } }) => {
      await settled();
      const found = (await boots.findBoot(id)) ?? (await findByPrefix(boots, id));
      if (found === undefined)
        throw new BootlayerError('NOT_FOUND', `there is no boot ${id}`, { remedy: '"bootlayer boot ls" lists them' });
      const told = findings(found).map((one) => ({ ...one, at: timeOf(one.at) }));
      return { status: 200, body: { ...presented(found.boot), steps: found.steps.map(toldStep), findings: told } };
    },
  });
}

/** Throws REQUEST_INVALID where several begin so. */
async function findByPrefix(boots: BootRouteParts['boots'], prefix: string): Promise<BootWithSteps | undefined> {
  const [id, ...others] = await boots.findBootIds(prefix, MOST_NAMED + 1);
  if (id === undefined) return undefined;
  if (others.length === 0) return boots.findBoot(id);
  const named = [id, ...others].slice(0, MOST_NAMED).join(', ');
  const more = others.length < MOST_NAMED ? '' : ' and more';
  throw new BootlayerError('REQUEST_INVALID', `several boots begin with "${prefix}": ${named}${more}`, {
    remedy: 'write more of the id',
  });
}

function listed(one: Boot, finding: FindingName | undefined) {
  return { ...presented(one), ...(finding !== undefined && { finding }) };
}

/** Times as people and machines read them. */
function presented({ beganAt, lastAt, attemptedAt, startSentAt, steps, ...told }: Boot): z.input<typeof boot> {
  return {
    ...told,
    beganAt: timeOf(beganAt),
    lastAt: timeOf(lastAt),
    ...(attemptedAt !== undefined && { attemptedAt: timeOf(attemptedAt) }),
    ...(startSentAt !== undefined && { startSentAt: timeOf(startSentAt) }),
    stepCount: steps,
  };
}
