import type { EntryDocument } from '../boot/entry.js';

/** What a document is with a merge patch (RFC 7396, 2): what is null there goes, mappings are merged, all else is replaced. Pure. */
export function mergePatched(document: EntryDocument, patch: EntryDocument): EntryDocument {
  const merged = new Map(Object.entries(document));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, patchedValue(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** Nulls inside what is new mean nothing, and go as well. */
function patchedValue(before: unknown, value: unknown): unknown {
  return isMapping(value) ? mergePatched(isMapping(before) ? before : {}, value) : value;
}

function isMapping(value: unknown): value is EntryDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
