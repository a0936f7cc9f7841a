import { BootlayerError } from '../errors.js';

/** A place in the configuration: keys and list positions. */
export type Path = readonly (string | number)[];

/** Something wrong, and where: a line of the file (counted from 1), or the variable that overrode it. */
export type Problem = {
  readonly path: Path;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly variable?: string;
};

/** `assignments[0].match.mac` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** All problems as one error: one line each, the file's own order. */
export function configError(file: string, problems: readonly Problem[]): BootlayerError {
  const lines = [...problems].sort(byPlace).map((problem) => describe(file, problem));
  const message =
    lines.length === 1 ? (lines[0] ?? '') : [`${file} has ${lines.length} problems:`, ...lines].join('\n  ');
  return new BootlayerError('CONFIG_INVALID', message, { details: problems });
}

function describe(file: string, { path, message, line, column, variable }: Problem): string {
  const place = variable ?? (line === undefined ? file : `${file}:${line}:${column ?? 1}`);
  return path.length === 0 ? `${place}: ${message}` : `${place}: ${formatPath(path)}: ${message}`;
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
