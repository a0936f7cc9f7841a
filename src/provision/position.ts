import { partitionPoint } from '../partition-point.js';

/** Where something stands in a text: lines and columns count from 1, columns in UTF-16 units, as editors do. */
export type Position = { readonly line: number; readonly column: number };

/** What is wrong with a document, and where, if that is known. */
export type DocumentFault = { readonly reason: string } & Partial<Position>;

/** Finds the positions of many offsets in one text. */
export function linesOf(text: string): (offset: number) => Position {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return (offset) => {
    const line = partitionPoint(starts.length, (position) => (starts[position] ?? 0) <= offset);
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
}
