import { z } from 'zod';
import { BOOT_METHODS } from '../../boot/boot-method.js';
import {
  ENTRY_KINDS,
  type EntryChanged,
  type EntryDocument,
  type EntryKind,
  type EntryPage,
  type EntryQuery,
  type EntryWish,
  PLURALS,
  type ShownEntry,
  unknownEntry,
} from '../../boot/entry.js';
import { DIFFERENCES } from '../../booter/preview.js';
import { apiAssignmentKeys, machineSchema } from '../../config/mapping-schema.js';
import { mapping, oneOf, oneOrMore, parsed, text } from '../../config/values.js';
import { BootlayerError, type ErrorCode } from '../../errors.js';
import type { Api } from '../api.js';
import { requestInvalid } from '../asked.js';
import { listHolds } from '../conditional.js';
import { mergePatched } from '../merge-patch.js';
import { policySchema } from './outlook.js';
import { pageQuery } from './pages.js';

/** The machines and assignments of files and of the API. */
export interface EntryBook {
  find(kind: EntryKind, name: string): ShownEntry | undefined;
  list(kind: EntryKind, query: EntryQuery): Promise<EntryPage>;
  change(wish: EntryWish): Promise<EntryChanged>;
  preview(wish: EntryWish): Promise<EntryPreview>;
}

export type EntryRouteParts = {
  readonly entries: EntryBook;
  /** What somebody may not have meant with an entry that is in force. Never rejects. */
  readonly doubtsOf?: (kind: EntryKind, name: string) => Promise<readonly string[]>;
  /** Where a machine stands with its policy. */
  readonly standingOf?: (machine: string) => Readonly<Record<string, unknown>> | undefined;
};

const MOST = 1_000;

const list = z.array(z.string()).readonly();
const names = z.object({ added: list, removed: list, changed: list });
const boot = z.enum(BOOT_METHODS).describe('"local": not the image, but its local disk');
const booted = z.object({ assignment: z.string(), image: z.string(), boot, policy: policySchema });
export const previewSchema = z
  .object({
    dryRun: z.literal(true),
    machines: names,
    assignments: names,
    boots: z
      .array(
        z.object({
          machine: z.string(),
          before: booted.optional().describe('what it boots now; missing when that is nothing of ours'),
          after: booted.optional().describe('what it would boot'),
          differs: z.array(z.enum(DIFFERENCES)).readonly(),
        }),
      )
      .readonly(),
    more: z.int().optional().describe('how many machines besides would boot otherwise'),
    warnings: list
      .optional()
      .describe(
        'what may not be meant so: who would not start the image, not be given its address or not be shown to be itself',
      ),
  })
  .describe('known machines that would boot otherwise, as far as what is written of them tells')
  .meta({ id: 'Preview' });

/** What a change would do: which known machines would boot otherwise. */
export type EntryPreview = z.input<typeof previewSchema>;

const source = z
  .union([z.object({ kind: z.literal('file'), file: z.string(), line: z.int() }), z.object({ kind: z.literal('api') })])
  .describe('where it is written; what files say cannot be changed here');

const shownAs = {
  name: z.string(),
  revision: z.string().describe('what its ETag says'),
  source,
  inForce: z.boolean().describe('false: it cannot be beside other entries, or is wrong'),
  problems: z.array(z.string()).optional().describe('why it is out of force'),
  warnings: z.array(z.string()).optional().describe('told when it was changed: what may not be meant so'),
};

export const ENTRY = {
  machine: {
    body: machineSchema.partial({ name: true }).meta({ id: 'MachineDocument' }),
    answer: z
      .looseObject({ ...shownAs, standing: z.looseObject({}).optional() })
      .describe('a machine as it is written')
      .meta({ id: 'Machine' }),
  },
  assignment: {
    body: apiAssignmentKeys.partial({ name: true }).meta({ id: 'AssignmentDocument' }),
    answer: z.looseObject(shownAs).describe('an assignment as it is written').meta({ id: 'Assignment' }),
  },
} as const;

const params = z.strictObject({ name: text(128) });
const listed = {
  ...pageQuery(MOST, text(128)),
  search: text(256).optional(),
  source: oneOf(['file', 'api']).optional().describe('only those that are written there'),
};
const label = oneOrMore(
  parsed((written) => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(written) ?? [];
    return key === undefined || value === undefined ? undefined : ([key, value] as const);
  }, 'is no label with its value, such as rack=r1'),
);
const QUERY = {
  machine: mapping({ ...listed, label: label.optional().describe('only those with it; may be there again') }),
  assignment: mapping(listed),
} as const;
const ABOUT_SEARCH = {
  machine: 'part of its name, MAC, UUID, serial number, host name or address',
  assignment: 'part of its name or of its image',
} as const;

