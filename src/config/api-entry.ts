import { createHash } from 'node:crypto';
import type { Assignment } from '../boot/assignment.js';
import { type EntryKind, type EntrySource, formatSource } from '../boot/entry.js';
import type { StoredEntry } from '../boot/ports.js';
import type { Machine } from '../machine/machine.js';
import type { EntryProblem } from './judge-entry.js';
import { assignmentIdentities, type Clash, describeClash, type Identities, machineIdentities } from './unique.js';

/** `wrong`: by itself; `clashing`: it and another, which is named, cannot both count. */
export type Verdict =
  | { readonly kind: 'sound'; readonly value: Machine | Assignment }
  | { readonly kind: 'clashing'; readonly value: Machine | Assignment; readonly problems: readonly EntryProblem[] }
  | { readonly kind: 'wrong'; readonly problems: readonly EntryProblem[] };

/** An entry of the API. */
export type ApiEntry = StoredEntry & { readonly verdict: Verdict };

/** Until it is looked at. */
export const UNJUDGED: Verdict = { kind: 'wrong', problems: [] };
/** Somebody has damaged its row. */
export const UNREADABLE: Verdict = {
  kind: 'wrong',
  problems: [{ path: '', message: 'its document cannot be read any more: write it anew, or delete it' }],
};

/** Pure. */
export function identitiesOf(kind: EntryKind, value: Machine | Assignment): Identities {
  return kind === 'machine' ? machineIdentities(value as Machine) : assignmentIdentities(value as Assignment);
}

/** What stands in its way, and where that is written. Pure. */
export function taken(kind: EntryKind, clash: Clash<unknown>, source: EntrySource, name: string): EntryProblem {
  const who = clash.key === 'name' ? `the ${kind}` : `the ${kind} ${name}`;
  return { path: clash.key, message: `${describeClash(clash)} by ${who} of ${formatSource(source)}` };
}

/** Its problems, each in a line. Pure. */
export function problemsOf({ verdict }: Pick<ApiEntry, 'verdict'>): readonly string[] {
  if (verdict.kind === 'sound') return [];
  return verdict.problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
}

/** What it says, whether it counts or not. Pure. */
export function saidBy({ verdict }: ApiEntry): Machine | Assignment | undefined {
  return verdict.kind === 'wrong' ? undefined : verdict.value;
}

/** The same text has the same revision. Pure. */
export function revisionOf(json: string): string {
  return createHash('sha256').update(json).digest('base64url').slice(0, 16);
}
