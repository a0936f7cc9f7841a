import { BootlayerError } from '../errors.js';

/** A place in the configuration: keys and list positions. */
export type Path = readonly (string | number)[];

/** Something wrong, and where: a line of the file (counted from 1), or the variable that overrode it. */
export type Problem = {
  readonly path: Path;
  readonly message: string;
  /** Which file, when it is not the only one. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly variable?: string;
  /** It is about the last key of the path, not about its value. */
  readonly atKey?: boolean;
  /** The other entry that it is about. */
  readonly other?: { readonly file: string; readonly path: Path };
};

/** `assignments[0].match.mac` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** How many are printed: a file that is wrong throughout is wrong in the same way throughout. */
const MAX_PRINTED = 50;

/** All problems as one error: one line each, file by file and in the files' own order. */
export function configError(file: string, problems: readonly Problem[]): BootlayerError {
  const sorted = inOrder(file, problems);
  const lines = sorted.slice(0, MAX_PRINTED).map((problem) => describe(file, problem));
  if (sorted.length > MAX_PRINTED) lines.push(`and ${sorted.length - MAX_PRINTED} more`);
  const message =
    sorted.length === 1 ? (lines[0] ?? '') : [`${file} has ${sorted.length} problems:`, ...lines].join('\n  ');
  return new BootlayerError('CONFIG_INVALID', message, { details: sorted });
}

function describe(main: string, { path, message, file = main, line, column, variable }: Problem): string {
  const place = variable ?? (line === undefined ? file : `${file}:${line}:${column ?? 1}`);
  return path.length === 0 ? `${place}: ${message}` : `${place}: ${formatPath(path)}: ${message}`;
}

function inOrder(main: string, problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set([main, ...problems.map(({ file = main }) => file)])];
  const rank = new Map(files.map((file, position) => [file, position]));
  const rankOf = ({ file = main }: Problem) => rank.get(file) ?? 0;
  return [...problems].sort(
    (a, b) => rankOf(a) - rankOf(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
