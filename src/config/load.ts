import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { BootlayerError, systemErrorCode } from '../errors.js';
import { type Environment, joinFiles, type Loaded, readMainFile, type SourceText } from './read.js';

export type { Loaded } from './read.js';
export type { Config } from './schema.js';

export type LoadOptions = {
  /** From the command line; without it the usual places are tried. */
  readonly file?: string;
  readonly env: Environment;
  readonly cwd: string;
};

const USUAL_PLACES = ['bootlayer.yaml', '/etc/bootlayer/bootlayer.yaml'];
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 1_000;

/** Reads and validates the whole configuration with all it includes. Throws CONFIG_INVALID with all problems at once. */
export async function loadConfig({ file, env, cwd }: LoadOptions): Promise<Loaded> {
  const path = file === undefined ? await findConfigFile(cwd) : resolve(cwd, file);
  if (path === undefined) throw noConfiguration(cwd);
  const text = await readText(path, 'name a file that exists and is readable with -c FILE');
  const main = readMainFile({ file: path, text }, env);
  const files = await findIncluded(path, main.include);
  const { config, warnings } = joinFiles(main, await Promise.all(files.map(readIncluded)));
  const idle = await findIdlePatterns(path, main.include);
  return { config, warnings: [...warnings, ...idle.map((pattern) => `include "${pattern}" names no file`)] };
}

/**
 * The files that the patterns name, absolute, each once and in the order of their names. Patterns are relative to the
 * configuration's folder; hidden files and folders (a ConfigMap's `..data`) are passed over. Throws CONFIG_INVALID.
 */
export async function findIncluded(configFile: string, patterns: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) for (const name of await namesOf(configFile, pattern)) found.add(resolve(name));
  found.delete(configFile);
  if (found.size <= MAX_FILES) return [...found].sort();
  throw new BootlayerError('CONFIG_INVALID', `${configFile}: include names ${found.size} files`, {
    remedy: `name at most ${MAX_FILES}, or put more entries into each`,
  });
}

async function namesOf(configFile: string, pattern: string): Promise<readonly string[]> {
  const folder = dirname(configFile);
  if (!isDynamicPattern(pattern)) return [resolve(folder, pattern)];
  return glob(pattern, { cwd: folder, absolute: true, expandDirectories: false });
}

async function findIdlePatterns(configFile: string, patterns: readonly string[]): Promise<readonly string[]> {
  const names = await Promise.all(patterns.map((pattern) => namesOf(configFile, pattern)));
  return patterns.filter((_pattern, position) => names[position]?.length === 0);
}

async function readIncluded(file: string): Promise<SourceText> {
  return { file, text: await readText(file, 'mend "include", or put the file there') };
}

function noConfiguration(cwd: string): BootlayerError {
  const places = usualPlaces(cwd).join(' and ');
  return new BootlayerError('CONFIG_INVALID', `there is no configuration (looked for ${places})`, {
    remedy: 'write one, or name it with -c FILE',
  });
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

async function readText(file: string, remedy: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = systemErrorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new BootlayerError('CONFIG_INVALID', `cannot read the configuration ${file} (${why})`, { remedy, cause });
  }
}
