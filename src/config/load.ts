import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BootlayerError } from '../errors.js';
import { findIncluded, readSource } from './disk-sources.js';
import { emptied, type Fingerprints, fingerprintsOf } from './fingerprint.js';
import type { Problem } from './problem.js';
import { type Environment, joinFiles, type Loaded, readMainFile } from './read.js';

export type { Config } from './schema.js';

export type LoadOptions = {
  /** From the command line; without it the usual places are tried. */
  readonly file?: string;
  readonly env: Environment;
  readonly cwd: string;
  /** What was read of the configuration that counts now: what looks like a mishap beside it is refused. */
  readonly inForce?: ReadFiles;
};

/** Which files were read, and what they held: known also when it is refused. */
export type ReadFiles = {
  readonly file: string;
  /** As it is written. */
  readonly include: readonly string[];
  readonly included: readonly string[];
  /** Of all of them. */
  readonly fingerprints: Fingerprints;
};

export type LoadOutcome = { readonly read: ReadFiles } & (
  | { readonly kind: 'loaded'; readonly loaded: Loaded }
  | { readonly kind: 'refused'; readonly error: BootlayerError }
);

const USUAL_PLACES = ['bootlayer.yaml', '/etc/bootlayer/bootlayer.yaml'];

/** Reads and validates the whole configuration with all it includes. Throws CONFIG_INVALID with all problems at once. */
export async function loadConfig(options: LoadOptions): Promise<Loaded & { readonly read: ReadFiles }> {
  const outcome = await readConfigFiles(options);
  if (outcome.kind === 'refused') throw outcome.error;
  return { ...outcome.loaded, read: outcome.read };
}

/** The same, with what was read. Throws CONFIG_INVALID only when there is nothing to read. */
export async function readConfigFiles({ file, env, cwd, inForce }: LoadOptions): Promise<LoadOutcome> {
  const path = file === undefined ? await findConfigFile(cwd) : resolve(cwd, file);
  if (path === undefined) throw noConfiguration(cwd);
  const source = await readSource(path);
  if (source.kind === 'unreadable') {
    const read = { file: path, include: [], included: [], fingerprints: fingerprintsOf([source]) };
    return { kind: 'refused', read, error: unreadable(path, source.why) };
  }
  const main = readMainFile(source, env);
  const { files, idle, problems } = await findIncluded(path, main.include, inForce);
  const others = await Promise.all(files.map(readSource));
  const fingerprints = fingerprintsOf([source, ...others]);
  const read = { file: path, include: main.include, included: files, fingerprints };
  try {
    const gone = inForce === undefined ? [] : emptied(inForce.fingerprints, fingerprints).map(wasEmptied);
    const { config, warnings } = joinFiles(main, others, [...problems, ...gone]);
    const idleWarnings = idle.map((pattern) => `include "${pattern}" names no file`);
    return { kind: 'loaded', read, loaded: { config, warnings: [...warnings, ...idleWarnings] } };
  } catch (thrown) {
    return { kind: 'refused', read, error: BootlayerError.from(thrown) };
  }
}

/** More likely a file that is just being written than one whose entries are to go. */
function wasEmptied(file: string): Problem {
  return { path: ['include'], message: `${file} is empty now: delete it if its entries are to go` };
}

function unreadable(file: string, why: string): BootlayerError {
  return new BootlayerError('CONFIG_INVALID', `cannot read the configuration ${file} (${why})`, {
    remedy: 'name a file that exists and is readable with -c FILE',
  });
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
