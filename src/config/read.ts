import type { z } from 'zod';
import type { Documents } from '../provision/documents.js';
import { convertConfig, findListenerProblems } from './convert.js';
import { convertDhcp } from './convert-dhcp.js';
import { type ConvertedMapping, convertMapping } from './convert-mapping.js';
import { findReservationProblems } from './dhcp-problems.js';
import { type Source, whyNoText } from './disk-sources.js';
import { type ConfigDocument, parseConfigDocument } from './document.js';
import { applyEnvironment, variableKey } from './environment.js';
import { problemsOfIssue } from './issue-problems.js';
import { type MappingFile, mappingFileSchema, type SoundEntries, soundEntries } from './mapping-schema.js';
import { configError, type Problem } from './problem.js';
import { ProvisionSets } from './provision-sets.js';
import { type ApiToken, type Config, type ConfigFile, configFileSchema, sharedSchema, type TlsPair } from './schema.js';
import { findConflicts, findUnknownMachines } from './unique.js';
import { type WrittenFile, writtenIn } from './written.js';

type SourceText = { readonly file: string; readonly text: string };

export type Environment = Readonly<Record<string, string | undefined>>;

export type Loaded = {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** What `http.tls` names, where somebody wanted it read. */
  readonly tls?: TlsPair;
  /** Those of `api.tokenFile`, the same. */
  readonly tokens?: readonly ApiToken[];
  /** What the files hold that assignments hand out, or fill in, the same. */
  readonly documents?: Documents;
};

/** A file, read but not yet joined with the others. */
type FileRead = {
  readonly file: string;
  readonly entries: SoundEntries;
  readonly written: WrittenFile;
  /** Whether all its machines are among the entries. */
  readonly isWhole: boolean;
  readonly problems: readonly Problem[];
  readonly place: Place;
};

/** The configuration's own file. */
export type MainFile = FileRead & {
  /** What `include` says, as far as it can be read: the included files' problems are to be told at once as well. */
  readonly include: readonly string[];
  readonly warnings: readonly string[];
  readonly input: ConfigFile | undefined;
  readonly shared: z.output<typeof sharedSchema> | undefined;
};

/** Finding the place of each takes a while; a file with more problems has them all for one reason. */
const MAX_PLACED = 1_000;

/** Says where a problem is. */
type Place = (problem: Problem) => Problem;

/** Pure. What is wrong is kept for `joinFiles`. */
export function readMainFile({ file, text }: SourceText, env: Environment): MainFile {
  const parsed = parseConfigDocument(text);
  if (parsed.kind === 'broken') {
    return { ...broken(file, parsed.problems), include: [], warnings: [], input: undefined, shared: undefined };
  }
  const { document } = parsed;
  const { value, variables, warnings } = applyEnvironment(document.value ?? {}, env);
  const place: Place = (problem) => placed(problem, file, document, variables);
  const result = configFileSchema.safeParse(value);
  const include = includedBy(value);
  const shared = sharedSchema.safeParse(value).data;
  const written = writtenIn(file, value, document.lines());
  return { file, place, include, warnings, input: result.data, shared, written, ...judged(result, value, place) };
}

/** All files of a configuration, with what their entries say, as far as these are right by themselves. */
export type GatheredFiles = {
  readonly main: MainFile;
  readonly files: readonly FileRead[];
  readonly mapping: ConvertedMapping;
  readonly provisions: ProvisionSets;
  /** Files that cannot be read. */
  readonly missing: readonly Problem[];
};

/** Pure. What is wrong is kept for `joinFiles`. */
export function gatherFiles(main: MainFile, included: readonly Source[]): GatheredFiles {
  const others = included.flatMap((source) => (source.kind === 'text' ? readIncludedFile(source) : []));
  const missing = included.flatMap((source) => (source.kind === 'text' ? [] : cannotRead(source)));
  const files = [main, ...others];
  const provisions = new ProvisionSets(main.shared?.provisions, main.file);
  return { main, files, mapping: convertMapping(files, { ...main.shared, provisions }), provisions, missing };
}

/**
 * Pure. `found`: what was wrong with finding the others, and with files that one of them names, which is said in the main one where no
 * other is named. Throws CONFIG_INVALID with the problems of all files at once.
 */
