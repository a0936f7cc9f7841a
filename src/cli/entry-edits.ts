import type { EntryDocument } from '../boot/entry.js';
import { parseConfigDocument } from '../config/document.js';
import { BootlayerError } from '../errors.js';
import type { ToldEntry } from './entry-api.js';
import type { WrittenIn } from './entry-problems.js';

/** What options change in an entry. Pure. */

const SAID: ReadonlySet<string> = new Set(['revision', 'source', 'inForce', 'problems', 'standing', 'warnings']);

/** What is written, without what the server says of it. */
export function writtenOf(entry: ToldEntry | undefined): EntryDocument {
  return Object.fromEntries(Object.entries(entry ?? {}).filter(([key]) => !SAID.has(key)));
}

/** The keys that are there replace those of the document; an empty text takes one out. */
export function withValues(document: EntryDocument, values: EntryDocument): EntryDocument {
  const isEmpty = (value: unknown) => value === '' || (Array.isArray(value) && value.length === 1 && value[0] === '');
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const all = { ...document, ...Object.fromEntries(given) };
  return Object.fromEntries(
    Object.entries(all).filter(([key, value]) => !(Object.hasOwn(values, key) && isEmpty(value))),
  );
}

/** Labels are added one by one, and taken out by their names. */
export function withLabels(
  document: EntryDocument,
  labels: readonly (readonly [label: string, value: string])[],
  gone: readonly string[],
): EntryDocument {
  if (labels.length === 0 && gone.length === 0) return document;
  const { labels: before, ...others } = document;
  const all = { ...(before as EntryDocument | undefined), ...Object.fromEntries(labels) };
  const left = Object.entries(all).filter(([label]) => !gone.includes(label));
  return left.length === 0 ? others : { ...others, labels: Object.fromEntries(left) };
}

/** Arguments take the place of those that were appended; what is removed and replaced stays. */
export function withKernelArgs(document: EntryDocument, args: readonly string[] | undefined): EntryDocument {
  if (args === undefined) return document;
  const { append: _append, ...others } = (document['kernelArgs'] ?? {}) as EntryDocument;
  const wanted = args.filter((one) => one !== '');
  const kernelArgs = { ...others, ...(wanted.length > 0 && { append: wanted }) };
  const { kernelArgs: _before, ...rest } = document;
  return Object.keys(kernelArgs).length === 0 ? rest : { ...rest, kernelArgs };
}

/** What is there replaces that of the ISO; an empty text takes it out. An initramfs that is left without its kernel the server refuses. */
export function withIso(document: EntryDocument, values: EntryDocument): EntryDocument {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0) return document;
  const { iso: before = {}, ...others } = document;
  const iso = withValues(before as EntryDocument, given);
  return Object.keys(iso).length === 0 ? others : { ...others, iso };
}

/** What is there replaces that of the policy; an empty text takes it out, and an end of `once` is no other mode's. */
export function withPolicy(document: EntryDocument, values: EntryDocument): EntryDocument {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0) return document;
  const { policy: before = {}, ...others } = document;
  const isOver = given['mode'] !== undefined && given['mode'] !== 'once' && given['doneWhen'] === undefined;
  const policy = withValues(before as EntryDocument, { ...given, ...(isOver && { doneWhen: '' }) });
  return Object.keys(policy).length === 0 ? others : { ...others, policy };
}

/** `labels.rack=r1` and the like; what is there again is one of several values. */
export function matchOf(pairs: readonly (readonly [key: string, value: string])[]): EntryDocument {
  const match: Record<string, string | string[]> = {};
  const labels: Record<string, string | string[]> = {};
  for (const [key, value] of pairs) {
    const label = /^labels?\.(.+)$/s.exec(key)?.[1];
    if (label === undefined) addTo(match, key, value);
    else addTo(labels, label, value);
  }
  return { ...match, ...(Object.keys(labels).length > 0 && { labels }) };
}

function addTo(values: Record<string, string | string[]>, key: string, value: string): void {
  const before = Object.hasOwn(values, key) ? values[key] : undefined;
  values[key] = before === undefined ? value : [before, value].flat();
}

/** One entry in YAML or JSON, and where in the text it is. Throws USAGE. */
export function entryIn(text: string, from: string): { readonly entry: EntryDocument; readonly from: WrittenIn } {
  const parsed = parseConfigDocument(text);
  if (parsed.kind === 'broken') {
    const [{ line = 1, column = 1, message } = { message: '' }] = parsed.problems;
    throw new BootlayerError('USAGE', `${from}:${line}:${column}: ${message}`);
  }
  const { document } = parsed;
  const { value } = document;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { entry: value as EntryDocument, from: { file: from, document } };
  }
  throw new BootlayerError('USAGE', `${from} is no mapping`, { remedy: 'write one entry, as show prints it' });
}

/** `key=value`; throws USAGE. */
export function pairIn(text: string): readonly [key: string, value: string] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key !== undefined && value !== undefined) return [key, value];
  throw new BootlayerError('USAGE', `"${text}" is no key with its value: write rack=r1`);
}
