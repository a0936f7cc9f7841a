import { type EntryKind, type EntrySource, PLURALS } from '../boot/entry.js';
import { BootlayerError } from '../errors.js';
import { type ServerApi, unreachable } from './api-server.js';
import { askOurs } from './ask-ours.js';
import type { Question } from './ask-server.js';
import type { ToldPolicy } from './told-standing.js';

/** A machine or an assignment as the API tells it: as it is written, and what else there is to say of it. */
export type ToldEntry = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly revision: string;
  readonly source: EntrySource;
  readonly inForce: boolean;
  readonly problems?: readonly string[];
};

/** `boot` and `policy`: not told by an older server. */
export type WouldBoot = {
  readonly assignment: string;
  readonly image: string;
  readonly boot?: string;
  readonly policy?: ToldPolicy;
};

/** What a change would do. */
export type ToldPreview = {
  readonly boots: readonly {
    readonly machine: string;
    readonly before?: WouldBoot;
    readonly after?: WouldBoot;
    readonly differs: readonly string[];
  }[];
  readonly more?: number;
  readonly warnings?: unknown;
};

const PAGE = 1_000;

/** All that the query means, page by page. Throws SERVER_UNREACHABLE, and what the server tells, as the others do. */
export async function listEntries(
  api: ServerApi,
  kind: EntryKind,
  query: URLSearchParams,
): Promise<readonly ToldEntry[]> {
  const found: ToldEntry[] = [];
  query.set('limit', String(PAGE));
  for (let next: string | undefined = ''; next !== undefined; ) {
    if (next !== '') query.set('after', next);
    const page: Page = await ask(api, { path: `/api/v1/${PLURALS[kind]}?${query}` });
    const entries = page[PLURALS[kind]];
    if (!Array.isArray(entries)) throw unreachable(api);
    found.push(...(entries as readonly ToldEntry[]));
    next = typeof page.next === 'string' && page.next !== next ? page.next : undefined;
  }
  return found;
}

type Page = { readonly machines?: unknown; readonly assignments?: unknown; readonly next?: unknown };

export async function readEntry(api: ServerApi, kind: EntryKind, name: string): Promise<ToldEntry> {
  const entry = await ask<ToldEntry>(api, { path: pathOf(kind, name) });
  if (typeof entry.revision !== 'string') throw unreachable(api);
  return entry;
}

/** undefined when there is none. */
export async function readEntryIfThere(api: ServerApi, kind: EntryKind, name: string): Promise<ToldEntry | undefined> {
  try {
    return await readEntry(api, kind, name);
  } catch (thrown) {
    if (thrown instanceof BootlayerError && thrown.code === 'NOT_FOUND') return undefined;
    throw thrown;
  }
}

export type Change = {
  readonly kind: EntryKind;
  readonly name: string;
  /** As it was read; undefined when there was none. It must be so still. */
  readonly before: ToldEntry | undefined;
  /** What it is to be; undefined deletes it. */
  readonly document: Readonly<Record<string, unknown>> | undefined;
};

/** Answers what the server warns of. */
export async function changeEntry(api: ServerApi, change: Change): Promise<readonly string[]> {
  const { warnings } = await ask<{ readonly warnings?: unknown }>(api, questionOf(change, ''));
  return warningsIn(warnings);
}

/** Of a server that may be another version. */
export function warningsIn(told: unknown): readonly string[] {
  return Array.isArray(told) ? told.filter((one) => typeof one === 'string') : [];
}

/** What the change would do; nothing changes. */
export async function previewChange(api: ServerApi, change: Change): Promise<ToldPreview> {
  const told = await ask<ToldPreview>(api, questionOf(change, '?dryRun=true'));
  if (!Array.isArray(told.boots)) throw unreachable(api);
  return told;
}

function questionOf({ kind, name, before, document }: Change, query: string): Omit<Question, 'signal'> {
  const headers: Record<string, string> =
    before === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${before.revision}"` };
  const path = `${pathOf(kind, name)}${query}`;
  return document === undefined
    ? { path, headers, method: 'DELETE' }
    : { path, headers, method: 'PUT', body: document };
}

function pathOf(kind: EntryKind, name: string): string {
  return `/api/v1/${PLURALS[kind]}/${encodeURIComponent(name)}`;
}

function ask<Answer>(api: ServerApi, question: Omit<Question, 'signal'>): Promise<Answer> {
  return askOurs(api, question, () => true);
}
