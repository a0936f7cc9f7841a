import { setImmediate } from 'node:timers/promises';
import type { Assignment } from '../boot/assignment.js';
import type { EntryKind, EntryPage, EntryQuery, ShownEntry } from '../boot/entry.js';
import type { Machine } from '../machine/machine.js';
import { hasLabels, machineSearch } from '../machine/search.js';
import { formatReference } from '../oci/reference.js';
import { partitionPoint } from '../partition-point.js';
import type { FoundEntry, JoinedEntries } from './joined-entries.js';

/** How many entries are looked at before others have their turn. */
const AT_ONCE = 2_000;

/** A page of entries; `names`: all of that kind, in their order. */
export async function listEntries(
  joined: Pick<JoinedEntries, 'find'>,
  { kind, names }: { readonly kind: EntryKind; readonly names: readonly string[] },
  query: EntryQuery,
): Promise<EntryPage> {
  const isWanted = wantedBy(kind, query);
  const entries: ShownEntry[] = [];
  const { after } = query;
  let position = after === undefined ? 0 : partitionPoint(names.length, (one) => (names[one] ?? '') <= after);
  for (let looked = 1; position < names.length; position += 1, looked += 1) {
    const name = names[position] ?? '';
    const found = joined.find(kind, name);
    if (found !== undefined && isWanted(name, found)) {
      if (entries.length === query.limit) return withNext(entries);
      entries.push(found.shown());
    }
    if (looked % AT_ONCE === 0) await setImmediate();
  }
  return { entries };
}

function withNext(entries: readonly ShownEntry[]): EntryPage {
  const last = entries.at(-1);
  return { entries, ...(last !== undefined && { next: last.name }) };
}

function wantedBy(
  kind: EntryKind,
  { search, labels = [], source }: EntryQuery,
): (name: string, found: FoundEntry) => boolean {
  const text = search?.toLowerCase() ?? '';
  const isMachine = machineSearch(text);
  const matches = (name: string, value: FoundEntry['value']) => {
    if (text === '' || name.toLowerCase().includes(text)) return true;
    if (value === undefined) return false;
    return kind === 'machine'
      ? isMachine(value as Machine)
      : formatReference((value as Assignment).image)
          .toLowerCase()
          .includes(text);
  };
  return (name, found) => {
    if (source !== undefined && found.source !== source) return false;
    if (labels.length > 0 && !(found.value !== undefined && hasLabels(found.value as Machine, labels))) return false;
    return matches(name, found.value);
  };
}
