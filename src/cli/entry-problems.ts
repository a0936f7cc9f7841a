import type { EntryDocument, EntryKind } from '../boot/entry.js';
import type { ConfigDocument } from '../config/document.js';
import type { Path } from '../config/problem.js';
import { BootlayerError } from '../errors.js';

/** Problems that the server tells of an entry, told at their place in the file that it came from. */

/** A file, and what is in it. */
export type WrittenIn = { readonly file: string; readonly document: ConfigDocument };

type EntryName = { readonly kind: EntryKind; readonly name: string };

type Problem = { readonly path: string; readonly message: string };

/** Throws USAGE where a file is about another one than the command. */
export function requireName(name: string, { name: written }: EntryDocument, from: WrittenIn): void {
  if (written === undefined || written === name) return;
  const place = placeIn(from, 'name');
  throw new BootlayerError('USAGE', `${place}: name: is ${JSON.stringify(written)}, and the command names "${name}"`, {
    remedy: 'name the same one, or leave the name out of the file',
  });
}

/** The same error, if it is not about what was written. */
export function toldWhereWritten(thrown: unknown, { kind, name }: EntryName, from: WrittenIn | undefined): unknown {
  if (!(thrown instanceof BootlayerError)) return thrown;
  const problems = problemsIn(thrown.details);
  const isWrong = thrown.code === 'REQUEST_INVALID';
  if (problems.length === 0 || !(isWrong || (thrown.code === 'CONFLICT' && from !== undefined))) return thrown;
  const lines = problems.map((problem) => lineOf(problem, from));
  const [first = ''] = lines;
  const whose = from?.file ?? `the ${kind} ${name}`;
  const message = lines.length > 1 ? [`${whose} has ${lines.length} problems:`, ...lines].join('\n  ') : first;
  const { remedy } = thrown;
  return new BootlayerError(isWrong ? 'USAGE' : thrown.code, message, remedy === undefined ? {} : { remedy });
}

function lineOf({ path, message }: Problem, from: WrittenIn | undefined): string {
  const text = path === '' ? message : `${path}: ${message}`;
  return from === undefined ? text : `${placeIn(from, path)}: ${text}`;
}

function placeIn({ file, document }: WrittenIn, path: string): string {
  const { line, column } = document.placeOf(pathIn(path));
  return `${file}:${line}:${column}`;
}

/** From `match.mac[0]`; of a key with a dot in it, what is before that. */
function pathIn(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([key, position]) =>
    position === undefined ? key : Number(position),
  );
}

function problemsIn(details: unknown): readonly Problem[] {
  const { problems } = (details ?? {}) as { readonly problems?: unknown };
  if (!Array.isArray(problems)) return [];
  return (problems as readonly Partial<Problem>[]).flatMap(({ path, message }) =>
    typeof path === 'string' && typeof message === 'string' ? [{ path, message }] : [],
  );
}