export const changing = mapping({
  dryRun: oneOf(['true', 'false']).optional().describe('"true": only tell what it would do'),
});
const etags = z.string().max(1024).optional();
export const CHANGE_ERRORS: readonly ErrorCode[] = [
  'NOT_FOUND',
  'CONFLICT',
  'READ_ONLY_ENTRY',
  'PRECONDITION_FAILED',
  'DATA_UNUSABLE',
  'DISK_FULL',
];
export const ETAG = { etag: 'of this entry, for If-Match' };

/** `GET /api/v1/machines`, and `GET`, `PUT`, `PATCH` and `DELETE` of one by its name; the same of assignments. */
export function entryRoutes(api: Api, parts: EntryRouteParts): void {
  for (const kind of ENTRY_KINDS) {
    lookRoutes(api, kind, parts);
    putRoute(api, kind, parts);
    patchRoute(api, kind, parts);
    deleteRoute(api, kind, parts);
  }
}

function lookRoutes(api: Api, kind: EntryKind, parts: EntryRouteParts): void {
  const [plural, entry] = [PLURALS[kind], ENTRY[kind].answer];
  const page = z.object({ [plural]: z.array(entry), next: z.string().optional() });
  api.route({
    method: 'GET',
    path: `/api/v1/${plural}`,
    tag: plural,
    summary: `List ${plural} by their names; "search": ${ABOUT_SEARCH[kind]}`,
    takes: { query: QUERY[kind] },
    answers: { 200: { about: 'A page of them; "next" is there when there are more', body: page } },
    handle: async ({ query }) => {
      const { after, search, source, limit } = query;
      const labels = 'label' in query ? query.label : undefined;
      const { entries, next } = await parts.entries.list(kind, {
        limit,
        ...(after !== undefined && { after }),
        ...(search !== undefined && { search }),
        ...(source !== undefined && { source }),
        ...(labels !== undefined && { labels }),
      });
      const body = { [plural]: entries.map((one) => presented(one, parts)), ...(next !== undefined && { next }) };
      return { status: 200, body };
    },
  });
  api.route({
    method: 'GET',
    path: `/api/v1/${plural}/{name}`,
    tag: plural,
    summary: `Show one of the ${plural}`,
    takes: { params },
    answers: { 200: { about: `The ${kind}`, body: entry, headers: ETAG } },
    errors: ['NOT_FOUND'],
    handle: ({ params: { name } }) => {
      const found = parts.entries.find(kind, name);
      if (found === undefined) throw unknownEntry(kind, name);
      return { status: 200, body: presented(found, parts), headers: etagOf(found) };
    },
  });
}

function putRoute(api: Api, kind: EntryKind, parts: EntryRouteParts): void {
  const { body: document, answer: entry } = ENTRY[kind];
  const body = z.union([entry, previewSchema]);
  api.route({
    method: 'PUT',
    path: `/api/v1/${PLURALS[kind]}/{name}`,
    tag: PLURALS[kind],
    summary: `Create or replace one of the ${PLURALS[kind]}`,
    takes: {
      params,
      query: changing,
      headers: z.object({ 'if-match': etags, 'if-none-match': etags.describe('"*": create it, and replace nothing') }),
      body: document,
    },
    answers: {
      200: { about: 'It was replaced; or what that would do', body, headers: ETAG },
      201: { about: 'It was created', body: entry, headers: ETAG },
    },
    errors: CHANGE_ERRORS,
    handle: async ({ params: { name }, query, headers, request }) => {
      // As it is written, not as it is understood.
      const written = named(request.body as EntryDocument, name);
      const wish = {
        ...{ kind, name },
        edit: (current: ShownEntry | undefined) => {
          requireHeld(current, headers);
          return written;
        },
      };
      if (query.dryRun === 'true') return { status: 200, body: await parts.entries.preview(wish) };
      return await answerTo(await parts.entries.change(wish), parts);
    },
  });
}

