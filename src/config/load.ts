import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { convertConfig } from './convert.js';
import { type ConfigDocument, parseConfigDocument } from './document.js';
import { applyEnvironment } from './environment.js';
import { configError, formatPath, type Problem } from './problem.js';
import { type Config, configFileSchema } from './schema.js';

export type { Config } from './schema.js';

export type LoadOptions = {
  /** From the command line; without it the usual places are tried. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
};

export type Loaded = { readonly config: Config; readonly warnings: readonly string[] };

const USUAL_PLACES = ['bootlayer.yaml', '/etc/bootlayer/bootlayer.yaml'];
const MAX_BYTES = 16 * 1024 * 1024;

/** Reads and validates the whole configuration. Throws CONFIG_INVALID with all problems at once. */
export async function loadConfig({ file, env, cwd }: LoadOptions): Promise<Loaded> {
  const path = file === undefined ? await findConfigFile(cwd) : resolve(cwd, file);
  if (path !== undefined) return readConfigText(await readText(path), path, env);
  throw new BootlayerError(
    'CONFIG_INVALID',
    `there is no configuration (looked for ${usualPlaces(cwd).join(' and ')})`,
    {
      remedy: 'write one, or name it with -c FILE',
    },
  );
}

/** The same for a text that is at hand. Pure. */
export function readConfigText(text: string, file: string, env: LoadOptions['env']): Loaded {
  const parsed = parseConfigDocument(text);
  if (parsed.kind === 'broken') throw configError(file, parsed.problems);
  const { document } = parsed;
  const { value, variables, warnings } = applyEnvironment(document.value ?? {}, env);
  const place = (problem: Problem): Problem => placed(problem, document, variables);
  const checked = configFileSchema.safeParse(value);
  if (!checked.success) throw configError(file, checked.error.issues.flatMap(problemsOf).map(place));
  const converted = convertConfig(checked.data, file);
  if (converted.problems.length > 0) throw configError(file, converted.problems.map(place));
  return { config: converted.config, warnings: [...warnings, ...converted.warnings] };
}

/** The file in the first of the usual places that has one. */
export async function findConfigFile(cwd: string): Promise<string | undefined> {
  for (const place of usualPlaces(cwd)) {
    if (await stat(place).catch(() => undefined)) return place;
  }
  return undefined;
}

function usualPlaces(cwd: string): readonly string[] {
  return USUAL_PLACES.map((place) => resolve(cwd, place));
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = systemErrorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new BootlayerError('CONFIG_INVALID', `cannot read the configuration ${file} (${why})`, {
      remedy: 'name a file that exists and is readable with -c FILE',
      cause,
    });
  }
}

/** One problem for each unknown key of a mapping, else one for each issue. */
function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const messages = issue.message.split('\n');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: messages.join('; ') }];
  return issue.keys.map((key, position) => ({ path: [...path, key], message: messages[position] ?? issue.message }));
}

/** Says where: the variable that set the value, else the place in the file. */
function placed(problem: Problem, document: ConfigDocument, variables: ReadonlyMap<string, string>): Problem {
  const variable = variables.get(formatPath(problem.path));
  if (variable !== undefined) return { ...problem, variable };
  return {
    ...problem,
    message: withSource(problem, document.sourceOf(problem.path)),
    ...document.placeOf(problem.path),
  };
}

/** `quote it` shows how. */
function withSource({ message }: Problem, source: string | undefined): string {
  return message.endsWith('quote it') && source !== undefined ? `${message}, "${source}"` : message;
}
