import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import type { Path, Problem } from './problem.js';

/** A YAML text as plain values, and where in the text each of them stands. */
export type ConfigDocument = {
  readonly value: unknown;
  /** Line and column of the nearest thing that is there on the way to the path. */
  readonly placeOf: (path: Path) => { readonly line: number; readonly column: number };
  /** The scalar as it is written, `0012345`. */
  readonly sourceOf: (path: Path) => string | undefined;
};

export type ParsedDocument =
  | { readonly kind: 'document'; readonly document: ConfigDocument }
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] };

/** Aliases may repeat a value a little; a file that multiplies itself is refused. */
const MAX_ALIASES = 100;

/** Pure. One document, unique keys; every syntax error with its place. */
export function parseConfigDocument(text: string): ParsedDocument {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (parsed.errors.length > 0) {
    const problems = parsed.errors.map(({ message, pos }) => ({
      path: [],
      message: oneLine(message),
      ...place(pos[0]),
    }));
    return { kind: 'broken', problems };
  }
  try {
    const value: unknown = parsed.toJS({ maxAliasCount: MAX_ALIASES });
    const root = parsed.contents;
    return {
      kind: 'document',
      document: {
        value,
        placeOf: (path) => place(nodeAt(root, path).range?.[0] ?? 0),
        sourceOf: (path) => sourceOf(nodeAt(root, path)),
      },
    };
  } catch (thrown) {
    const message = oneLine(thrown instanceof Error ? thrown.message : String(thrown));
    return { kind: 'broken', problems: [{ path: [], message, line: 1, column: 1 }] };
  }
}

type Placed = Pick<Node, 'range'>;

/** The key of an unknown or wrong entry, else its value, else what is nearest on the way. */
function nodeAt(root: ParsedNode | null, path: Path): Placed {
  let node: Node | null = root;
  for (const [depth, part] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      const value = pair.value as Node | null;
      if (isLast && (value === null || !isScalar(value))) return pair.key as Node;
      node = value ?? (pair.key as Node);
    } else if (isSeq(node) && typeof part === 'number' && node.items[part] !== undefined) {
      node = node.items[part] as Node;
    } else {
      break;
    }
  }
  return node ?? {};
}

function sourceOf(node: Placed): string | undefined {
  return isScalar(node) ? (node.source ?? undefined) : undefined;
}

function oneLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