function patchRoute(api: Api, kind: EntryKind, parts: EntryRouteParts): void {
  const entry = ENTRY[kind].answer;
  api.route({
    method: 'PATCH',
    path: `/api/v1/${PLURALS[kind]}/{name}`,
    tag: PLURALS[kind],
    summary: `Change one of the ${PLURALS[kind]} by a merge patch (RFC 7396)`,
    takes: {
      params,
      query: changing,
      headers: z.object({ 'if-match': etags }),
      body: z.record(z.string(), z.unknown(), 'must be a mapping of what is to change'),
    },
    bodyTypes: ['application/merge-patch+json'],
    answers: {
      200: { about: 'It was changed; or what that would do', body: z.union([entry, previewSchema]), headers: ETAG },
    },
    errors: CHANGE_ERRORS,
    handle: async ({ params: { name }, query, headers, body: patch }) => {
      const wish = {
        ...{ kind, name },
        edit: (current: ShownEntry | undefined) => {
          requireHeld(current, headers);
          if (current === undefined) throw unknownEntry(kind, name);
          return named(mergePatched(current.document, patch), name);
        },
      };
      if (query.dryRun === 'true') return { status: 200, body: await parts.entries.preview(wish) };
      const { body, headers: etag } = await answerTo(await parts.entries.change(wish), parts);
      return { status: 200, body, headers: etag };
    },
  });
}

function deleteRoute(api: Api, kind: EntryKind, parts: EntryRouteParts): void {
  api.route({
    method: 'DELETE',
    path: `/api/v1/${PLURALS[kind]}/{name}`,
    tag: PLURALS[kind],
    summary: `Delete one of the ${PLURALS[kind]}`,
    takes: { params, query: changing, headers: z.object({ 'if-match': etags }) },
    answers: { 200: { about: 'What that would do', body: previewSchema }, 204: { about: 'It is gone' } },
    errors: CHANGE_ERRORS,
    handle: async ({ params: { name }, query, headers }) => {
      const wish = {
        ...{ kind, name },
        edit: (current: ShownEntry | undefined) => {
          requireHeld(current, headers);
          return undefined;
        },
      };
      if (query.dryRun === 'true') return { status: 200, body: await parts.entries.preview(wish) };
      await parts.entries.change(wish);
      return { status: 204 };
    },
  });
}

/** What was written, as it is answered. */
export async function answerTo(changed: EntryChanged, parts: EntryRouteParts) {
  if (changed.kind === 'deleted') throw new Error('what was written was deleted');
  const status: 200 | 201 = changed.isNew ? 201 : 200;
  const { kind, name } = changed.entry;
  const warnings = [...((await parts.doubtsOf?.(kind, name)) ?? [])];
  return { status, body: { ...presented(changed.entry, parts), warnings }, headers: etagOf(changed.entry) };
}

export function presented(
  { kind, name, document, revision, source, problems }: ShownEntry,
  { standingOf }: EntryRouteParts,
) {
  const standing = kind === 'machine' ? standingOf?.(name) : undefined;
  const isInForce = problems.length === 0;
  return {
    ...document,
    ...{ name, revision, source, inForce: isInForce || source.kind === 'file' },
    ...(!isInForce && { problems: [...problems] }),
    ...(standing !== undefined && { standing }),
  };
}

export function etagOf({ revision }: ShownEntry): { readonly etag: string } {
  return { etag: `"${revision}"` };
}

type Conditions = { readonly 'if-match'?: string | undefined; readonly 'if-none-match'?: string | undefined };

/** Throws PRECONDITION_FAILED (RFC 9110, 13.1.1 and 13.1.2). */
function requireHeld(current: ShownEntry | undefined, conditions: Conditions): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = conditions;
  const etag = current === undefined ? undefined : etagOf(current).etag;
  if (ifMatch !== undefined && (etag === undefined || !listHolds(ifMatch, etag))) {
    throw new BootlayerError('PRECONDITION_FAILED', 'it has changed since it was read, or is gone', {
      remedy: 'read it again, and change that',
    });
  }
  if (ifNoneMatch !== undefined && etag !== undefined && listHolds(ifNoneMatch, etag)) {
    throw new BootlayerError('PRECONDITION_FAILED', 'it is there already', {
      remedy: 'send no If-None-Match to replace it',
    });
  }
}

/** Its name may stand in it, and is the one of the path then. */
function named(document: EntryDocument, name: string): EntryDocument {
  if (document['name'] !== undefined && document['name'] !== name) {
    throw requestInvalid([{ in: 'body', path: 'name', message: `is not the name in the path, "${name}"` }]);
  }
  return { ...document, name };
}