export function joinFiles(gathered: GatheredFiles, found: readonly Problem[] = []): Loaded {
  const { main, files, mapping, provisions, missing } = gathered;
  const places = new Map(files.map(({ file, place }) => [file, place]));
  const placeOf = ({ file = main.file }: Problem) => places.get(file) ?? main.place;
  const problems = [
    ...files.flatMap((one) => one.problems),
    ...placedSome([...found, ...missing], (problem) => placeOf(problem)(problem)),
  ];
  const isEachThere = missing.length === 0 && found.every(({ path: [key] }) => key !== 'include');
  const isWhole = isEachThere && files.every((one) => one.isWhole);
  const across = placedSome(problemsAcross(mapping, main, isWhole), (problem) =>
    placeOf(problem)(withOther(problem, places)),
  );
  if (main.input === undefined || problems.length + across.length > 0) {
    throw configError(main.file, [...problems, ...across]);
  }
  const written = { files: files.map((one) => one.written), shared: main.shared ?? {} };
  const config = convertConfig(main.file, main.input, { ...mapping, provisions: provisions.all(), written });
  const idle = config.assignments.length === 0 ? [`${main.file} has no assignments: no machine will be booted`] : [];
  return { config, warnings: [...main.warnings, ...idle] };
}

/** All problems, the first of them with their places. */
function placedSome(problems: readonly Problem[], place: Place): readonly Problem[] {
  return problems.map((problem, position) => (position < MAX_PLACED ? place(problem) : problem));
}

/** Says where the other entry is as well. */
function withOther({ other, ...problem }: Problem, places: ReadonlyMap<string, Place>): Problem {
  const at = other && places.get(other.file)?.({ path: other.path, message: '' });
  return at?.line === undefined ? problem : { ...problem, message: `${problem.message} (${at.file}:${at.line})` };
}

/** What is wrong between entries that are right by themselves. Who is missing may be among those that are not. */
function problemsAcross(mapping: ConvertedMapping, { input, shared }: MainFile, isWhole: boolean): readonly Problem[] {
  return [
    ...findConflicts(mapping),
    ...(isWhole ? findUnknownMachines(mapping) : []),
    ...(shared === undefined ? [] : mapping.problems),
    ...(input === undefined
      ? []
      : [...findListenerProblems(input), ...findReservationProblems(mapping.machines, convertDhcp(input.dhcp))]),
  ];
}

/** A configuration that includes nothing, from a text that is at hand. Pure. */
export function readConfigText(text: string, file: string, env: Environment): Loaded {
  return joinFiles(gatherFiles(readMainFile({ file, text }, env), []));
}

/** Where it is named is in the main file. */
function cannotRead(source: Exclude<Source, { readonly kind: 'text' }>): Problem {
  return { path: ['include'], message: `cannot read ${source.file} (${whyNoText(source)})` };
}

function readIncludedFile({ file, text }: SourceText): FileRead {
  const parsed = parseConfigDocument(text);
  if (parsed.kind === 'broken') return broken(file, parsed.problems);
  const value = parsed.document.value ?? {};
  const place: Place = (problem) => placed(problem, file, parsed.document, new Map());
  const written = writtenIn(file, value, parsed.document.lines());
  return { file, place, written, ...judged(mappingFileSchema.safeParse(value), value, place) };
}

function broken(file: string, problems: readonly Problem[]): FileRead {
  const place: Place = (problem) => ({ ...problem, file });
  const nothing = { entries: soundEntries(undefined), written: writtenIn(file, undefined, new Map()) };
  return { file, ...nothing, isWhole: false, problems: problems.map(place), place };
}

function judged(
  { data, error }: z.ZodSafeParseResult<MappingFile>,
  value: unknown,
  place: Place,
): Pick<FileRead, 'entries' | 'isWhole' | 'problems'> {
  if (error === undefined) {
    const { machines = [], assignments = [] } = data;
    return { entries: { machines, assignments }, isWhole: true, problems: [] };
  }
  const problems = placedSome(error.issues.flatMap(problemsOfIssue), place);
  const isWhole = !error.issues.some(({ path: [key] }) => key === undefined || key === 'machines');
  return { entries: soundEntries(value), isWhole, problems };
}

function includedBy(value: unknown): readonly string[] {
  const include = typeof value === 'object' && value !== null && 'include' in value ? value.include : undefined;
  const list: readonly unknown[] = Array.isArray(include) ? include : [include];
  return list.filter((pattern) => typeof pattern === 'string' && pattern !== '') as readonly string[];
}

/** Says where: the variable that set the value, else the place in the file. */
function placed(
  problem: Problem,
  file: string,
  document: ConfigDocument,
  variables: ReadonlyMap<string, string>,
): Problem {
  const variable = variables.get(variableKey(problem.path));
  if (variable !== undefined) return { ...problem, variable };
  const { atKey, ...told } = problem;
  return {
    ...told,
    file,
    message: withSource(problem, document.sourceOf(problem.path)),
    ...document.placeOf(problem.path, atKey === true),
  };
}

/** `quote it` shows how. */
function withSource({ message }: Problem, source: string | undefined): string {
  return message.endsWith('quote it') && source !== undefined ? `${message}, "${source}"` : message;
}
