import type { z } from 'zod';
import { convertConfig, type FileEntries } from './convert.js';
import type { Source } from './disk-sources.js';
import { type ConfigDocument, parseConfigDocument } from './document.js';
import { applyEnvironment } from './environment.js';
import { mappingFileSchema } from './mapping-schema.js';
import { configError, formatPath, type Problem } from './problem.js';
import { type Config, type ConfigFile, configFileSchema } from './schema.js';

type SourceText = { readonly file: string; readonly text: string };

export type Environment = Readonly<Record<string, string | undefined>>;

export type Loaded = { readonly config: Config; readonly warnings: readonly string[] };

/** The configuration's own file, read but not yet joined with those it includes. */
export type MainFile = {
  readonly file: string;
  /** What `include` says, as far as it can be read: the included files' problems are to be told at once as well. */
  readonly include: readonly string[];
  readonly warnings: readonly string[];
  readonly input: ConfigFile | undefined;
  readonly problems: readonly Problem[];
  readonly place: Place;
};

/** Says where a problem is. */
type Place = (problem: Problem) => Problem;

/** Pure. What is wrong is kept for `joinFiles`. */
export function readMainFile({ file, text }: SourceText, env: Environment): MainFile {
  const parsed = parseConfigDocument(text);
  if (parsed.kind === 'broken') return { ...broken(file, parsed.problems), file, include: [], warnings: [] };
  const { document } = parsed;
  const { value, variables, warnings } = applyEnvironment(document.value ?? {}, env);
  const place: Place = (problem) => placed(problem, file, document, variables);
  return { file, include: includedBy(value), warnings, place, ...checked(configFileSchema, value, place) };
}

/** Pure. `found`: what was wrong with finding the others. Throws CONFIG_INVALID with the problems of all files at once. */
export function joinFiles(main: MainFile, included: readonly Source[], found: readonly Problem[] = []): Loaded {
  const others = included.flatMap((source) => (source.kind === 'text' ? readIncludedFile(source) : []));
  const missing = included.flatMap((source) => (source.kind === 'text' ? [] : cannotRead(source)));
  const all = [main, ...others];
  const problems = [...all.flatMap((one) => one.problems), ...[...found, ...missing].map(main.place)];
  if (main.input === undefined || problems.length > 0) throw configError(main.file, problems);
  const entries = all.map(({ file, input }): FileEntries => ({ file, ...input }));
  const converted = convertConfig(main.input, entries);
  if (converted.problems.length > 0) {
    const places = new Map(all.map(({ file, place }) => [file, place]));
    const withPlaces = converted.problems.map((problem) => places.get(problem.file ?? main.file)?.(problem) ?? problem);
    throw configError(main.file, withPlaces);
  }
  return { config: converted.config, warnings: [...main.warnings, ...converted.warnings] };
}

/** A configuration that includes nothing, from a text that is at hand. Pure. */
export function readConfigText(text: string, file: string, env: Environment): Loaded {
  return joinFiles(readMainFile({ file, text }, env), []);
}

/** Where it is named is in the main file. */
function cannotRead({ file, why }: Source & { readonly kind: 'unreadable' }): Problem {
  return { path: ['include'], message: `cannot read ${file} (${why})` };
}

function readIncludedFile({ file, text }: SourceText) {
  const parsed = parseConfigDocument(text);
  if (parsed.kind === 'broken') return { file, ...broken(file, parsed.problems) };
  const place: Place = (problem) => placed(problem, file, parsed.document, new Map());
  return { file, place, ...checked(mappingFileSchema, parsed.document.value ?? {}, place) };
}

function broken(file: string, problems: readonly Problem[]) {
  const place: Place = (problem) => ({ ...problem, file });
  return { input: undefined, problems: problems.map(place), place };
}

function checked<T extends z.ZodType>(schema: T, value: unknown, place: Place) {
  const result = schema.safeParse(value);
  if (result.success) return { input: result.data, problems: [] };
  return { input: undefined, problems: result.error.issues.flatMap(problemsOf).map(place) };
}

function includedBy(value: unknown): readonly string[] {
  const include = typeof value === 'object' && value !== null && 'include' in value ? value.include : undefined;
  const list: readonly unknown[] = Array.isArray(include) ? include : [include];
  return list.filter((pattern) => typeof pattern === 'string' && pattern !== '') as readonly string[];
}

/** One problem for each unknown key of a mapping, else one for each issue. */
function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const messages = issue.message.split('\n');
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, message }));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: messages.join('; ') }];
  return issue.keys.map((key, position) => ({ path: [...path, key], message: messages[position] ?? issue.message }));
}

/** Says where: the variable that set the value, else the place in the file. */
function placed(
  problem: Problem,
  file: string,
  document: ConfigDocument,
  variables: ReadonlyMap<string, string>,
): Problem {
  const variable = variables.get(formatPath(problem.path));
  if (variable !== undefined) return { ...problem, variable };
  return {
    ...problem,
    file,
    message: withSource(problem, document.sourceOf(problem.path)),
    ...document.placeOf(problem.path),
  };
}

/** `quote it` shows how. */
function withSource({ message }: Problem, source: string | undefined): string {
  return message.endsWith('quote it') && source !== undefined ? `${message}, "${source}"` : message;
}
