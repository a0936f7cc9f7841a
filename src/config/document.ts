import { CORE_SCHEMA, constructFromEvents, type Event, parseEvents } from 'js-yaml';
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  stringify,
  type YAMLParseError,
} from 'yaml';
import { type EntryLines, entryLines } from './entry-lines.js';
import type { Path, Problem } from './problem.js';

/** A YAML text as plain values, and where in the text each of them stands. */
export type ConfigDocument = {
  readonly value: unknown;
  /** Line and column of the nearest thing that is there on the way to the path. */
  readonly placeOf: (path: Path, atKey?: boolean) => Place;
  /** The scalar as it is written, `0012345`. */
  readonly sourceOf: (path: Path) => string | undefined;
  /** Where the entries of its lists begin. */
  readonly lines: () => EntryLines;
};

export type ParsedDocument =
  | { readonly kind: 'document'; readonly document: ConfigDocument }
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] };

type Place = { readonly line: number; readonly column: number };

/** A value as YAML for people. Pure. */
export function writeDocument(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Aliases may repeat a value a little; a file that multiplies itself is refused. */
const MAX_ALIASES = 100;
/** Anchors, aliases, tags, block texts, more documents, invisible characters: what only the thorough parser is trusted with. */
const UNUSUAL = /[&*!%|>\p{Cf}\u2028\u2029]|<<|(?<!^)---|\.\.\.|[^\P{Cc}\n\r]/u;

/**
 * Pure. One document, unique keys; every syntax error with its place. Two parsers of YAML 1.2 read it: the one that
 * knows where everything stands takes a second for ten thousand machines, so the other one, ten times as fast, goes
 * first, and places are looked up only when there is something to say of them. A property test holds them together.
 */
export function parseConfigDocument(text: string): ParsedDocument {
  const fast = UNUSUAL.test(text) ? undefined : readFast(text);
  return fast === undefined ? parseThoroughly(text) : { kind: 'document', document: withPlaces(text, fast) };
}

type ReadFast = { readonly value: unknown; readonly events: readonly Event[] };

function readFast(text: string): ReadFast | undefined {
  try {
    const events = parseEvents(text, {});
    const [value, ...more] = constructFromEvents(events, { source: text, schema: CORE_SCHEMA });
    return more.length > 0 || value === undefined || hasNullKey(value) ? undefined : { value, events };
  } catch {
    // The thorough parser says what is wrong, and where; it also takes an empty file.
    return undefined;
  }
}

/** A key that is nothing, or `null`: the parsers differ in what they make of it. */
function hasNullKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, 'null') || Object.values(value).some(hasNullKey);
}

function withPlaces(text: string, { value, events }: ReadFast): ConfigDocument {
  let thorough: ParsedDocument | undefined;
  const places = () => {
    thorough ??= parseThoroughly(text);
    return thorough.kind === 'document' ? thorough.document : undefined;
  };
  return {
    value,
    placeOf: (path, atKey) => places()?.placeOf(path, atKey) ?? { line: 1, column: 1 },
    sourceOf: (path) => places()?.sourceOf(path),
    lines: () => entryLines(text, events),
  };
}

/** Exported for its test. */
export function parseThoroughly(text: string): ParsedDocument {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problemOf = ({ code, message, pos: [start] }: YAMLParseError): Problem => ({
    path: [],
    message: plainMessage(code, message, wordAt(text, start)),
    ...place(start),
  });
  try {
    const parsed = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: 'error',
    });
    // It takes its own stack's end for an error of the text.
    if (parsed.errors.some(({ message }) => message.includes('call stack'))) throw new RangeError(TOO_DEEP);
    if (parsed.errors.length > 0) return { kind: 'broken', problems: parsed.errors.map(problemOf) };
    const value: unknown = parsed.toJS({ maxAliasCount: MAX_ALIASES });
    const root = parsed.contents;
    return {
      kind: 'document',
      document: {
        value,
        placeOf: (path, atKey) => place(nodeAt(root, path, atKey).range?.[0] ?? 0),
        sourceOf: (path) => sourceOf(nodeAt(root, path)),
        lines: () => linesIn(root, (offset) => place(offset).line),
      },
    };
  } catch (thrown) {
    // Too many aliases, or nested deeper than the parser can follow.
    const why = thrown instanceof RangeError ? TOO_DEEP : undefined;
    const message = why ?? oneLine(thrown instanceof Error ? thrown.message : String(thrown));
    return { kind: 'broken', problems: [{ path: [], message, line: 1, column: 1 }] };
  }
}

const TOO_DEEP = 'it is nested too deep';

type Placed = Pick<Node, 'range'>;

/** The key of an unknown or of a whole entry, else its value, else what is nearest on the way. */
function nodeAt(root: ParsedNode | null, path: Path, atKey = false): Placed {
  let node: Node | null = root;
  for (const [depth, part] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      const value = pair.value as Node | null;
      if (isLast && (atKey || value === null || !isScalar(value))) return pair.key as Node;
      node = value ?? (pair.key as Node);
    } else if (isSeq(node) && typeof part === 'number' && node.items[part] !== undefined) {
      node = node.items[part] as Node;
    } else {
      break;
    }
  }
  return node ?? {};
}

function linesIn(root: ParsedNode | null, lineAt: (offset: number) => number): EntryLines {
  const found = new Map<string, readonly number[]>();
  for (const { key, value } of isMap(root) ? root.items : []) {
    if (!isScalar(key) || !isSeq(value)) continue;
    found.set(
      String(key.value),
      value.items.map((item) => lineAt(item.range[0])),
    );
  }
  return found;
}

function sourceOf(node: Placed): string | undefined {
  return isScalar(node) ? (node.source ?? undefined) : undefined;
}

function plainMessage(code: string, message: string, word: string): string {
  if (code === 'DUPLICATE_KEY') return `the key "${word}" is there twice`;
  return code === 'MULTIPLE_DOCS' ? 'there is more than one document in the file' : oneLine(message);
}

function wordAt(text: string, position: number): string {
  return /^[^\s:,{}[\]]{0,100}/.exec(text.slice(position, position + 100))?.[0] ?? '';
}

function oneLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
