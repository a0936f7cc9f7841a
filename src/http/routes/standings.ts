import { z } from 'zod';
import type { EnrolledMachine } from '../../boot/policy-ports.js';
import { isDone, type Standing, type StandingChange } from '../../boot/standing.js';
import type { Outlook } from '../../booter/outlooks.js';
import { mapping, parsed, text } from '../../config/values.js';
import { BootlayerError } from '../../errors.js';
import type { MachineFacts } from '../../machine/facts.js';
import { formatReference, type ImageReference, parseReference } from '../../oci/reference.js';
import type { Api } from '../api.js';
import { timeOf } from '../told-step.js';
import { outlookSchema, presentedOutlook, vainBecause } from './outlook.js';
import { pageQuery } from './pages.js';

/** Where machines stand with their policies, and machines that wait for an assignment. */
export type StandingRouteParts = {
  /** Whether the name means a machine in force, or a stranger. */
  readonly knows: (machine: string) => boolean;
  /** undefined where nothing is known. Throws NOT_FOUND for a name that means no machine. */
  readonly of: (machine: string) => Standing | undefined;
  /** What its policy makes of it now. Throws the same. */
  readonly outlook: (machine: string) => Outlook;
  /** Throws that, DATA_UNUSABLE and DISK_FULL. */
  readonly change: (machine: string, change: StandingChange) => Promise<Standing>;
  /** Whether there was anything. Throws the same. */
  readonly forgetStanding: (machine: string) => Promise<boolean>;
  readonly enrolled: (query: {
    readonly after?: string;
    readonly limit: number;
  }) => Promise<readonly EnrolledMachine[]>;
  readonly forget: (name: string) => Promise<boolean>;
  /** Takes in what the configuration says for all. Throws REFERENCE_INVALID. */
  readonly reference: (written: ImageReference) => ImageReference;
  /** Why what it is to boot next cannot be had. Never rejects. */
  readonly doubtsOf: (image: string) => Promise<readonly string[]>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

const MOST = 1_000;
const time = z.string().describe('RFC 3339');

const standing = z
  .object({
    machine: z.string(),
    isDone: z.boolean().describe('whether a policy "once" leaves it to its local disk'),
    done: z
      .object({
        at: time,
        by: z.enum(['report', 'start', 'operator']),
        boot: z.string().optional(),
        as: z.string().optional().describe('the machine as which it is, by what it reported or by a card of that one'),
      })
      .optional()
      .describe('when it was done last, by whose word and in which boot'),
    reprovision: z
      .object({ at: time, wishedAt: time, boot: z.string().optional() })
      .optional()
      .describe('when it is to be installed anew; "boot" does that'),
    next: z
      .object({ image: z.string(), variant: z.string().optional(), wishedAt: time, boot: z.string().optional() })
      .optional()
      .describe('what it boots next, once; "boot" has got it'),
    releasedAt: time.optional().describe('attempts before do not count'),
  })
  .meta({ id: 'Standing' });

const withOutlook = standing
  .extend({
    ...outlookSchema.shape,
    warnings: z.array(z.string()).optional().describe('told when it was changed: what may not be meant so'),
  })
  .meta({ id: 'StandingNow' });

/** With its zone: a time of day means another one elsewhere. */
const momentText = z.iso
  .datetime({ offset: true, error: 'is no time with its zone, such as 2027-01-31T02:00:00Z' })
  .transform((written) => Date.parse(written));

const change = mapping({
  done: z.literal(true, 'must be true: what takes it back is reprovision').optional().describe('it is installed'),
  reprovision: mapping({ at: momentText.optional().describe('from then on; now') })
    .nullable()
    .optional()
    .describe('install it anew, though it is done; null takes that back'),
  next: mapping({
    image: parsed(parseReference, 'is no image reference'),
    variant: text(128).optional(),
  })
    .nullable()
    .optional()
    .describe('what it boots next, once, whatever its policy says; null takes that back'),
  release: z.literal(true, 'must be true').optional().describe('attempts until now do not count any more'),
}).meta({ id: 'StandingChange' });

const facts = z
  .object({
    macs: z.array(z.string()),
    ...Object.fromEntries(
      (['uuid', 'serial', 'asset', 'manufacturer', 'product', 'hostname', 'ip', 'architecture'] as const).map((key) => [
        key,
        z.string().optional(),
      ]),
    ),
    firmware: z.array(z.string()).optional().describe('it is one of them'),
    memory: z.number().optional().describe('how much it has, in bytes'),
    sourceAddress: z.string(),
  })
  .describe('as it reported itself');

const enrolled = z
  .object({
    name: z.string().describe('its MAC, else its UUID'),
    firstAt: time,
    lastAt: time,
    isShown: z.boolean().describe('whether it was shown to be itself: who was not may be made up'),
    facts,
  })
  .meta({ id: 'EnrolledMachine' });

const named = z.strictObject({ name: z.string().min(1).max(128) });
const listQuery = mapping(pageQuery(MOST, text(128)));

/** `/api/v1/machines/<name>/standing`: what a machine's policy goes by, read and changed by operators. */
export function standingRoutes(api: Api, parts: StandingRouteParts): void {
  const path = '/api/v1/machines/{name}/standing';
  const answers = { 200: { about: 'Where the machine stands', body: withOutlook } } as const;
  const answer = (machine: string, known: Standing | undefined) =>
    ({
      status: 200,
      body: { ...presented(known ?? { machine }, parts.now()), ...presentedOutlook(parts.outlook(machine)) },
    }) as const;
  api.route({
    method: 'GET',
    path,
    tag: 'machines',
    summary: 'Show where a machine stands with its policy, and what it would be told now',
    takes: { params: named },
    answers,
    errors: ['NOT_FOUND'],
    handle: async ({ params: { name } }) => answer(name, parts.of(name)),
  });
  api.route({
    method: 'PATCH',
    path,
    tag: 'machines',
    summary: 'Say that a machine is done, have it installed anew, or choose what it boots next',
    takes: { params: named, body: change },
    answers,
    errors: ['NOT_FOUND', 'REFERENCE_INVALID', 'DATA_UNUSABLE', 'DISK_FULL'],
    handle: async ({ params: { name }, body }) => {
      const wish = changeOf(body, parts);
      const changed = await parts.change(name, wish);
      const warnings = wish.next ? await parts.doubtsOf(wish.next.image) : [];
      const { status, body: now } = answer(name, changed);
      const vain = vainBecause(wish, parts.outlook(name), parts.now());
      return { status, body: { ...now, warnings: [...warnings, ...vain] } };
    },
  });
  api.route({
    method: 'DELETE',
    path,
    tag: 'machines',
    summary: 'Forget where a machine stands: under "once" it is installed when it asks next',
    takes: { params: named },
    answers: { 204: { about: 'Nothing is known of it any more' } },
    errors: ['NOT_FOUND', 'DATA_UNUSABLE', 'DISK_FULL'],
    handle: async ({ params: { name } }) => {
      if (!(await parts.forgetStanding(name)))
        throw new BootlayerError('NOT_FOUND', `nothing is known of where "${name}" stands`, {
          remedy: `"bootlayer machine standing ${name}" shows what is known`,
        });
      return { status: 204 };
    },
  });
  enrolmentRoutes(api, parts);
}

/** `/api/v1/enrolled`: machines that nothing matches. */
function enrolmentRoutes(api: Api, { enrolled: find, forget }: StandingRouteParts): void {
  api.route({
    method: 'GET',
    path: '/api/v1/enrolled',
    tag: 'machines',
    summary: 'List the machines that wait for an assignment',
    takes: { query: listQuery },
    answers: {
      200: {
        about: 'A page of them, by name; "next" is there when there are more',
        body: z.object({ enrolled: z.array(enrolled), next: z.string().optional() }),
      },
    },
    handle: async ({ query: { limit, after } }) => {
      const found = await find({ limit: limit + 1, ...(after !== undefined && { after }) });
      const page = found.slice(0, limit);
      const next = found.length > limit ? page.at(-1)?.name : undefined;
      return { status: 200, body: { enrolled: page.map(presentedEnrolled), ...(next !== undefined && { next }) } };
    },
  });
  api.route({
    method: 'DELETE',
    path: '/api/v1/enrolled/{name}',
    tag: 'machines',
    summary: 'Forget a machine that waits; it is there again when it asks again',
    takes: { params: named },
    answers: { 204: { about: 'It is forgotten' } },
    errors: ['NOT_FOUND', 'DATA_UNUSABLE', 'DISK_FULL'],
    handle: async ({ params: { name } }) => {
      if (!(await forget(name)))
        throw new BootlayerError('NOT_FOUND', `no machine "${name}" waits`, {
          remedy: '"bootlayer machine enrolled" lists those',
        });
      return { status: 204 };
    },
  });
}

function changeOf(
  { done, reprovision, next, release }: z.output<typeof change>,
  { now, reference }: StandingRouteParts,
): StandingChange {
  return {
    ...(done !== undefined && { done }),
    ...(reprovision !== undefined && { reprovision: reprovision && { at: reprovision.at ?? now() } }),
    ...(next !== undefined && {
      next: next && {
        image: formatReference(reference(next.image)),
        ...(next.variant !== undefined && { variant: next.variant }),
      },
    }),
    ...(release !== undefined && { release }),
  };
}

/** The same for those who show the machine itself; undefined where nothing is known. */
export function shownStanding(
  { knows, of, now }: StandingRouteParts,
  machine: string,
): z.output<typeof standing> | undefined {
  const known = knows(machine) ? of(machine) : undefined;
  return known && presented(known, now());
}

/** Times as people and machines read them. */
function presented(known: Standing, now: number): z.output<typeof standing> {
  const { machine, done, reprovision, next, releasedAt } = known;
  return {
    machine,
    isDone: isDone(known, now),
    ...(done !== undefined && { done: { ...done, at: timeOf(done.at) } }),
    ...(reprovision !== undefined && { reprovision: presentedReprovision(reprovision) }),
    ...(next !== undefined && { next: presentedNext(next) }),
    ...(releasedAt !== undefined && { releasedAt: timeOf(releasedAt) }),
  };
}

function presentedReprovision({ at, wishedAt, boot }: NonNullable<Standing['reprovision']>) {
  return { at: timeOf(at), wishedAt: timeOf(wishedAt), ...(boot !== undefined && { boot }) };
}

function presentedNext({ image, variant, wishedAt, boot }: NonNullable<Standing['next']>) {
  return {
    image,
    ...(variant !== undefined && { variant }),
    wishedAt: timeOf(wishedAt),
    ...(boot !== undefined && { boot }),
  };
}

function presentedEnrolled({ name, facts: reported, firstAt, lastAt, isShown }: EnrolledMachine) {
  return { name, firstAt: timeOf(firstAt), lastAt: timeOf(lastAt), isShown, facts: withoutReadonly(reported) };
}

function withoutReadonly({ macs, firmware, ...rest }: MachineFacts) {
  return { ...rest, macs: [...macs], ...(firmware !== undefined && { firmware: [...firmware] }) };
}
